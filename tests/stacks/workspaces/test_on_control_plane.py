"""A workspace of 25 users on the real API server, scheduler and admission; sessions started by KubeSpawner itself."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import as_list, evaluated, large, manifests, reference
from .test_hub_settings import load, spawner_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .conftest import Live


def test_the_server_takes_every_object_without_a_warning(atelier):
    assert len(atelier.namespaces()) == 26
    assert not atelier.warnings


def identity(each: dict[str, Any]) -> tuple[str, str, str]:
    return each["kind"], each["metadata"].get("namespace", ""), each["metadata"]["name"]


def test_kubectl_finds_nothing_left_to_do(atelier):
    """All but the generated Secrets, which differ at each evaluation and are given up."""
    rest = [each for each in atelier.objects if each["kind"] != "Secret"]
    done = atelier.plane.kubectl("diff", "--server-side", "--force-conflicts", "-f", "-", stdin=as_list(rest), check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_claims_are_bound_to_the_volumes_made_for_them(atelier):
    claims = [each for each in atelier.get("pvc") if each["metadata"]["namespace"] in atelier.namespaces()]
    assert len(claims) == 4 + 2 * 25
    assert {each["status"]["phase"] for each in claims} == {"Bound"}
    assert all(each["spec"]["volumeName"].startswith("atelier-") for each in claims)


def test_services_run_and_are_labelled_for_who_pays(atelier):
    pods = atelier.get("pods", "-n", "atelier")
    running = {each["metadata"]["labels"]["app.kubernetes.io/name"] for each in pods if each["status"]["phase"] == "Running"}
    assert {"hub", "proxy", "spark-history"} <= running
    for each in [*pods, *atelier.objects]:
        labels = each["metadata"]["labels"]
        assert labels["infra-kit.dev/team"] == "risk"
        assert labels["infra-kit.dev/workspace"] == "atelier"


def test_namespaces_are_restricted(atelier):
    for each in atelier.get("namespaces", "-l", "infra-kit.dev/workspace=atelier"):
        assert each["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


# --- jobs --------------------------------------------------------------------------------------------------------------------------------


def test_jobs_run_where_they_belong(atelier):
    for job in ("nightly", "training"):
        atelier.plane.kubectl("create", "job", f"{job}-now", f"--from=cronjob/{job}", "-n", "atelier-user-ada", "--as=ada")
    try:
        pods = eventually(lambda: placed(atelier, "atelier-user-ada", "app.kubernetes.io/component=job"), lambda found: len(found) == 2)
        for name, node in pods.items():
            assert node.startswith("gpu") == name.startswith("training"), pods
    finally:
        atelier.plane.kubectl("delete", "job", "nightly-now", "training-now", "-n", "atelier-user-ada")


def placed(atelier: Live, namespace: str, selector: str) -> dict[str, str]:
    """The nodes of pods that have one, by the pods' names."""
    found = atelier.get("pods", "-n", namespace, "-l", selector)
    return {each["metadata"]["name"]: each["spec"]["nodeName"] for each in found if each["spec"].get("nodeName")}


def eventually(look: Callable[[], Any], enough: Callable[[Any], bool]) -> Any:
    """What `look` finds once it is enough; within a minute."""
    end = time.monotonic() + 60
    while not enough(found := look()):
        assert time.monotonic() < end, found
        time.sleep(0.2)
    return found


# --- sessions ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def hub(atelier, tmp_path, monkeypatch):
    """Runs what the hub would do, as the hub's own account, against the API server."""
    from kubernetes_asyncio.client import Configuration

    view = json.loads(atelier.plane.kubectl("config", "view", "--raw", "--flatten", "-o", "json").stdout)
    authority = tmp_path / "ca.crt"
    authority.write_bytes(__import__("base64").b64decode(view["clusters"][0]["cluster"]["certificate-authority-data"]))
    settings = Configuration(host=view["clusters"][0]["cluster"]["server"])
    settings.ssl_ca_cert = str(authority)
    token = atelier.plane.kubectl("create", "token", "hub", "-n", "atelier").stdout.strip()
    settings.api_key = {"BearerToken": f"Bearer {token}"}
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    Configuration.set_default(settings)
    config = load(tmp_path, atelier.site)

    def run(user: str, act: Callable[[Any], Awaitable[Any]], **options: str) -> Any:
        async def whole() -> Any:
            spawner = spawner_of(config, user)
            spawner.user_options = options
            try:
                return await act(spawner)
            finally:
                await type(spawner)._stop_all_reflectors()
                for task in asyncio.all_tasks() - {asyncio.current_task()}:
                    task.cancel()

        return asyncio.run(whole())

    yield run
    Configuration.set_default(None)


