"""What a stack has on the cluster, read in one LIST of each kind: a plan of thousands of objects asks some dozen questions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.kubernetes_api.answers import ForbiddenError, NotFoundError
from infra_kit.stacks.stack import ObjectKey

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader

Kind = tuple[str, str]
"""apiVersion and kind."""
_JUST_NOW_S = 5.0
"""For so long the names of a kind are not asked for again."""


class Snapshot:
    """The objects of a stack as they were at the first look. Each is handed out once: who looks again wants to know what is now.

    Args:
        selector: a label selector of the stack's objects.
        wanted: the objects of the program, so that no others are kept.
    """

    def __init__(self, selector: str, wanted: Iterable[tuple[str, ObjectKey]]) -> None:
        """Nothing is read yet."""
        self._selector = selector
        self._wanted: dict[Kind, set[ObjectKey]] = {}
        self._handed_out: set[ObjectKey] = set()
        for api_version, key in wanted:
            self._wanted.setdefault((api_version, key.kind), set()).add(key)
        self._guard = threading.Lock()
        self._locks: dict[Kind, threading.Lock] = {}
        self._objects: dict[Kind, dict[ObjectKey, dict[str, Any]] | None] = {}
        self._namespaces: frozenset[str] | None = None
        self._taken: dict[Kind, tuple[float, frozenset[ObjectKey] | None]] = {}
        self._late: dict[str, bool] = {}

    def take(self, client: KubernetesReader, api_version: str, key: ObjectKey) -> tuple[bool, dict[str, Any] | None]:
        """An object, and whether the snapshot knows of it at all.

        `(True, None)`: the stack has no such object; somebody else may have one of that name. `(False, None)`: it has been handed
        out before, or the kind may not be listed.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        kind = api_version, key.kind
        with self._guard:
            wanted = self._wanted.get(kind, set())
            if key not in wanted or key in self._handed_out:
                return False, None
            self._handed_out.add(key)
            lock = self._locks.setdefault(kind, threading.Lock())
        with lock:
            if kind not in self._objects:
                self._objects[kind] = self._read(client, kind, wanted)
            objects = self._objects[kind]
            return (False, None) if objects is None else (True, objects.pop(key, None))

    def has_namespace(self, client: KubernetesReader, name: str) -> bool:
        """Whether a namespace was there at the first look; True, too, where that may not be asked.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        with self._guard:
            if self._namespaces is None:
                try:
                    found = client.list("v1", "Namespace", metadata_only=True)
                    self._namespaces = frozenset(each["metadata"]["name"] for each in found)
                except ForbiddenError:
                    self._namespaces = frozenset()
            return not self._namespaces or name in self._namespaces

    def is_free(self, client: KubernetesReader, api_version: str, key: ObjectKey) -> bool:
        """Whether nobody at all had an object of that name some seconds ago; False, too, where that may not be asked.

        One LIST of the names of a kind, instead of a question for each object.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        kind = api_version, key.kind
        with self._guard:
            lock = self._locks.setdefault(kind, threading.Lock())
        with lock:
            at, taken = self._taken.get(kind, (float("-inf"), None))
            if time.monotonic() - at > _JUST_NOW_S:
                at, taken = time.monotonic(), self._names(client, kind)
                self._taken[kind] = at, taken
        return taken is not None and key not in taken

    def binds_late(self, client: KubernetesReader, live: Mapping[str, Any]) -> bool:
        """Whether an object is a claim that is rightly Pending: its storage class binds with the first pod, or may not be looked at.

        Asked of the server for a Pending claim only, and once for each class.

        Raises:
            DeviceError: the cluster cannot be asked.
        """
        if live["kind"] != "PersistentVolumeClaim" or (live.get("status") or {}).get("phase") == "Bound":
            return False
        name = str((live.get("spec") or {}).get("storageClassName") or "")
        with self._guard:
            if name and name not in self._late:
                try:
                    found = client.get("storage.k8s.io/v1", "StorageClass", "", name) or {}
                    self._late[name] = found.get("volumeBindingMode") == "WaitForFirstConsumer"
                except ForbiddenError:
                    self._late[name] = True
            return self._late.get(name, False)

    def _names(self, client: KubernetesReader, kind: Kind) -> frozenset[ObjectKey] | None:
        wanted = self._wanted.get(kind, set())
        try:
            return frozenset(key for each in client.listed(*kind, metadata_only=True) if (key := key_of(each)) in wanted)
        except (ForbiddenError, NotFoundError):
            return None

    def _read(self, client: KubernetesReader, kind: Kind, wanted: set[ObjectKey]) -> dict[ObjectKey, dict[str, Any]] | None:
        try:
            found = {key_of(each): each for each in client.listed(*kind, labels=self._selector)}
        except ForbiddenError:
            return None  # an account of some namespaces alone: each object is then asked for
        except NotFoundError:
            return {}
        return {key: each for key, each in found.items() if key in wanted}


def key_of(live: Mapping[str, Any]) -> ObjectKey:
    """Which object it is."""
    metadata = live["metadata"]
    group, _, _ = str(live["apiVersion"]).rpartition("/")
    return ObjectKey(group, str(live["kind"]), str(metadata.get("namespace") or ""), str(metadata["name"]))
