"""Which kinds an API server serves, and under which paths."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.kubernetes_api.transport import Call

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.transport import Transport

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
"""All groups in two answers (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery, since v1.30);
a server that does not know it answers in the old form."""
_AGAIN_S = 1.0
"""A kind that was missing is looked for again, but a plan with many of them does not ask each time."""


@dataclass(frozen=True, slots=True)
class ApiResource:
    """A kind that the server serves.

    `plural` is its name in paths; `verbs` what can be done with it.
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool
    verbs: frozenset[str]

    @property
    def api_version(self) -> str:
        """`v1`, `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, namespace: str = "", name: str = "") -> str:
        """Of an object, or of a collection where `name` is empty; of all namespaces where `namespace` is empty, too."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{inside}/{self.plural}" + (f"/{name}" if name else "")


class Discovery:
    """Remembers what the server serves."""

    def __init__(self, transport: Transport) -> None:
        """Nothing is asked yet."""
        self._transport = transport
        self._guard = threading.Lock()
        self._known: dict[tuple[str, str], ApiResource] = {}
        self._preferred: list[ApiResource] = []
        self._asked = float("-inf")

    def resource(self, api_version: str, kind: str) -> ApiResource:
        """A kind; a miss is looked up once more, because its CustomResourceDefinition may be new.

        Raises:
            NotFoundError: the server does not serve it.
            DeviceError: it cannot be asked.
        """
        found = self._known.get((api_version, kind))
        if found is None:
            with self._guard:
                if (api_version, kind) not in self._known and time.monotonic() - self._asked > _AGAIN_S:
                    self._ask()
            found = self._known.get((api_version, kind))
        if found is None:
            error = NotFoundError(
                self._transport.device,
                f"the API server does not serve {kind} in {api_version}",
                remedy="is its CustomResourceDefinition there?",
            )
            error.kind = kind
            raise error
        return found

    def resources(self) -> list[ApiResource]:
        """Every kind that can be listed, once, in the server's preferred version.

        Raises:
            DeviceError: it cannot be asked.
        """
        with self._guard:
            if not self._known:
                self._ask()
            return [each for each in self._preferred if "list" in each.verbs]

    def forget(self) -> None:
        """Ask again at the next question."""
        with self._guard:
            self._known, self._preferred, self._asked = {}, [], float("-inf")

    def _ask(self) -> None:
        known: dict[tuple[str, str], ApiResource] = {}
        preferred: dict[tuple[str, str], ApiResource] = {}
        for each in self._all():
            # The first version of a group is the preferred one; a kind may be in a later one alone.
            preferred.setdefault((each.group, each.kind), each)
            known[each.api_version, each.kind] = each
        self._known, self._preferred, self._asked = known, list(preferred.values()), time.monotonic()

    def _all(self) -> Iterator[ApiResource]:
        for root in ("/api", "/apis"):
            body = self._get(root)
            if body.get("kind") == "APIGroupDiscoveryList":
                yield from _aggregated(body)
            else:
                yield from self._one_by_one(root, body)

    def _one_by_one(self, root: str, body: dict[str, Any]) -> Iterator[ApiResource]:
        if root == "/api":
            versions = [str(version) for version in body.get("versions") or ()]
        else:
            versions = [str(each["groupVersion"]) for group in body.get("groups") or () for each in group.get("versions") or ()]
        for version in versions:
            group, _, number = version.rpartition("/")
            for each in self._get(f"{root}/{version}").get("resources") or ():
                if "/" not in each["name"]:
                    yield ApiResource(group, number, each["kind"], each["name"], bool(each["namespaced"]), frozenset(each["verbs"]))

    def _get(self, path: str) -> dict[str, Any]:
        return self._transport.ask(Call("GET", path, path, headers={"Accept": _AGGREGATED}, safe=True)).accepted().body


def _aggregated(body: dict[str, Any]) -> Iterator[ApiResource]:
    for group in body.get("items") or ():
        name = str((group.get("metadata") or {}).get("name") or "")
        for version in group.get("versions") or ():
            for each in version.get("resources") or ():
                kind = (each.get("responseKind") or {}).get("kind")
                if kind:
                    yield ApiResource(
                        name,
                        version["version"],
                        kind,
                        each["resource"],
                        each.get("scope") == "Namespaced",
                        frozenset(each.get("verbs") or ()),
                    )
