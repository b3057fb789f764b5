"""The embedded engine on the real control plane: programs of plain objects, planned and applied as a run does."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.inventory.access import open_access
from infra_kit.inventory.load import load_site
from infra_kit.plan.connections import Connections
from infra_kit.plan.resource import Diff, ReadContext, RunContext
from infra_kit.stacks.engines.server_side.engine import ServerSideEngine
from infra_kit.stacks.kubernetes_api import clients
from infra_kit.stacks.stack import Evaluated, Stack, StackObject

if TYPE_CHECKING:
    from conftest import RunningControlPlane
    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

_NUMBERS = itertools.count(1)


def wanted(manifest: Mapping[str, Any], **options: Any) -> StackObject:
    """An object of a program."""
    return StackObject(logical_name=manifest["metadata"]["name"], type="", manifest=manifest, **options)


@dataclass
class Bench:
    """One stack on the control plane, in a namespace of its own."""

    site: Site
    connections: Connections
    """That may write."""
    namespace: str
    folder: Path
    plane: RunningControlPlane
    stack: Stack = field(default_factory=lambda: Stack("workspaces", "workspaces", f"t{next(_NUMBERS)}"))
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def run(self) -> RunContext:
        """A run that may write."""
        return RunContext(self.site, self.connections, self.folder, **self.options)

    @property
    def client(self) -> KubernetesWriter:
        """The writer."""
        return clients.writer(self.run)

    def engine(self, *objects: StackObject) -> ServerSideEngine:
        """An engine for a program."""
        return ServerSideEngine(self.stack, Evaluated(self.stack, objects))

    def plan(self, *objects: StackObject) -> list[Mapping[str, Any]]:
        """The states of a program's objects, found by a client that cannot write."""
        with self.reading() as context:
            engine = self.engine(*objects)
            return [engine.read(each, context) for each in objects]

    @contextmanager
    def reading(self) -> Iterator[ReadContext]:
        """A run that cannot write."""
        with Connections(self.connections.access, read_only=True) as connections:
            yield ReadContext(self.site, connections)

    def apply(self, *objects: StackObject, **options: Any) -> list[str]:
        """Carry a program out; gives the actions."""
        engine = self.engine(*objects)
        context = replace(self.run, **options)
        states = [engine.read(each, context) for each in objects]
        for each, state in zip(objects, states, strict=True):
            if state["action"] != "none":
                again = engine.read(each, context)
                engine.apply(each, again, Diff(again["action"] if again["action"] != "replace" else "update"), context)
                engine.verify(each, context)
        return [state["action"] for state in states]

    def live(self, item: StackObject) -> dict[str, Any]:
        """The object as it is."""
        key = item.key
        found = self.client.get(str(item.manifest["apiVersion"]), key.kind, key.namespace, key.name)
        assert found is not None
        return found

    @staticmethod
    def object(manifest: Mapping[str, Any], **options: Any) -> StackObject:
        """An object of a program."""
        return wanted(manifest, **options)

    def config_map(self, name: str = "settings", /, **data: str) -> StackObject:
        """A ConfigMap of the stack."""
        return wanted({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": self.namespace}, "data": data})

    def deployment(
        self, *, spec: Mapping[str, Any] | None = None, image: str = "web:1", more: Sequence[Any] = (), **options: Any
    ) -> StackObject:
        """A Deployment of the stack, with one container `web` and more."""
        security = {
            "allowPrivilegeEscalation": False,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        container = {
            "name": "web",
            "image": image,
            "ports": [{"containerPort": 80}],
            "securityContext": security,
            "resources": {"requests": {"cpu": "0.1"}},
        }
        manifest = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": self.namespace},
            "spec": {
                "selector": {"matchLabels": {"app": "web"}},
                "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container, *more]}},
                **(spec or {}),
            },
        }
        return wanted(manifest, **options)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Somebody else's hand, in the namespace."""
        return self.plane.kubectl("-n", self.namespace, *arguments, stdin=stdin).stdout


@pytest.fixture(scope="session")
def plane_site(control_plane: RunningControlPlane) -> Site:
    """The site whose control plane runs."""
    return load_site(control_plane.site_folder)


@pytest.fixture
def bench(control_plane: RunningControlPlane, plane_site: Site, tmp_path: Path) -> Iterator[Bench]:
    """A stack in a namespace that exists."""
    access = open_access(plane_site)
    folder = tmp_path / "run-1"
    folder.mkdir()
    namespace = f"engine-{next(_NUMBERS)}"
    with Connections(access, read_only=False) as connections:
        made = Bench(plane_site, connections, namespace, folder, control_plane)
        made.client.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        yield made
        made.client.delete("v1", "Namespace", "", namespace)
