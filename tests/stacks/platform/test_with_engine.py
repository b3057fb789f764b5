"""The platform through the embedded engine: applied once, there is nothing left to do, nodes included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from infra_kit.inventory.access import open_access
from infra_kit.inventory.load import load_site
from infra_kit.plan.connections import Connections
from infra_kit.plan.resource import Diff, RunContext
from infra_kit.stacks.engines.server_side.engine import ServerSideEngine

from .conftest import evaluated

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import RunningControlPlane

OWN = ("platform", "ingress", "gpu")


def test_a_second_plan_of_the_platform_is_empty(control_plane: RunningControlPlane, tmp_path: Path) -> None:
    site = load_site(control_plane.site_folder)
    program = evaluated(site)
    made = [item for item in program.objects if not item.patch and item.key.namespace not in OWN]
    try:
        with Connections(open_access(site), read_only=False) as connections:
            run = RunContext(site, connections, tmp_path)
            engine = ServerSideEngine(program.stack, program)
            for item in program.objects:
                state = engine.read(item, run)
                assert state["action"] in {"create", "update"}, (item.key.path, state)
                engine.apply(item, state, Diff(state["action"]), run)
            again = ServerSideEngine(program.stack, program)
            left = {item.key.path: state for item in program.objects if (state := again.read(item, run))["action"] != "none"}
            assert left == {}
    finally:
        for namespace in OWN:
            every = ("delete", "deployments,daemonsets", "--all", "--cascade=foreground", "--timeout=60s")
            control_plane.kubectl("-n", namespace, *every, check=False)
        # The nodes stay, as they were: what nobody names any more is given up.
        bare = [{"apiVersion": "v1", "kind": "Node", "metadata": {"name": item.key.name}} for item in program.objects if item.patch]
        nodes = json.dumps({"apiVersion": "v1", "kind": "List", "items": bare})
        control_plane.kubectl("apply", "--server-side", "--field-manager=infra-kit", "--filename=-", stdin=nodes, check=False)
        control_plane.kubectl("-n", "infra-kit", "delete", "configmap", "platform", "--ignore-not-found", check=False)
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": [dict(item.manifest) for item in made]})
        control_plane.kubectl("delete", "--filename=-", "--ignore-not-found", "--timeout=60s", stdin=text, check=False)
