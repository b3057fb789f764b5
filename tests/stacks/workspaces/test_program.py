"""Workspaces of other kinds: what the inventory's settings make of them."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.models.kubernetes import Identity, Saml
from infra_kit.inventory.models.workspaces import Sessions, Spark

from .conftest import Live, evaluated, large, manifests, reference, site_with

SMALL = {"users": ["ada", "grace"], "admins": [], "jobs": large().jobs[:1]}


def paths(found) -> set[str]:
    return {item.key.path for item in found.objects}


@pytest.fixture(scope="module")
def cloister(control_plane, atelier):
    """A small workspace behind SAML, with YuniKorn's queues and without Spark, on the control plane."""
    site = site_with(
        reference(), identity=Identity(saml=Saml(metadata="https://idp.example.internal/m", entity_id="hub")), queues="yunikorn"
    )
    workspace = large(name="cloister", spark=Spark(enabled=False), **SMALL)
    live = Live(control_plane, site, workspace, manifests(evaluated(site, workspace)))
    live.apply(live.objects)
    yield live
    wide = [each for each in live.objects if not each["metadata"].get("namespace")]
    from .conftest import as_list

    control_plane.kubectl("delete", "--wait=false", "--ignore-not-found", "-f", "-", stdin=as_list(wide))


def test_saml_stands_between_the_world_and_the_proxy(cloister):
    from .reachability import End, Network

    policies = cloister.get("networkpolicies", "-n", "cloister")
    network = Network(policies, {"ingress": {"kubernetes.io/metadata.name": "ingress"}, "cloister": {}})
    ingress, saml, proxy = End("ingress"), *(End("cloister", {"app.kubernetes.io/name": name}) for name in ("saml-proxy", "proxy"))
    assert network.reaches(ingress, saml, 8080)
    assert network.reaches(saml, proxy, 8000)
    assert not network.reaches(ingress, proxy, 8000)
    assert network.reaches(saml, End(address="203.0.113.9"), 443)
    backends = {
        rule["host"].partition(".")[0]: rule["http"]["paths"][0]["backend"]["service"]["name"]
        for each in cloister.get("ingress", "-n", "cloister")
        for rule in each["spec"]["rules"]
    }
    assert backends.pop("hub") == "saml-proxy"
    assert set(backends.values()) == {"auth-proxy"}


def test_the_server_takes_the_other_kinds_too(cloister):
    assert not cloister.warnings
    jobs = [each for each in cloister.objects if each["kind"] == "CronJob" and each["metadata"]["namespace"] == "cloister-user-ada"]
    labels = jobs[0]["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["labels"]
    assert labels["yunikorn.apache.org/queue"] == "root.analytics.risk.cloister"


def test_without_spark_nothing_of_it_is_there(cloister):
    found = {f"{each['kind']}/{each['metadata']['name']}" for each in cloister.objects}
    assert not [name for name in found if "spark" in name.lower() and not name.startswith("ClusterRole/")]


def test_both_reference_sites_have_their_workspaces():
    for name in ("configuration-1", "configuration-2"):
        site = reference(name)
        for workspace in site.workspaces:
            found = evaluated(site, workspace)
            assert f"Deployment/{workspace.name}/hub" in paths(found)
            assert len(paths(found)) == len(found.objects)


def test_one_more_user_touches_nobody_elses_objects():
    before, after = (
        {item.key.path: item.manifest for item in evaluated(reference(), large(**{**SMALL, "users": users})).objects}
        for users in (["ada", "grace"], ["ada", "grace", "alan"])
    )
    changed = {path for path in before if path in after and before[path] != after[path]}
    assert {path.split("/")[1] for path in changed if "/" in path and not path.startswith("Secret")} <= {"atelier"}
    assert {path.split("/")[-1] for path in changed if not path.startswith("Secret")} <= {"backup", "hub", "viewer", "workspace"}


def test_no_public_host_without_an_ingress():
    found = evaluated(site_with(reference(), ingress=None), large(**SMALL))
    assert not manifests(found, "Ingress")


def test_secrets_are_left_alone_once_they_are_made():
    found = [item for item in evaluated(reference(), large(**SMALL)).objects if item.manifest["kind"] == "Secret"]
    assert found
    assert all(set(item.given_up) == {"stringData", "data"} for item in found)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sessions": Sessions(runtimes=["cobol"])}, "wants runtime `cobol`"),
        ({"users": ["grace"], "jobs": large().jobs[:1]}, "runs as ada, who is none of its users"),
    ],
)
def test_what_cannot_be_made_is_said_with_a_remedy(changes, words):
    with pytest.raises(Exception, match=words) as refused:
        evaluated(reference(), large(**{**SMALL, **changes}))
    assert isinstance(refused.value, ProgramError)
