"""Workspaces of all kinds as programs, and one with 25 users on the real control plane."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.load import load_site
from infra_kit.inventory.models.workspaces import Application, Job, Model, Sessions, UserQuota, Workspace, WorkspaceQuota
from infra_kit.stacks.stack import Stack

from .postgres import BINARIES, Server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.stack import Evaluated

INVENTORY = Path(__file__).resolve().parents[3] / "inventory"
USERS = ["ada", "grace", "Alan.Turing@example.org", *(f"user{number:02d}" for number in range(22))]


@cache
def reference(name: str = "configuration-1") -> Site:
    return load_site(INVENTORY / name)


def site_with(site: Site, /, **kubernetes: Any) -> Site:
    """The site with other settings of its cluster."""
    assert site.kubernetes is not None
    return site.model_copy(update={"kubernetes": site.kubernetes.model_copy(update=kubernetes)})


def large(name: str = "atelier", **changes: Any) -> Workspace:
    """A workspace with 25 users, jobs on CPU and GPU, models and an application; on a cluster whose nodes have room for it."""
    job = {"schedule": "0 3 * * *", "user": "ada", "command": ["python3", "train.py"]}
    workspace = Workspace(
        name=name,
        team="risk",
        quota=WorkspaceQuota(cpu="220", memory="2Ti", gpus=3, storage="10Ti"),
        users=USERS,
        admins=["grace"],
        viewers=["edsger"],
        user_quota=UserQuota(cpu="8", memory="64Gi", gpus=1, storage="50Gi"),
        sessions=Sessions(idle_minutes=30),
        jobs=[
            Job(name="nightly", runtime="python-jupyterlab", mail="ada@example.internal", **job),
            Job(name="training", runtime="python-jupyterlab-gpu", gpus=1, **job),
        ],
        models=[
            Model(name="score", runtime="python-jupyterlab", uri="models:/score@champion"),
            Model(name="public", runtime="python-jupyterlab", uri="models:/public/3", max_replicas=2, authentication=False),
        ],
        applications=[Application(name="review", runtime="python-jupyterlab", command=["python3", "app.py"])],
        mail="atelier@example.internal",
    )
    return workspace.model_copy(update=changes)


def evaluated(site: Site, workspace: Workspace) -> Evaluated:
    """The program's objects; without the child process, which `evaluate` is tested with."""
    from infra_kit.stacks.programs.assembly import assemble
    from infra_kit.stacks.programs.recording import record
    from infra_kit.stacks.workspaces.program import program

    site = site.model_copy(update={"workspaces": [*site.workspaces, workspace]})
    stack = Stack("workspaces", "workspaces", workspace.name)
    return assemble(stack, record(lambda: program(site, workspace), stack.name))


@cache
def standard() -> Evaluated:
    """The large workspace on the first reference site, evaluated once."""
    return evaluated(reference(), large())


def manifests(found: Evaluated, kind: str = "") -> list[dict[str, Any]]:
    return [dict(item.manifest) for item in found.objects if kind in {"", item.manifest["kind"]}]


@dataclass
class Live:
    """A workspace that is on the control plane."""

    plane: Any
    site: Site
    workspace: Workspace
    objects: list[dict[str, Any]]
    warnings: list[str] = field(default_factory=list)

    def apply(self, objects: list[dict[str, Any]]) -> None:
        """As the engine does: server-side, with the server's own strict check of every field."""
        done = self.plane.kubectl(
            "apply", "--server-side", "--force-conflicts", "--validate=strict", "-f", "-", stdin=as_list(objects), check=False
        )
        self.warnings += [line for line in done.stderr.splitlines() if line.startswith("Warning")]
        assert done.returncode == 0, done.stderr

    def get(self, *arguments: str) -> list[dict[str, Any]]:
        """What `kubectl get` finds, in all namespaces unless told."""
        where = () if "-n" in arguments else ("-A",)
        return json.loads(self.plane.kubectl("get", *arguments, *where, "-o", "json").stdout)["items"]

    def namespaces(self) -> list[str]:
        return [each["metadata"]["name"] for each in self.objects if each["kind"] == "Namespace"]


def as_list(objects: list[dict[str, Any]]) -> str:
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


@pytest.fixture(scope="session")
def atelier(control_plane) -> Iterator[Live]:
    """The large workspace, applied; removed when the session ends."""
    from infra_kit.stacks.platform.program import program
    from infra_kit.stacks.programs.assembly import assemble
    from infra_kit.stacks.programs.recording import record

    site = reference()
    platform = assemble(Stack("cluster", "platform"), record(lambda: program(site), "platform"))
    workspace = large()
    live = Live(control_plane, site, workspace, manifests(standard()))
    priorities = manifests(platform, "PriorityClass")
    live.apply(priorities)
    live.apply(live.objects)
    control_plane.kubectl("wait", "deployment", "--all", "-n", "atelier", "--for=condition=Available", "--timeout=120s")
    yield live
    wide = [each for each in live.objects if not each["metadata"].get("namespace")]
    control_plane.kubectl("delete", "--wait=false", "--ignore-not-found", "-f", "-", stdin=as_list(wide))


@pytest.fixture(scope="session")
def database() -> Iterator[Server]:
    """The workspace's PostgreSQL, started by its own start script from nothing."""
    if BINARIES is None:
        pytest.skip("PostgreSQL's server (Debian package postgresql) is not installed")
    config = next(each for each in manifests(standard(), "ConfigMap") if each["metadata"]["name"] == "database")
    server = Server(Path(tempfile.mkdtemp(prefix="infra-kit-database-")), config["data"])
    try:
        server.start()
        yield server
    finally:
        server.remove()
