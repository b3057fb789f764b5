"""What answers on Redfish, as inventory: only what the BMCs said, and for everything else why it is unknown."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import Endpoint
from infra_kit.inventory.errors import InfraKitError, UsageError
from infra_kit.inventory.secrets import SecretStore
from infra_kit.layers.bmc.reader import ATTEMPTS, BmcReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site

AT_ONCE = 32
LARGEST = 22
"""Shortest prefix that is scanned: beyond 1024 addresses a typing error is likelier than a plan."""
_SYSTEM = "/redfish/v1/Systems/System.Embedded.1"
_OWN_PORTS = "/redfish/v1/Managers/iDRAC.Embedded.1/EthernetInterfaces"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A BMC to ask.

    Args:
        name: what it is called in the result; empty takes the service tag that it tells.
        address: its address in the result.
        endpoint: how it is reached, asked for only when its turn comes.
        attempts: how often it is asked; an address where perhaps nothing is, only once.
    """

    name: str
    address: str
    endpoint: Callable[[], Endpoint]
    attempts: int


@dataclass(slots=True)
class Discovery:
    """The servers found, as the inventory writes them, and the BMCs that are unknown, with the reason."""

    servers: list[dict[str, Any]] = field(default_factory=list)
    unknown: list[dict[str, str]] = field(default_factory=list)

    def yaml(self) -> str:
        """As YAML for a site's files."""
        from io import StringIO

        from ruamel.yaml import YAML

        writer = YAML()
        writer.indent(mapping=2, sequence=4, offset=2)
        writer.width = 140
        text = StringIO()
        writer.dump({"servers": self.servers, "unknown": self.unknown}, text)
        return text.getvalue()


def site_candidates(site: Site, access: Access) -> list[Candidate]:
    """The BMCs of a site's servers, reached as the site is."""

    def asked(name: str) -> Callable[[], Endpoint]:
        return lambda: access.endpoint(name, "redfish")

    return [Candidate(server.name, str(server.bmc.address), asked(server.name), ATTEMPTS) for server in site.servers]


def network_candidates(network: str, *, user: str, password_reference: str, ca: Path | None) -> list[Candidate]:
    """Every address of a network.

    Args:
        network: CIDR, such as 10.0.0.0/24.
        user: whom to log in as.
        password_reference: where the password is.
        ca: PEM file of the authorities that signed the BMCs' certificates; None for the system's own store.

    Raises:
        UsageError: it is not a network, or too large a one.
        SecretError: the password reference leads nowhere; no BMC has been asked.
    """
    try:
        addresses = IPv4Network(network)
    except ValueError as error:
        raise UsageError(
            f"{network} is neither a site nor an IPv4 network: {error}", remedy="name a site's folder, or a CIDR such as 10.0.0.0/24"
        ) from error
    if addresses.prefixlen < LARGEST:
        raise UsageError(f"{network} has {addresses.num_addresses} addresses", remedy=f"scan it in parts of /{LARGEST} at most")
    secrets = SecretStore()
    secrets.resolve(password_reference)

    def asked(address: str) -> Callable[[], Endpoint]:
        return lambda: Endpoint(address, "redfish", address, 443, user, password_reference, ca=ca, secrets=secrets)

    return [Candidate("", str(address), asked(str(address)), 1) for address in addresses.hosts()]


def discover(candidates: Iterable[Candidate], *, at_once: int = AT_ONCE) -> Discovery:
    """Ask every candidate, some at once; the result is in the order of the candidates.

    Args:
        candidates: the BMCs.
        at_once: how many are asked at once.
    """
    found = Discovery()
    with ThreadPoolExecutor(max_workers=at_once) as pool:
        for candidate, answer in _answers(pool, candidates):
            if isinstance(answer, InfraKitError):
                row = {"name": candidate.name} if candidate.name else {}
                found.unknown.append({**row, "address": candidate.address, "reason": answer.what})
            else:
                found.servers.append(answer)
    return found


def _answers(pool: ThreadPoolExecutor, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, dict[str, Any] | InfraKitError]]:
    asked = [(candidate, pool.submit(_ask, candidate)) for candidate in candidates]
    for candidate, answer in asked:
        yield candidate, answer.result()


def _ask(candidate: Candidate) -> dict[str, Any] | InfraKitError:
    try:
        reader = BmcReader.open(candidate.endpoint(), attempts=candidate.attempts)
        try:
            return _described(candidate, reader)
        finally:
            reader.close()
    except InfraKitError as error:
        return error


def _described(candidate: Candidate, reader: BmcReader) -> dict[str, Any]:
    server = reader.server()
    bmc: dict[str, Any] = {"address": candidate.address}
    macs = [str(port["MACAddress"]).lower() for port in reader.members(_OWN_PORTS) if port.get("MACAddress")]
    if macs:
        bmc["mac"] = macs[0]
    described: dict[str, Any] = {
        "name": candidate.name or server.service_tag.lower(),
        "model": server.model.removeprefix("PowerEdge "),
        "service_tag": server.service_tag,
        "bmc": bmc,
        "nics": [nic for port in reader.members(f"{_SYSTEM}/EthernetInterfaces") if (nic := _nic(port))],
    }
    _describe_processors(described, reader)
    _describe_memory(described, reader)
    return described


def _nic(port: dict[str, Any]) -> dict[str, Any]:
    """A port with a MAC address; speed only where the link says one."""
    mac = port.get("PermanentMACAddress") or port.get("MACAddress")
    if not mac:
        return {}
    nic: dict[str, Any] = {"name": str(port.get("Id", "")), "mac": str(mac).lower()}
    if isinstance(port.get("SpeedMbps"), int) and port["SpeedMbps"] > 0:
        nic["speed_gbps"] = port["SpeedMbps"] // 1000
    return nic


def _describe_processors(described: dict[str, Any], reader: BmcReader) -> None:
    processors = [member for member in reader.members(f"{_SYSTEM}/Processors") if member.get("Model")]
    sockets = [member for member in processors if member.get("ProcessorType") == "CPU"]
    gpus = [member for member in processors if member.get("ProcessorType") == "GPU"]
    if sockets:
        described["processors"] = {"model": sockets[0]["Model"], "count": len(sockets)}
        if isinstance(sockets[0].get("TotalCores"), int):
            described["processors"]["cores"] = sockets[0]["TotalCores"]
    if gpus:
        described["gpus"] = {"model": gpus[0]["Model"], "count": len(gpus)}


def _describe_memory(described: dict[str, Any], reader: BmcReader) -> None:
    modules = [
        member["CapacityMiB"] // 1024 for member in reader.members(f"{_SYSTEM}/Memory") if isinstance(member.get("CapacityMiB"), int)
    ]
    if modules:
        described["memory"] = {"dimms": len(modules), "dimm_gib": modules[0]} if len(set(modules)) == 1 else {"total_gib": sum(modules)}
