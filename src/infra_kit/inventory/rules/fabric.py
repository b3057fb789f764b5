"""What all switches share: management route, QoS shares, accounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_PRIORITIES = range(8)
_PERCENT = 100
_LARGEST_PATHS = 64


@rule("IK1801")
def management_gateway_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The switches have no management route: no network is named for it, or it has no gateway, or is not out of band."""
    name = site.fabric.management_gateway_network
    if name is None:
        yield Problem(
            site.fabric, "", "the switches have no management route", "write `management_gateway_network:` with the out-of-band network"
        )
        return
    network = site.network_by_name.get(name)
    if network and network.gateway is None:
        message = f"the switches' management route goes by network {name}, which has no gateway"
        yield Problem(site.fabric, "management_gateway_network", message, f"add `gateway:` to network {name}")
    if network and network.purpose != "out-of-band":
        message = f"the switches' management route goes by network {name}, whose purpose is {network.purpose}"
        yield Problem(site.fabric, "management_gateway_network", message, "name an out-of-band network")


@rule("IK1802")
def qos_impossible(site: Site, _index: Index) -> Iterator[Problem]:
    """A QoS priority is not 0 to 7, or the shares of the queues do not fit in 100 %."""
    qos = site.fabric.qos
    if qos is None:
        return
    if qos.lossless_priority not in _PRIORITIES:
        yield Problem(
            qos, "lossless_priority", f"802.1p priority {qos.lossless_priority} is not 0 to 7", "choose one of 0 to 7; 3 is usual"
        )
    shares = (qos.lossless_bandwidth_percent, qos.control_bandwidth_percent)
    if min(shares) < 1 or sum(shares) >= _PERCENT:
        message = f"{shares[0]} % lossless and {shares[1]} % control leave {_PERCENT - sum(shares)} % for everything else"
        yield Problem(qos, "lossless_bandwidth_percent", message, "give each at least 1 % and leave some for the rest")


@rule("IK1803")
def no_local_administrator(site: Site, _index: Index) -> Iterator[Problem]:
    """The login that infra-kit uses on a switch is not among its local accounts, so applying them would lock it out."""
    accounts = {user.name: user for user in site.fabric.users}
    if not accounts:
        return
    seen: set[str] = set()
    for switch in site.switches:
        credential = site.credential_by_name.get(switch.management.credential)
        if credential is None or credential.name in seen or site.fabric.tacacs:
            continue
        seen.add(credential.name)
        user = accounts.get(credential.user)
        if user is None or user.role != "sysadmin":
            has = f"has role {user.role}" if user else "is not among `fabric.users`"
            message = f"infra-kit logs in to {switch.name} as {credential.user}, which {has}"
            yield Problem(switch.management, "credential", message, "add the account with role sysadmin")


@rule("IK1804")
def number_out_of_range(site: Site, _index: Index) -> Iterator[Problem]:
    """A number of the fabric's settings is out of range."""
    fabric = site.fabric
    ranges = {"bgp_maximum_paths": (1, _LARGEST_PATHS), "vlt_delay_restore_s": (1, 1200), "ssh_max_auth_tries": (1, 10)}
    for field, (least, most) in ranges.items():
        value = getattr(fabric, field)
        if not least <= value <= most:
            yield Problem(fabric, field, f"`{field}` is {value}", f"the switch takes {least} to {most}")
    for receiver in fabric.snmp.trap_receivers if fabric.snmp else []:
        if not 1 <= receiver.port <= 65535:  # noqa: PLR2004  the last UDP port
            yield Problem(receiver, "port", f"UDP port {receiver.port} of trap receiver {receiver.host} does not exist", "162 is usual")


@rule("IK1805")
def no_leaf(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no leaf switch."""
    if not any(switch.role == "leaf" for switch in site.switches):
        yield Problem(site, "switches", "the site has no leaf switch", "add a pair of leaves")


@rule("IK1806", "warning")
def one_spine(site: Site, _index: Index) -> Iterator[Problem]:
    """Two leaf pairs or more hang on a single spine, or on none."""
    spines = [switch for switch in site.switches if switch.role == "spine"]
    leaves = [switch for switch in site.switches if switch.role == "leaf"]
    if len(leaves) > 2 and len(spines) < 2:  # noqa: PLR2004  more than one pair; two spines
        yield Problem(site, "switches", f"{len(leaves)} leaves hang on {len(spines)} spine(s)", "two spines survive the loss of one")


@rule("IK1807")
def banner_breaks_configuration(site: Site, _index: Index) -> Iterator[Problem]:
    """The banner contains the character that ends it on the switch."""
    if "#" in site.fabric.banner:
        yield Problem(site.fabric, "banner", "the banner contains `#`, which ends it on the switch", "remove the character")