@pytest.mark.parametrize(
    ("profile", "size", "nodes"), [("python-jupyterlab", "small", "worker"), ("python-jupyterlab-gpu", "gpu-1", "gpu")]
)
def test_kubespawner_starts_a_session_on_the_right_node(atelier, hub, profile, size, nodes):
    async def start(spawner: Any) -> str:
        return await spawner.start()

    async def stop(spawner: Any) -> None:
        await spawner.stop(now=True)

    assert hub("grace", start, profile=profile, size=size).startswith("http://10.")
    assert all(node.startswith(nodes) for node in placed(atelier, "atelier-user-grace", "component=singleuser-server").values())
    hub("grace", stop)
    assert not placed(atelier, "atelier-user-grace", "component=singleuser-server")


BUSY: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "busy", "namespace": "atelier-user-ada"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "busy",
                "image": "example.internal/busy",
                "resources": {"requests": {"cpu": "4", "memory": "8Gi"}, "limits": {"cpu": "4", "memory": "8Gi"}},
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}


@pytest.mark.parametrize(
    ("user", "told"),
    [("ada", "CPU: this session asks for 8, you use 4 of 8"), ("user09", "GPUs: this session asks for 1, you use 0 of 0")],
    ids=["cpu", "gpu"],
)
def test_a_user_over_quota_is_refused_in_readable_words(atelier, hub, user, told):
    from tornado.web import HTTPError

    async def start(spawner: Any) -> str:
        return await spawner.start()

    atelier.plane.kubectl("apply", "--as=ada", "-f", "-", stdin=json.dumps(BUSY))
    try:
        with pytest.raises(HTTPError) as refused:
            hub(user, start, profile="python-jupyterlab-gpu", size="gpu-1")
    finally:
        atelier.plane.kubectl("delete", "pod", "busy", "-n", "atelier-user-ada", "--grace-period=0", "--force")
    assert refused.value.jupyterhub_message.startswith("Your quota in workspace atelier does not allow this session.")
    assert told in refused.value.jupyterhub_message


def test_suspension_ends_sessions_keeps_data_and_resumption_brings_all_back(atelier, hub):
    async def start(spawner: Any) -> str:
        return await spawner.start()

    hub("ada", start, profile="python-jupyterlab", size="small")
    suspended = manifests(evaluated(reference(), large(suspended=True)))
    gone = {identity(each) for each in atelier.objects} - {identity(each) for each in suspended}
    of_models = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"}
    assert {kind for kind, _, name in gone if name in {"score", "public"}} == of_models
    assert {(kind, name) for kind, _, name in gone if name not in {"score", "public"}} == {("ConfigMap", "runtime")}
    switched = {"Deployment", "StatefulSet", "CronJob", "ResourceQuota"}
    try:
        atelier.apply([each for each in suspended if each["kind"] in switched])
        for kind, namespace, name in gone:
            atelier.plane.kubectl("delete", kind.lower(), name, "-n", namespace, "--wait=false")
        eventually(lambda: placed(atelier, "atelier-user-ada", "component=singleuser-server"), lambda found: not found)
        eventually(lambda: [each for each in atelier.get("pods", "-n", "atelier") if is_service(each)], lambda found: not found)
        from tornado.web import HTTPError

        with pytest.raises(HTTPError) as refused:
            hub("ada", start, profile="python-jupyterlab", size="small")
        assert "suspended" in refused.value.jupyterhub_message
        assert {each["status"]["phase"] for each in atelier.get("pvc", "-n", "atelier-user-ada")} == {"Bound"}
        assert all(each["spec"]["suspend"] for each in atelier.get("cronjobs", "-n", "atelier-user-ada"))
    finally:
        atelier.apply([each for each in atelier.objects if each["kind"] in switched | of_models | {"ConfigMap"}])
    eventually(lambda: [each for each in atelier.get("pods", "-n", "atelier") if is_service(each)], lambda found: len(found) >= 12)
    assert hub("ada", start, profile="python-jupyterlab", size="small").startswith("http://")


def is_service(pod: dict[str, Any]) -> bool:
    """Not a job's: one that a schedule began before the suspension runs to its end."""
    return not any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences") or ())
