"""Clients of a Kubernetes API server: one that only reads (dry runs included), and one that also writes."""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from infra_kit.plan.resource import never
from infra_kit.stacks.kubernetes_api.answers import ExpiredError, refusal
from infra_kit.stacks.kubernetes_api.discovery import ApiResource, Discovery
from infra_kit.stacks.kubernetes_api.transport import Call, Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from infra_kit.inventory.access import Endpoint
    from infra_kit.stacks.kubernetes_api.answers import Answer

Propagation = Literal["Background", "Foreground", "Orphan"]
PatchType = Literal["merge", "json", "strategic"]

_PAGE = 500
"""Objects in a page of a list, as kubectl asks for."""
_METADATA_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_APPLY = "application/apply-patch+yaml"
"""JSON is YAML; a server takes no apply under a JSON type."""
_PATCHES: dict[PatchType, str] = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON has as they are and YAML 1.1 (section 4.1) does not, or takes for the end of a line."""
_STRICT = {"fieldValidation": "Strict"}
"""Unknown and doubled fields are refused, not dropped."""
_DRY = {"dryRun": "All"}


class KubernetesReader:
    """Reads, watches and dry-runs; changes nothing. For many threads.

    Args:
        endpoint: where the API server is; its password is a bearer token.
        interrupted: whether to stop waiting for a server that is away.

    Raises:
        TrustError: the trust anchor cannot be read.
        NoSecretError: the token does not resolve.
    """

    can_write: ClassVar[bool] = False

    def __init__(self, endpoint: Endpoint, interrupted: Callable[[], bool] = never) -> None:
        """Nothing is sent yet."""
        self.device = endpoint.device
        self._transport = Transport(endpoint, interrupted)
        self._discovery = Discovery(self._transport)
        self._guard = threading.Lock()
        self._warnings: dict[str, dict[str, None]] = {}

    # What the server serves

    def resource(self, api_version: str, kind: str) -> ApiResource:
        """How a kind is addressed.

        Raises:
            NotFoundError: the server does not serve it.
            DeviceError: it cannot be asked.
        """
        return self._discovery.resource(api_version, kind)

    def resources(self) -> list[ApiResource]:
        """Every kind that can be listed, in the server's preferred version."""
        return self._discovery.resources()

    def forget_resources(self) -> None:
        """Ask again what the server serves: a CustomResourceDefinition has come or gone."""
        self._discovery.forget()

    def version(self) -> dict[str, Any]:
        """The server's version: `{"gitVersion": "v1.36.3", ...}`."""
        return self._ask(Call("GET", "/version", "/version", safe=True)).accepted().body

    def openapi(self, group_version: str) -> dict[str, Any]:
        """The server's OpenAPI v3 document of one group and version: `v1`, `apps/v1`."""
        root = "apis" if "/" in group_version else "api"
        path = f"/openapi/v3/{root}/{group_version}"
        return self._ask(Call("GET", path, path, safe=True)).accepted().body

    # Objects

    def get(self, api_version: str, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """An object, or None where there is none; None, too, where the server does not know the kind's namespace.

        Raises:
            NotFoundError: the server does not serve the kind.
            DeviceError: it cannot be read.
        """
        path = self.resource(api_version, kind).path(namespace, name)
        answer = self._ask(Call("GET", path, label(kind, namespace, name), safe=True))
        return None if answer.absent else answer.accepted().body

    def list(  # noqa: PLR0913  the API's own coordinates
        self, api_version: str, kind: str, namespace: str | None = None, labels: str = "", fields: str = "", *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        """The objects of a kind, page by page.

        Args:
            api_version: such as `apps/v1`.
            kind: such as `Deployment`.
            namespace: None or empty: of all namespaces.
            labels: a label selector.
            fields: a field selector.
            metadata_only: without anything but their metadata.

        Raises:
            NotFoundError: the server does not serve the kind.
            DeviceError: they cannot be read.
        """
        return list(self.listed(api_version, kind, namespace, labels, fields, metadata_only=metadata_only))

    def listed(  # noqa: PLR0913  the API's own coordinates
        self, api_version: str, kind: str, namespace: str | None = None, labels: str = "", fields: str = "", *, metadata_only: bool = False
    ) -> Iterator[dict[str, Any]]:
        """As `list`, one page in memory at a time. After an expired page it begins anew: an object may come twice."""
        resource = self.resource(api_version, kind)
        headers = {"Accept": _METADATA_ONLY} if metadata_only else {}
        selectors = {key: text for key, text in (("labelSelector", labels), ("fieldSelector", fields)) if text}
        query = {**selectors, "limit": str(_PAGE)}
        while True:
            try:
                answer = self._ask(
                    Call("GET", resource.path(namespace or ""), label(kind, namespace or "", ""), query, headers=headers, safe=True)
                )
                body = answer.accepted().body
            except ExpiredError:
                if "limit" not in query:
                    raise
                query = selectors
                continue
            for item in body.get("items") or ():
                # In a list the server leaves both out.
                yield {**item, "apiVersion": api_version, "kind": kind}
            more = (body.get("metadata") or {}).get("continue")
            if not more:
                return
            query = {**selectors, "limit": str(_PAGE), "continue": str(more)}

    def watch(  # noqa: PLR0913  the API's own coordinates
        self,
        api_version: str,
        kind: str,
        namespace: str | None = None,
        name: str = "",
        labels: str = "",
        resource_version: str = "",
        timeout_s: float = 30.0,
    ) -> Iterator[dict[str, Any]]:
        """What happens to an object, or to those that the labels select: `{"type": "ADDED" | "MODIFIED" | "DELETED", "object": {...}}`.

        Ends after `timeout_s`, or when the server ends it (then watch again from the last object's resourceVersion). Without a
        `resource_version` the present objects come first, as ADDED.

        Raises:
            ExpiredError: the version is too old; list again.
            UnreachableError: the connection broke.
        """
        query = {"watch": "1", "timeoutSeconds": str(max(1, round(timeout_s)))}
        query |= {"resourceVersion": resource_version} if resource_version else {}
        query |= {"fieldSelector": f"metadata.name={name}"} if name else {}
        query |= {"labelSelector": labels} if labels else {}
        call = Call("GET", self.resource(api_version, kind).path(namespace or ""), label(kind, namespace or "", name), query, safe=True)
        with self._transport.stream(call, timeout_s + 10.0) as lines:
            for line in lines:
                event: dict[str, Any] = json.loads(line)
                if event.get("type") == "ERROR":
                    status = event.get("object") or {}
                    raise refusal(self.device, f"watching {call.what}", int(status.get("code") or 500), status)
                yield event

    def dry_run_apply(self, manifest: Mapping[str, Any], *, manager: str, force: bool) -> dict[str, Any]:
        """What a server-side apply would come to: validated, defaulted and admitted by the server, stored nowhere.

        Raises:
            ConflictError: other managers hold fields, and not `force`.
            InvalidError: the server does not take the values.
            NotFoundError: its namespace or its kind does not exist.
            DeviceError: another refusal, or no answer.
        """
        return self._apply(manifest, {**_DRY, "fieldManager": manager, "force": _flag(force)}, safe=True)

    def dry_run_create(self, manifest: Mapping[str, Any], *, manager: str = "infra-kit") -> dict[str, Any]:
        """What a creation would come to.

        Raises:
            ConflictError: it exists (`exists`).
            DeviceError: as `dry_run_apply`.
        """
        return self._create(manifest, {**_DRY, "fieldManager": manager}, safe=True)

    # Warnings

    def warnings(self, kind: str, namespace: str, name: str) -> tuple[str, ...]:
        """What the server has warned of so far when it was sent that object (deprecated versions, Pod Security), each once."""
        with self._guard:
            return tuple(self._warnings.get(label(kind, namespace, name), ()))

    def all_warnings(self) -> dict[str, tuple[str, ...]]:
        """All warnings so far: `Kind/namespace/name` -> texts."""
        with self._guard:
            return {what: tuple(texts) for what, texts in self._warnings.items()}

    def close(self) -> None:
        """Close the connections. Never raises."""
        self._transport.close()

    def _apply(self, manifest: Mapping[str, Any], query: Mapping[str, str], *, safe: bool) -> dict[str, Any]:
        what, path = self._addressed(manifest)
        headers = {"Content-Type": _APPLY}
        return self._ask(Call("PATCH", path, what, {**_STRICT, **query}, _encoded(manifest), headers, safe=safe)).accepted().body

    def _create(self, manifest: Mapping[str, Any], query: Mapping[str, str], *, safe: bool) -> dict[str, Any]:
        what, path = self._addressed(manifest)
        headers = {"Content-Type": "application/json"}
        collection = path.rpartition("/")[0]
        return self._ask(Call("POST", collection, what, {**_STRICT, **query}, _encoded(manifest), headers, safe=safe)).accepted().body

    def _addressed(self, manifest: Mapping[str, Any]) -> tuple[str, str]:
        kind, metadata = str(manifest["kind"]), manifest["metadata"]
        namespace, name = str(metadata.get("namespace") or ""), str(metadata["name"])
        return label(kind, namespace, name), self.resource(str(manifest["apiVersion"]), kind).path(namespace, name)

    def _ask(self, call: Call) -> Answer:
        answer = self._transport.ask(call)
        for text in answer.warnings():
            with self._guard:
                self._warnings.setdefault(call.what, {})[text] = None
        return answer


class KubernetesWriter(KubernetesReader):
    """Also writes. A write is sent once (but for a 429): only the caller knows what may be repeated."""

    can_write: ClassVar[bool] = True

    def apply(self, manifest: Mapping[str, Any], *, manager: str, force: bool = False) -> dict[str, Any]:
        """Server-side apply: the object as it is now.

        Raises:
            DeviceError: as `dry_run_apply`; after an UnreachableError it may have happened.
        """
        return self._apply(manifest, {"fieldManager": manager, "force": _flag(force)}, safe=False)

    def create(self, manifest: Mapping[str, Any], *, manager: str = "infra-kit") -> dict[str, Any]:
        """Create it.

        Raises:
            ConflictError: it exists (`exists`).
            DeviceError: as `dry_run_apply`; after an UnreachableError it may have happened.
        """
        return self._create(manifest, {"fieldManager": manager}, safe=False)

    def patch(  # noqa: PLR0913  the API's own coordinates
        self, api_version: str, kind: str, namespace: str, name: str, body: Any, *, patch: PatchType = "merge", manager: str = "infra-kit"
    ) -> dict[str, Any]:
        """Merge-patch or JSON-patch an object.

        Raises:
            NotFoundError: there is no such object.
            DeviceError: refused, or no answer.
        """
        path = self.resource(api_version, kind).path(namespace, name)
        query = {**_STRICT, "fieldManager": manager}
        headers = {"Content-Type": _PATCHES[patch]}
        return self._ask(Call("PATCH", path, label(kind, namespace, name), query, _encoded(body), headers)).accepted().body

    def delete(  # noqa: PLR0913  the API's own coordinates
        self,
        api_version: str,
        kind: str,
        namespace: str,
        name: str,
        *,
        propagation: Propagation = "Background",
        uid: str | None = None,
        resource_version: str | None = None,
    ) -> dict[str, Any] | None:
        """Ask for its deletion: the server's answer, or None where there is no such object (any more).

        Args:
            api_version: such as `apps/v1`.
            kind: such as `Deployment`.
            namespace: empty for cluster-wide objects.
            name: its name.
            propagation: what becomes of the objects that it owns.
            uid: only if it is still this very object.
            resource_version: only if it is still as it was read.

        Raises:
            ConflictError: it is another object by now, or has changed.
            DeviceError: refused, or no answer.
        """
        path = self.resource(api_version, kind).path(namespace, name)
        preconditions = {key: value for key, value in (("uid", uid), ("resourceVersion", resource_version)) if value}
        options = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation, "preconditions": preconditions}
        headers = {"Content-Type": "application/json"}
        answer = self._ask(Call("DELETE", path, label(kind, namespace, name), body=_encoded(options), headers=headers))
        return None if answer.absent else answer.accepted().body


def label(kind: str, namespace: str, name: str) -> str:
    """`Kind/namespace/name`, for messages."""
    return "/".join(part for part in (kind, namespace, name) if part)


def _encoded(value: Any) -> bytes:
    """JSON that a YAML parser takes, too, for an apply is read by one: no surrogate pairs, and nothing raw that YAML does not print."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text).encode()


def _flag(value: bool) -> str:
    return "true" if value else "false"
