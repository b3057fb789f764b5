"""Removing what has left a program: only what is the stack's own, only that very object, and until it is gone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import RefusedError
from infra_kit.plan.resource import Created, Outcome, never
from infra_kit.stacks.engines.server_side.applyset import PART_OF_LABEL, STACK_LABEL, ApplySet, served
from infra_kit.stacks.engines.server_side.covered import key_of
from infra_kit.stacks.engines.server_side.foreign import Foreign, foreign_in_namespace, foreign_of_kind
from infra_kit.stacks.engines.server_side.ownership import BOOKKEEPING, PATCHED_BY, owned
from infra_kit.stacks.kubernetes_api.answers import NotFoundError
from infra_kit.stacks.kubernetes_api.client import label
from infra_kit.stacks.kubernetes_api.deletion import NAMED, held_by, wait_gone
from infra_kit.stacks.kubernetes_api.waiting import silent
from infra_kit.stacks.stack import FIELD_MANAGER, LABEL_PREFIX

if TYPE_CHECKING:
    from infra_kit.stacks.kubernetes_api.client import KubernetesReader, KubernetesWriter, Propagation
    from infra_kit.stacks.stack import ObjectKey

Object = Mapping[str, Any]
Deletion = Callable[[Object], bool]
Record = Mapping[str, Any]

RETAIN = f"{LABEL_PREFIX}retain"
"""Annotation of an object that stays when it leaves its program."""

_WITH_DEPENDENTS = frozenset(
    {("apps", "Deployment"), ("apps", "StatefulSet"), ("apps", "DaemonSet"), ("apps", "ReplicaSet"), ("batch", "Job"), ("batch", "CronJob")}
)
"""Gone only when their pods are gone: what the pods use (claims, service accounts) is removed after them."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """How the departure of an object is waited for; as `kubernetes_api.deletion.wait_gone` takes it."""

    within_s: float | None = None
    progress: Callable[[str], None] = silent
    interrupted: Callable[[], bool] = never


def record_of(stack: str, live: Object, *, patch: bool = False, retain: bool = False) -> dict[str, Any]:
    """What is remembered of an object so that it can be removed: the journal's record.

    Args:
        stack: the stack's name.
        live: the object as the API server returned it.
        patch: only fields of it are the stack's.
        retain: it stays when it leaves the program.
    """
    record = {
        "stack": stack,
        "engine": "server-side",
        "api_version": live["apiVersion"],
        "kind": live["kind"],
        "uid": live["metadata"]["uid"],
    }
    return {**record, **({"patch": True} if patch else {}), **({"retain": True} if retain else {})}


def created(reader: KubernetesReader, applyset: ApplySet, layer: str) -> list[Created]:
    """What the cluster itself remembers that infra-kit created for the stack.

    Args:
        reader: to ask with.
        applyset: the stack's.
        layer: the first part of the ids.

    Raises:
        RefusedError: what is there is not infra-kit's.
        DeviceError: the cluster cannot be asked.
    """
    found = []
    for each in applyset.members(reader):
        retain = RETAIN in (each["metadata"].get("annotations") or {})
        found.append(Created(f"{layer}/{key_of(each).path}", record_of(applyset.stack, each, retain=retain)))
    patched = [Created(f"{layer}/{key_of(each).path}", record_of(applyset.stack, each, patch=True)) for each in applyset.patched(reader)]
    return found + patched


def read_leftover(reader: KubernetesReader, applyset: ApplySet, key: ObjectKey, record: Record) -> dict[str, Any]:
    """What removing an object would come to: the state dictionary of `engines.engine`, its action `delete` or `none`.

    Raises:
        DeviceError: the cluster cannot be asked.
    """
    live = _live(reader, key, record)
    if live is None:
        return _state("none", "is not there any more", None)
    whose = _not_ours(applyset, live, record)
    if whose:
        return _state("none", f"stays: {whose}", live)
    if _patched(live, record):
        return _state("delete", "infra-kit gives up the fields that it set; the object stays", live)
    if _retained(live, record):
        return _state("delete", "leaves infra-kit's management and stays on the cluster (retain on delete)", live)
    if live["metadata"].get("deletionTimestamp"):
        return _state("delete", "; ".join(["is being deleted already", *held_by(live)]), live)
    foreign = _foreign(reader, applyset, live)
    reason = f"has left the program, but holds {_named(foreign)}: needs --force" if foreign else "has left the program"
    return _state("delete", reason, live)


def remove(  # noqa: PLR0913  what, by whom, how far
    writer: KubernetesWriter,
    applyset: ApplySet,
    key: ObjectKey,
    record: Record,
    *,
    force: bool = False,
    waiting: Waiting | None = None,
    delete: Deletion | None = None,
) -> Outcome:
    """Remove an object that has left the program, and wait until it is gone.

    Args:
        writer: to do it with.
        applyset: the stack's.
        key: which object.
        record: what the journal or the cluster remembers of it; may be empty.
        force: whether what others put into a namespace (or made of a kind) may go with it.
        waiting: how its departure is waited for.
        delete: has it deleted, where another than the writer does that; gives whether it will go.

    Raises:
        RefusedError: it is not the stack's; or it holds what others made, and not `force`.
        ConflictError: another object of its name took its place meanwhile.
        NotReadyError: it does not go; names the finalizers that hold it.
        WaitInterruptedError: the run was told to stop.
    """
    live = _live(writer, key, record)
    if live is None:
        return Outcome(message="was gone already")
    whose = _not_ours(applyset, live, record)
    if whose:
        raise RefusedError(writer.device, f"{key.path} is not removed: {whose}", remedy="remove it by hand if it shall go")
    if _patched(live, record):
        return _give_up(writer, live)
    if _retained(live, record):
        return _let_go(writer, live)
    foreign = [] if force else _foreign(writer, applyset, live)
    if foreign:
        raise RefusedError(
            writer.device,
            f"{key.path} is not removed: it holds {_named(foreign)}",
            remedy="remove or move them first; `--force` removes them with it",
        )
    waiting = waiting or Waiting()
    if delete is not None and delete(live):
        wait_gone(writer, live, within_s=waiting.within_s, progress=waiting.progress, interrupted=waiting.interrupted)
    else:
        _delete(writer, live, waiting)
    return Outcome(message="removed")


def _delete(writer: KubernetesWriter, live: Object, waiting: Waiting) -> None:
    metadata = live["metadata"]
    kind = (str(live["apiVersion"]).rpartition("/")[0], live["kind"])
    propagation: Propagation = "Foreground" if kind in _WITH_DEPENDENTS else "Background"
    answer = writer.delete(
        live["apiVersion"], live["kind"], metadata.get("namespace") or "", metadata["name"], propagation=propagation, uid=metadata["uid"]
    )
    # A `Status` says that it is gone; the object itself, that something holds it or that it ends with grace.
    if answer is not None and answer.get("kind") != "Status":
        wait_gone(writer, live, within_s=waiting.within_s, progress=waiting.progress, interrupted=waiting.interrupted)
    if kind == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        writer.forget_resources()


def _give_up(writer: KubernetesWriter, live: Object) -> Outcome:
    """An apply of nothing: the fields that nobody else holds go, the others stay with who holds them."""
    metadata = {name: live["metadata"][name] for name in ("name", "namespace", "uid") if live["metadata"].get(name)}
    writer.apply({"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}, manager=FIELD_MANAGER)
    return Outcome(message="its fields are given up; the object stays")


def _let_go(writer: KubernetesWriter, live: Object) -> Outcome:
    metadata = live["metadata"]
    annotations = dict.fromkeys([*(path.removeprefix(".metadata.annotations.") for path in BOOKKEEPING), RETAIN])
    others = [entry for entry in metadata.get("managedFields") or () if entry.get("manager") != FIELD_MANAGER]
    body = {
        "metadata": {
            # The server refuses to do it to another object of that name, or to one that has changed.
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "labels": {PART_OF_LABEL: None, STACK_LABEL: None},
            "annotations": annotations,
            "managedFields": others or [{}],  # an empty list would leave them as they are
        }
    }
    writer.patch(live["apiVersion"], live["kind"], metadata.get("namespace") or "", metadata["name"], body, manager=FIELD_MANAGER)
    return Outcome(message="left infra-kit's management; the object stays")


def _live(reader: KubernetesReader, key: ObjectKey, record: Record) -> dict[str, Any] | None:
    api_version = record.get("api_version")
    if not api_version:
        resource = served(reader, key.group, key.kind)
        if resource is None:
            return None
        api_version = resource.api_version
    try:
        return reader.get(str(api_version), key.kind, key.namespace, key.name)
    except NotFoundError:
        # An API version that the server has given up since; the object is stored all the same.
        return _live(reader, key, {}) if record.get("api_version") else None


def _not_ours(applyset: ApplySet, live: Object, record: Record) -> str:
    """Why an object is not the stack's to remove; empty where it is."""
    metadata = live["metadata"]
    labels = metadata.get("labels") or {}
    if record.get("patch"):
        by = (metadata.get("annotations") or {}).get(PATCHED_BY)
        return "" if by in {None, applyset.stack} and owned(live) else "infra-kit holds none of its fields for this stack any more"
    if applyset.owns(live):
        return ""
    other = labels.get(STACK_LABEL)
    if other and other != applyset.stack:
        return f"it belongs to stack {other}"
    if PART_OF_LABEL in labels:
        return f"it is a member of another ApplySet, {labels[PART_OF_LABEL]}"
    if record.get("uid") and record["uid"] == metadata["uid"] and owned(live) and not record.get("retain"):
        return ""  # a hand took the label off
    name = label(live["kind"], metadata.get("namespace") or "", metadata["name"])
    return f"{name} does not carry the label {PART_OF_LABEL}={applyset.id}, so infra-kit did not make it or has let it go"


