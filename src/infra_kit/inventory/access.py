"""How a site's devices are reached: their own addresses, or an endpoints overlay that maps them elsewhere."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError

from infra_kit.inventory.errors import AccessError, NoEndpointError, NoSecretError, SecretError, StateError
from infra_kit.inventory.hosts import management_address
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.secrets import SecretStore

if TYPE_CHECKING:
    from ipaddress import IPv4Address

    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site

Protocol = Literal["redfish", "ssh", "papi", "kubernetes", "cloudera-manager", "http"]

DEFAULT_PORTS: dict[str, int] = {"redfish": 443, "ssh": 22, "papi": 8080, "kubernetes": 6443, "cloudera-manager": 7183, "http": 443}


class OverlayEntry(Noun):
    """Where one protocol of one device is really reached. Files are relative to the overlay."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)]
    ca: str | None = None
    known_hosts: str | None = None
    user: str | None = None
    password: str | None = None
    """A secret reference."""


class StandIn(Noun):
    """What the stand-ins of the hosts are, where the inventory says otherwise of the real ones."""

    family: Literal["rhel", "debian"]
    release: str
    packages: str
    """URL of the package mirror that they reach."""
    registry: str
    """HOST:PORT of the image registry that they reach, by plain HTTP."""


class Overlay(Noun):
    """An endpoints overlay file."""

    devices: dict[str, dict[Protocol, OverlayEntry]]
    hosts: StandIn | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One protocol of one device: where, trusted by what, as whom. The password resolves when it is asked for."""

    device: str
    protocol: str
    host: str
    port: int
    user: str
    password_reference: str
    ca: Path | None = None
    known_hosts: Path | None = None
    secrets: SecretStore = field(default_factory=SecretStore, repr=False, compare=False)
    credential: str = field(default="", compare=False)
    """The inventory's credential that the reference is of; empty where it is not of the inventory."""

    def password(self) -> SecretStr:
        """Resolve the password reference now.

        Raises:
            NoSecretError: the reference leads nowhere.
        """
        try:
            return self.secrets.resolve(self.password_reference)
        except SecretError as error:
            of = f" of credential {self.credential}" if self.credential else ""
            raise NoSecretError(self.device, f"{error.where}{of}: {error.what}", remedy=error.remedy) from error


