"""Manifests of a small web service as infra-kit's stacks make their services, and of the same without the pause before it ends.

Usage: workload.py FOLDER. Writes with-pause.json and without-pause.json.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, strategy, template
from infra_kit.stacks.parts.pod import Container, Pod, http_probe

PORT = 8080
LABELS = {"app": "web"}
COREFILE = f".:5353 {{\n  health :{PORT}\n}}\n"


def manifests(leaves_after_s: int) -> dict[str, Any]:
    """The objects; the image is one that every cluster has."""
    container = Container(
        name="web",
        image="registry.k8s.io/coredns/coredns:v1.14.2",
        args=["-conf", "/etc/coredns/Corefile"],
        ports={"http": PORT},
        readiness=http_probe("/health", "http", period_s=1),
        leaves_after_s=leaves_after_s,
        mounts=[{"name": "configuration", "mountPath": "/etc/coredns"}],
    )
    workload = Workload(name="web", pod=Pod(containers=[container], volumes=[{"name": "configuration", "configMap": {"name": "web"}}]))
    spec = {
        "replicas": workload.replicas,
        "selector": {"matchLabels": LABELS},
        "strategy": strategy(workload),
        "template": template(workload, LABELS),
    }
    ports = [{"name": "http", "port": PORT, "targetPort": "http"}]
    items: list[dict[str, Any]] = [
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": workload.pod.priority}, "value": 1000},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"Corefile": COREFILE}},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": LABELS, "ports": ports}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec},
    ]
    return {"apiVersion": "v1", "kind": "List", "items": items}


if __name__ == "__main__":
    for name, seconds in {"with-pause": LEAVES_AFTER_S, "without-pause": 0}.items():
        Path(sys.argv[1], f"{name}.json").write_text(json.dumps(manifests(seconds), indent=1), encoding="utf-8")