def _patched(live: Object, record: Record) -> bool:
    return bool(record.get("patch")) or PATCHED_BY in (live["metadata"].get("annotations") or {})


def _retained(live: Object, record: Record) -> bool:
    return bool(record.get("retain")) or RETAIN in (live["metadata"].get("annotations") or {})


def _foreign(reader: KubernetesReader, applyset: ApplySet, live: Object) -> list[Foreign]:
    kind = (str(live["apiVersion"]).rpartition("/")[0], live["kind"])
    if kind == ("", "Namespace"):
        return foreign_in_namespace(reader, applyset, live["metadata"]["name"])
    if kind == ("apiextensions.k8s.io", "CustomResourceDefinition"):
        return foreign_of_kind(reader, applyset, live)
    return []


def _named(foreign: list[Foreign]) -> str:
    names = ", ".join(str(each) for each in foreign[:NAMED])
    more = f" and {len(foreign) - NAMED} more" if len(foreign) > NAMED else ""
    return (
        f"{len(foreign)} object{'s' if len(foreign) > 1 else ''} that {'are' if len(foreign) > 1 else 'is'} not this stack's: {names}{more}"
    )


def _state(action: str, reason: str, live: Object | None) -> dict[str, Any]:
    version = hashlib.sha256(str(live["metadata"]["uid"]).encode()).hexdigest() if live else ""
    return {"present": live is not None, "version": version, "action": action, "reason": reason, "changes": [], "note": ""}