class Access:
    """Answers where a device of the site is reached in this run.

    Args:
        site: the site.
        overlay: an endpoints overlay file, or None for the devices' own addresses.

    Raises:
        AccessError: the site is `access: lab` and there is no overlay, or the overlay cannot be read.
    """

    def __init__(self, site: Site, overlay: Path | None) -> None:
        """Read the overlay."""
        if overlay is None and site.site.access == "lab":
            raise AccessError(
                f"site {site.site.name} is `access: lab` and no lab is running for it: no device is contacted",
                remedy=f"start it with `infra-kit lab up {site.folder}`, or give `--endpoints FILE`",
            )
        self._site = site
        self.overlay_file = overlay
        self._kind: Literal["lab", "live"] = "lab" if overlay is not None and _is_of_own_lab(overlay, site.folder) else "live"
        self._overlay = _read_overlay(overlay) if overlay else None
        self._overlay_folder = overlay.resolve().parent if overlay else None
        self.secrets = SecretStore(site.folder)
        self._overlay_secrets = SecretStore(self._overlay_folder) if self._overlay_folder else None

    @property
    def kind(self) -> Literal["lab", "live"]:
        """What the first line of every run says: `lab` for the site's own running lab alone.

        Any other overlay may lead to real devices.
        """
        return self._kind

    @property
    def left_out(self) -> frozenset[str]:
        """The parts of the site, such as `kubernetes`, that its own running lab was told to leave out; of any other site: none."""
        if self.kind != "lab":
            return frozenset()
        try:
            record = json.loads((self._site.folder / LAB_FOLDER / "lab.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return frozenset()
        # A lab has stand-ins of the hosts only where it is asked for them.
        return frozenset(record.get("without", ())) | (frozenset() if self.stand_in is not None else {"hosts"})

    @property
    def stand_in(self) -> StandIn | None:
        """What the hosts really are; None: what the inventory says."""
        return self._overlay.hosts if self._overlay is not None else None

    def mask(self, text: str) -> str:
        """`text` with every secret resolved so far, the inventory's and the overlay's, replaced by its reference."""
        text = self.secrets.mask(text)
        return self._overlay_secrets.mask(text) if self._overlay_secrets else text

    def endpoint(self, device: str, protocol: str) -> Endpoint:
        """Where `protocol` of `device` is reached.

        Raises:
            NoEndpointError: the overlay does not name the device.
            AccessError: the inventory does not know it.
        """
        own = self._own(device, protocol)
        if self._overlay is None or self._overlay_folder is None or self._overlay_secrets is None:
            return own
        entry: OverlayEntry | None = self._overlay.devices.get(device, {}).get(protocol)  # type: ignore[call-overload]
        if entry is None:
            # Never fall back to the device's own address: a lab run must not reach a real device.
            raise NoEndpointError(device, f"the endpoints overlay has no {protocol} entry", remedy=self._remedy_for_no_entry())
        return Endpoint(
            device=device,
            protocol=protocol,
            host=entry.host,
            port=entry.port,
            user=entry.user or own.user,
            password_reference=entry.password or own.password_reference,
            ca=self._overlay_folder / entry.ca if entry.ca else own.ca,
            known_hosts=self._overlay_folder / entry.known_hosts if entry.known_hosts else own.known_hosts,
            secrets=self._overlay_secrets if entry.password else self.secrets,
            credential="" if entry.password else own.credential,
        )

    def _authority(self, device: str) -> Path | None:
        """Who signed the device's certificate: a cluster that infra-kit made has an authority of its own."""
        own = self._site.folder / CLUSTER_AUTHORITY
        if device == KUBERNETES and own.is_file():
            return own
        return self._site.folder / self._site.trust.ca_bundle if self._site.trust.ca_bundle else None

    def _own_of_server(self, server: Server, protocol: str) -> tuple[IPv4Address, str]:
        """Its BMC, or by SSH its operating system."""
        if protocol != "ssh":
            return server.bmc.address, server.bmc.credential
        managed = management_address(server)
        if managed is None:
            raise AccessError("the host has no address that it could be reached at", where=server.name, remedy="give a bond an address")
        return managed.address, self._site.operating_system.ssh_credential

    def _kubernetes_credential(self) -> str:
        credential = self._site.kubernetes.credential if self._site.kubernetes else None
        if credential is None:
            raise NoSecretError(
                KUBERNETES,
                "the inventory does not say as whom infra-kit talks to it",
                remedy="name a credential whose password is a bearer token: `kubernetes: {credential: NAME}`",
            )
        return credential

    def _remedy_for_no_entry(self) -> str:
        if self.kind == "lab":
            return f"bring the lab to the inventory with `infra-kit lab up {self._site.folder}`"
        return f"add the device to {self.overlay_file}"

    def _own(self, device: str, protocol: str) -> Endpoint:
        site = self._site
        if device in site.server_by_name:
            address, credential = self._own_of_server(site.server_by_name[device], protocol)
        elif device in site.switch_by_name:
            management = site.switch_by_name[device].management
            address, credential = management.address, management.credential
        elif site.storage and site.storage.name == device:
            address, credential = site.storage.management.address, site.storage.management.credential
        elif site.kubernetes and device == KUBERNETES:
            address, credential = site.kubernetes.api_address, self._kubernetes_credential()
        else:
            raise AccessError("no such device in the inventory", where=device)
        login = site.credential_by_name[credential]
        trust = site.trust
        return Endpoint(
            device=device,
            protocol=protocol,
            host=str(address),
            port=DEFAULT_PORTS[protocol],
            user=login.user,
            password_reference=login.password,
            ca=self._authority(device),
            known_hosts=site.folder / trust.known_hosts if trust.known_hosts else None,
            secrets=self.secrets,
            credential=credential,
        )


KUBERNETES = "kubernetes"
"""What the site's one Kubernetes cluster is called where devices are named: in an overlay, in messages."""

CLUSTER_AUTHORITY = Path(".infra-kit") / "kubernetes" / "ca.pem"
"""The certificate of the authority of a cluster that infra-kit made, relative to the site's folder; fetched where it is missing."""

LAB_FOLDER = Path(".infra-kit") / "lab"
"""Where a site's running lab keeps its endpoints.yaml and lab.json, relative to the site's folder."""


def lab_overlay(site_folder: Path) -> Path | None:
    """The endpoints overlay of the site's lab, if that lab is running.

    It is where its process, named in lab.json, is alive and its lock is held: a pid alone may be another's by now.
    """
    folder = site_folder / LAB_FOLDER
    try:
        lab = json.loads((folder / "lab.json").read_text(encoding="utf-8"))
        os.kill(int(lab["pid"]), 0)
    except PermissionError:
        pass  # alive, another user's
    except (OSError, OverflowError, ValueError, KeyError, TypeError):
        return None
    overlay = folder / "endpoints.yaml"
    return overlay if is_locked(folder / "lab.lock") and overlay.is_file() else None


def is_locked(file: Path) -> bool:
    """Whether a running lab holds its lock; who asks does not keep others from asking."""
    try:
        with file.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except PermissionError:
        return True  # another user's: its process decides
    except OSError:
        return False
    return False


def _is_of_own_lab(overlay: Path, site_folder: Path) -> bool:
    own = lab_overlay(site_folder)
    return own is not None and own.resolve() == overlay.resolve()


def open_access(site: Site, endpoints: Path | None = None) -> Access:
    """How a command reaches the site's devices: `--endpoints FILE`, the running lab of an `access: lab` site, or their own addresses.

    Args:
        site: the site. A lab that runs for a live site is not used unless asked for by `endpoints`.
        endpoints: an endpoints overlay given on the command line.

    Raises:
        AccessError: the site is `access: lab` and no lab is running for it.
    """
    if endpoints is None and site.site.access == "lab":
        endpoints = lab_overlay(site.folder)
    return Access(site, endpoints)


def _read_overlay(path: Path) -> Overlay:
    import yaml

    try:
        document: Any = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        return Overlay.model_validate(document)
    except OSError as error:
        raise StateError(f"the endpoints overlay cannot be read: {error.strerror}", where=str(path)) from error
    except (yaml.YAMLError, ValidationError) as error:
        raise AccessError(f"the endpoints overlay is not valid: {error}", where=str(path)) from error
