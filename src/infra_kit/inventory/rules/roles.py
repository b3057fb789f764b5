"""Which servers the reference configurations ask for, and where they stand."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem, an
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_MASTERS = 3
_LEAST_WORKERS = 3
_WORKER_MODELS = {1: "R6515", 2: "R7515"}
_GPU_MODEL = "R7525"
_INFRASTRUCTURE_MODEL = "R6515"


def _with_role(site: Site, role: str) -> list[Server]:
    return [server for server in site.servers if server.role == role]


@rule("IK3001")
def masters_not_three(site: Site, _index: Index) -> Iterator[Problem]:
    """The site does not have exactly three masters."""
    masters = _with_role(site, "master")
    if len(masters) != _MASTERS:
        names = ", ".join(server.name for server in masters) or "none"
        message = f"the site has {len(masters)} masters ({names}); high availability takes {_MASTERS}"
        yield Problem(
            masters[-1] if len(masters) > _MASTERS else site, "role" if len(masters) > _MASTERS else "servers", message, "have three"
        )


@rule("IK3002")
def utility_not_one(site: Site, _index: Index) -> Iterator[Problem]:
    """The site does not have exactly one utility server."""
    utilities = _with_role(site, "utility")
    if len(utilities) != 1:
        names = ", ".join(server.name for server in utilities) or "none"
        message = f"the site has {len(utilities)} utility servers ({names}); the cluster's manager runs on exactly one"
        yield Problem(utilities[-1] if utilities else site, "role" if utilities else "servers", message, "have one")


@rule("IK3003")
def edge_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no edge server."""
    if not _with_role(site, "edge"):
        yield Problem(site, "servers", "the site has no edge server: users have no gateway into the cluster", "add one with `role: edge`")


@rule("IK3004")
def too_few_workers(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has fewer than three workers."""
    workers = _with_role(site, "worker")
    if len(workers) < _LEAST_WORKERS:
        names = ", ".join(server.name for server in workers) or "none"
        yield Problem(
            site, "servers", f"the site has {len(workers)} workers ({names})", f"the reference architecture starts at {_LEAST_WORKERS}"
        )


@rule("IK3005", "warning")
def masters_in_one_rack(site: Site, _index: Index) -> Iterator[Problem]:
    """A rack holds more masters than the cluster can lose, though others are free."""
    racks = Counter(server.rack for server in _with_role(site, "master"))
    populated = {server.rack for server in site.servers}
    for rack, count in racks.items():
        if count * 2 > sum(racks.values()) and sum(racks.values()) == _MASTERS and len(populated) > 1:
            last = [server for server in _with_role(site, "master") if server.rack == rack][-1]
            message = f"{count} of {_MASTERS} masters stand in rack {rack}: losing it loses the quorum"
            yield Problem(last, "rack", message, "one master a rack where there are three; never two of three in one")


@rule("IK3006", "warning")
def worker_of_other_model(site: Site, index: Index) -> Iterator[Problem]:
    """Workers have another model than the reference configuration's."""
    wanted = _WORKER_MODELS[site.site.configuration]
    told: set[str] = set()
    for server in _with_role(site, "worker"):
        profile = index.profile(server)
        if profile and profile.model != wanted and profile.name not in told:
            told.add(profile.name)
            reference = f"configuration {site.site.configuration} has {wanted}"
            message = f"profile {profile.name} of worker {server.name} is {an(profile.model)}; {reference}"
            yield Problem(
                profile, "model", message, "correct the model or `site.configuration`; a design of your own is fine, but not the reference"
            )


@rule("IK3007", "warning")
def gpu_worker_of_other_model(site: Site, index: Index) -> Iterator[Problem]:
    """GPU workers have another model than the reference architecture's."""
    told: set[str] = set()
    for server in _with_role(site, "gpu-worker"):
        profile = index.profile(server)
        if profile and profile.model != _GPU_MODEL and profile.name not in told:
            told.add(profile.name)
            message = (
                f"profile {profile.name} of GPU worker {server.name} is {an(profile.model)}; the reference architecture has {_GPU_MODEL}"
            )
            yield Problem(profile, "model", message, "check GPU slots and power of the model you chose")


@rule("IK3008", "warning")
def masters_differ(site: Site, _index: Index) -> Iterator[Problem]:
    """Masters have different profiles: after a failover the cluster runs on another machine than before."""
    masters = _with_role(site, "master")
    for server in masters[1:]:
        if server.profile != masters[0].profile:
            message = f"{server.name} has profile {server.profile}, {masters[0].name} has {masters[0].profile}"
            yield Problem(server, "profile", message, "give all masters one profile")


@rule("IK3009", "warning")
def infrastructure_of_other_model(site: Site, index: Index) -> Iterator[Problem]:
    """Masters, utility or edge have another model than the reference architecture's."""
    told: set[str] = set()
    for server in site.servers:
        profile = index.profile(server)
        is_infrastructure = server.role in ("master", "utility", "edge")
        if is_infrastructure and profile and profile.model != _INFRASTRUCTURE_MODEL and profile.name not in told:
            told.add(profile.name)
            message = (
                f"profile {profile.name} of {server.role} {server.name} is {an(profile.model)}; the reference has {_INFRASTRUCTURE_MODEL}"
            )
            yield Problem(profile, "model", message, "a design of your own is fine, but not the reference")


@rule("IK3010", "warning")
def control_powered_off(site: Site, _index: Index) -> Iterator[Problem]:
    """A master or the utility server is to be off."""
    for server in site.servers:
        if server.power == "off" and server.role in ("master", "utility"):
            yield Problem(
                server, "power", f"{server.role} {server.name} is to be off: the cluster does not run without", "write `power: on`"
            )


@rule("IK3011")
def server_without_data_network(site: Site, _index: Index) -> Iterator[Problem]:
    """A server has no address in a cluster data network."""
    data = {network.name for network in site.networks if network.purpose == "cluster-data"}
    for server in site.servers:
        if not any(entry.network in data for bond in server.bonds for entry in bond.addresses):
            message = f"{server.name} has no address in a cluster data network ({', '.join(sorted(data)) or 'the site has none'})"
            yield Problem(server, "bonds", message, "give its bond one")
