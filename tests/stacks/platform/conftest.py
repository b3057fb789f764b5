"""The platform of sites that ask for much, for little, and of both reference configurations."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.kubernetes import Ingress, NodeGroup
from infra_kit.inventory.models.team import Team, TeamQuota

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.stack import Evaluated, StackObject

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"
VARIANTS = ("configuration-1", "configuration-2", "everything", "bare")


@cache
def site_of(variant: str) -> Site:
    """A reference site as it is, with all parts of the platform (and live), or with none that can be left out."""
    if variant.startswith("configuration"):
        return load_site(INVENTORY / variant)
    site = load_site(INVENTORY / "configuration-1")
    if variant == "bare":
        without = {"ingress": None, "volumes": None, "metrics_server": False, "workers": ["worker01", "worker02"], "node_groups": []}
        return changed(site, {}, **without)
    teams = [
        Team(name="bank", quota=TeamQuota(cpu="40", memory="1Ti", gpus=4)),
        Team(name="risk", parent="bank", quota=TeamQuota(cpu="64", memory="256Gi", gpus=2)),
        Team(name="research", parent="bank"),
    ]
    identity = site.site.model_copy(update={"access": "live"})
    return changed(
        site,
        {"teams": teams, "site": identity},
        queues="yunikorn",
        registry_mirror="mirror.example.internal/proxy",
        ingress=Ingress(domain="apps.example.internal", replicas=3, certificate="file:/run/c.pem", key="file:/run/k.pem"),
        volumes=site.kubernetes and site.kubernetes.volumes and site.kubernetes.volumes.model_copy(update={"local_path": "/data/local"}),
        node_groups=[NodeGroup(name="cpu", servers=["worker01", "worker02"], min=1, max=2)],
    )


def changed(site: Site, sections: dict[str, Any], /, **kubernetes: Any) -> Site:
    """The site with other sections, and other settings of its cluster."""
    assert site.kubernetes is not None
    found = site.model_copy(update={**sections, "kubernetes": site.kubernetes.model_copy(update=kubernetes)})
    for remembered in ("team_by_name", "workspace_by_name"):  # look-ups that the copy took over
        found.__dict__.pop(remembered, None)
    return found


@cache
def platform_of(variant: str) -> Evaluated:
    return evaluated(site_of(variant))


def evaluated(site: Site) -> Evaluated:
    """The program's objects; without the child process, which `evaluate` is tested with."""
    from infra_kit.stacks.platform.program import program
    from infra_kit.stacks.programs.assembly import assemble
    from infra_kit.stacks.programs.recording import record
    from infra_kit.stacks.stack import Stack

    stack = Stack("cluster", "platform")
    return assemble(stack, record(lambda: program(site), stack.name))


def by_path(found: Evaluated) -> dict[str, StackObject]:
    return {item.key.path: item for item in found.objects}


@pytest.fixture(params=VARIANTS)
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def control_plane(fresh_control_plane):
    """A cluster of their own: the platform is one a cluster."""
    return fresh_control_plane
