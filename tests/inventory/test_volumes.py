"""The volumes' directories: which, whose, how large, and whether the array has them."""

from __future__ import annotations

import pytest

from infra_kit.inventory import volumes
from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.kubernetes import Identity, Saml
from infra_kit.inventory.models.workspaces import UserQuota, Workspace, WorkspaceQuota
from infra_kit.inventory.slugs import user_slug

_GIB = 2**30


@pytest.fixture
def site(repository):
    return load_site(repository / "inventory" / "configuration-1")


def workspace(**changes) -> Workspace:
    quota = WorkspaceQuota(cpu="32", memory="256Gi", storage=changes.pop("storage", "1000Gi"))
    return Workspace(name="small", team="risk", quota=quota, **{"users": ["ada"], "admins": ["ada"], **changes})


def with_kubernetes(site, **changes):
    kubernetes = site.kubernetes.model_copy(update=changes)
    found = site.model_copy(update={"kubernetes": kubernetes})
    found._catalog = site.catalog
    return found


def test_every_service_and_every_user_has_one(site):
    found = {each.path: each for each in volumes.directories(site, workspace(users=["ada", "Grace Hopper"]))}
    homes = {f"small/homes/{user_slug(name)}" for name in ("ada", "Grace Hopper")}
    services = {f"small/{name}" for name in ("project", "artifacts", "backups", "database")}
    assert set(found) == homes | services | {"small/project/.spark-events"}
    assert {path for path, each in found.items() if each.owner != volumes.GROUP} == {"small/database"}
    assert found["small/database"].owner == site.catalog.images["postgres"].uid


def test_the_optional_ones_follow_the_inventory(site):
    by_saml = with_kubernetes(site, identity=Identity(saml=Saml(metadata="https://idp.example.internal/m", entity_id="hub")))
    without_spark = workspace(spark={"enabled": False})
    assert "small/saml-proxy" in {each.path for each in volumes.directories(by_saml, workspace())}
    assert "small/project/.spark-events" not in {each.path for each in volumes.directories(site, without_spark)}


def test_a_suspended_workspace_keeps_its_own(site):
    assert volumes.directories(site, workspace(suspended=True)) == volumes.directories(site, workspace())


def test_sizes_are_those_of_the_claims(site):
    assert sum(volumes.shares().values()) == 100
    bounds = {each.path: each.size_bytes for each in volumes.directories(site, workspace(users=["ada", "alan"])) if each.size_bytes}
    assert bounds == {"small/project": 350 * _GIB, "small/homes/ada": 20 * _GIB, "small/homes/alan": 20 * _GIB}


def test_a_home_is_at_most_an_even_part_of_what_homes_share():
    greedy = workspace(storage="100Gi", users=["ada", "alan"], user_quota=UserQuota(storage="80Gi"))
    assert volumes.home_bytes(greedy) == 15 * _GIB - 2 * volumes.VIEW_BYTES
    assert volumes.home_bytes(workspace(storage="100Gi", users=[], admins=[])) == 20 * _GIB


def test_the_array_has_them_where_it_exports_their_path(site, repository):
    nfs = site.kubernetes.volumes.nfs
    assert volumes.on_array(site) is nfs
    assert volumes.on_array(load_site(repository / "inventory" / "configuration-2")) is None
    for changes, held in [
        ({"path": "/ifs/data/kubernetes/shared/"}, True),
        ({"path": "/ifs/data/kubernetes2"}, False),
        ({"server": "utility01.configuration-1.example.internal"}, False),
        ({"server": site.cluster.isilon.smartconnect_zone}, False),  # a pool of another access zone
    ]:
        place = site.kubernetes.volumes.model_copy(update={"nfs": nfs.model_copy(update=changes)})
        assert bool(volumes.on_array(with_kubernetes(site, volumes=place))) is held, changes
    assert volumes.on_array(with_kubernetes(site, volumes=None)) is None
