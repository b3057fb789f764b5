"""What an engine has to know of a program as a whole: the kinds it brings, what scales what, what the ApplySet's parent says."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.kubernetes_api.answers import ForbiddenError, NotFoundError

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader
    from infra_kit.stacks.stack import StackObject

Target = tuple[str, str, str]
"""Namespace, kind and name of what a HorizontalPodAutoscaler scales."""


def kinds_made(objects: Iterable[StackObject]) -> frozenset[tuple[str, str]]:
    """(group, kind) of the custom resources whose definitions are among the objects."""
    specs = [each.manifest["spec"] for each in objects if each.key.kind == "CustomResourceDefinition"]
    return frozenset((str(spec["group"]), str(spec["names"]["kind"])) for spec in specs)


class Scaling:
    """Which objects a HorizontalPodAutoscaler scales: one of the program's, or any on the cluster.

    Args:
        objects: the program's.
    """

    def __init__(self, objects: Iterable[StackObject]) -> None:
        """Nothing is asked yet."""
        self._guard = threading.Lock()
        self._known = {_target(each.manifest) for each in objects if each.key.kind == "HorizontalPodAutoscaler"}
        self._asked: set[str] = set()

    def scales(self, client: KubernetesReader, live: Mapping[str, Any]) -> bool:
        """Whether something scales that object.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        namespace = str(live["metadata"].get("namespace") or "")
        wanted = namespace, str(live["kind"]), str(live["metadata"]["name"])
        with self._guard:
            if wanted not in self._known and namespace not in self._asked:
                self._asked.add(namespace)
                try:
                    self._known |= {_target(each) for each in client.list("autoscaling/v2", "HorizontalPodAutoscaler", namespace)}
                except (ForbiddenError, NotFoundError):
                    return False
            return wanted in self._known


def _target(scaler: Mapping[str, Any]) -> Target:
    reference = scaler["spec"].get("scaleTargetRef") or {}
    return str(scaler["metadata"].get("namespace") or ""), str(reference.get("kind")), str(reference.get("name"))
