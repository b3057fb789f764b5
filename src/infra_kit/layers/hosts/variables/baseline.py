"""Variables of the role baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import InventoryError
from infra_kit.inventory.hosts import management_address

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts

_SUITES = {"12": "bookworm", "13": "trixie"}
"""Debian's code names, by release (wiki.debian.org/DebianReleases)."""
_SYSCTLS = {
    # What cloudera.exe's prereq_kernel sets: the data cluster speaks IPv4 alone.
    "net.ipv6.conf.all.disable_ipv6": "1",
    "net.ipv6.conf.default.disable_ipv6": "1",
    "net.core.somaxconn": "4096",
}
_KERNEL_SYSCTLS = {"vm.swappiness": "1", "vm.overcommit_memory": "1"}
"""The same source. The kubelet asks for vm.overcommit_memory=1 too."""


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host.

    Raises:
        InventoryError: the operating system's release is one whose repositories are not known.
    """
    site = facts.site
    return {
        "baseline_family": facts.family,
        "baseline_release": facts.release,
        "baseline_repositories": _debian(facts) if facts.family == "debian" else _rhel(facts),
        "baseline_packages": facts.os.packages,
        "baseline_timezone": site.site.timezone,
        "baseline_hostname": facts.name,
        "baseline_domain": site.site.domain,
        "baseline_hosts": [
            {"address": str(managed.address), "names": [f"{server.name}.{site.site.domain}", server.name]}
            for server in site.servers
            if (managed := management_address(server)) is not None
        ],
        "baseline_nameservers": [str(server) for server in site.services.dns_servers],
        "baseline_search": list(site.services.dns_search),
        "baseline_sysctls": _SYSCTLS,
        "baseline_kernel_sysctls": _KERNEL_SYSCTLS,
    }


def _debian(facts: HostFacts) -> list[dict[str, Any]]:
    suite = _SUITES.get(facts.release.partition(".")[0])
    if suite is None:
        raise InventoryError(
            f"Debian {facts.release} is not known",
            where="operating_system.release",
            remedy=f"one of {', '.join(_SUITES)}",
        )
    # A lab's mirror is signed by a key that no host knows before it has been there.
    return [{"name": "mirror", "url": facts.packages, "suites": suite, "components": "main", "trusted": facts.stand_in is not None}]


def _rhel(facts: HostFacts) -> list[dict[str, Any]]:
    names = {"baseos": "BaseOS", "appstream": "AppStream", "epel": "EPEL"}  # EPEL has the exporter; a mirror may do without
    return [{"name": name, "url": f"{facts.packages}/{folder}", "optional": name == "epel"} for name, folder in names.items()]
