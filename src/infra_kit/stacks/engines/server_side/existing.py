"""An object that is there: whether an apply would change anything, and what."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.server_side import validation
from infra_kit.stacks.engines.server_side.applyset import STACK_LABEL
from infra_kit.stacks.engines.server_side.compare import Difference, differences, settled, shown
from infra_kit.stacks.engines.server_side.conflicts import held_fields, holder
from infra_kit.stacks.engines.server_side.look import Look, state
from infra_kit.stacks.engines.server_side.ownership import (
    BOOKKEEPING,
    FIELDS,
    MISSING,
    PATCHED_BY,
    applied,
    everything,
    extract,
    holders,
    makers,
    owned,
    paths,
    remembered,
    remembers,
)
from infra_kit.stacks.engines.server_side.secrets import veil, veiled
from infra_kit.stacks.kubernetes_api.answers import ConflictError, InvalidError

if TYPE_CHECKING:
    from infra_kit.stacks.engines.server_side.conflicts import HeldField
    from infra_kit.stacks.engines.server_side.look import Change, Object, Question
    from infra_kit.stacks.engines.server_side.secrets import Resolved

COORDINATES = frozenset({".apiVersion", ".kind", ".metadata.name", ".metadata.namespace"})
"""Which object it is, not what it is like."""
_TRIES = 2
"""So often an object is looked at again that somebody else writes meanwhile."""


def look(question: Question, live: Object) -> Look:
    """What applying onto an object would come to.

    Raises:
        RefusedError: the server refuses it, or it is not this stack's to change.
        DeviceError: the cluster cannot be asked.
    """
    _require_own(question, live)
    if live["metadata"].get("deletionTimestamp"):
        finalizers = (live["metadata"].get("finalizers") or []) + ((live.get("spec") or {}).get("finalizers") or [])
        by = f" (held by finalizer {', '.join(finalizers)})" if finalizers else ""
        return _replacement(question, live, f"is being deleted{by}", [])
    found = _look(question, live)
    if orphaned(live) and found.action in {"none", "update"}:
        claim = {"path": "spec.claimRef.uid", "before": live["spec"]["claimRef"]["uid"], "after": None, "manager": "", "held": ""}
        changes = [*found.state["changes"], claim]
        reason = "is released: its claim is gone, and it takes no other of that name; its data stays"
        found = replace(found, state=_found(question, live, found.wanted, state("update", reason, changes, note=found.state["note"])))
    return found


def orphaned(live: Mapping[str, Any]) -> bool:
    """Whether it is a volume that outlived its claim: it remembers that one's UID, so the next claim of its name never gets it."""
    spec = live.get("spec") or {}
    kept = spec.get("persistentVolumeReclaimPolicy") == "Retain" and "uid" in (spec.get("claimRef") or {})
    return live["kind"] == "PersistentVolume" and kept and (live.get("status") or {}).get("phase") == "Released"


def _look(question: Question, live: Object, tries: int = _TRIES) -> Look:
    wanted = question.writer.wanted(question.item, live)
    if _settled(wanted.manifest, live):
        return Look(_found(question, live, wanted, state("none", "", [])), wanted, live=live)
    held: list[HeldField] = []
    try:
        try:
            answer = question.dry_run(wanted, force=False)
        except ConflictError as error:
            if not error.conflicts:
                raise
            held = held_fields(error.conflicts, live)
            answer = question.dry_run(wanted, force=True)
    except InvalidError as error:
        if not error.immutable or question.item.patch:
            raise validation.refused(question.device, question.what, error) from error
        return _replacement(question, live, error.what, held)
    except RefusedError as error:
        raise validation.refused(question.device, question.what, error) from error
    if tries and _version(answer) != _version(live):
        # A controller has written it between the two answers: what it wrote would show as a change of ours.
        now = question.fetch()
        if now is not None and now["metadata"]["uid"] == live["metadata"]["uid"] and not now["metadata"].get("deletionTimestamp"):
            return _look(question, now, tries - 1)
    return _compared(question, live, answer, Look({}, wanted, held=held))


def _version(found: Object) -> Any:
    return found["metadata"].get("resourceVersion")


def _require_own(question: Question, live: Object) -> None:
    """Raise unless the object is this stack's, or nobody's of infra-kit."""
    metadata = live["metadata"]
    of = (metadata.get("labels") or {}).get(STACK_LABEL)
    if question.item.patch and of is not None:
        raise RefusedError(
            question.device,
            f"{question.what} belongs to stack {of}, so it is not patched",
            remedy="set these fields where that stack makes the object",
        )
    other = (metadata.get("annotations") or {}).get(PATCHED_BY) if question.item.patch else None
    for stack, does in ((of, "belongs to"), (other, "is patched by")):
        if stack not in {None, question.writer.stack}:
            raise RefusedError(
                question.device,
                f"{question.what} {does} stack {stack}",
                remedy="give one of the two another name, or remove it from that stack first",
            )


def _settled(manifest: Mapping[str, Any], live: Object) -> bool:
    entry = applied(live)
    tree = entry.get("fieldsV1")
    if not tree or entry.get("apiVersion") != manifest["apiVersion"]:
        return False
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in {"name", "namespace"}}
    held = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind"}} | {"metadata": metadata}
    return settled(held, live, tree) and remembers(metadata["annotations"][FIELDS], remembered(tree))


def _compared(question: Question, live: Object, answer: Object, asked: Look) -> Look:
    wanted, held = asked.wanted, asked.held
    changes = [_change(live, each, wanted, held) for each in differences(live, answer, everything(live, answer))]
    fields = remembered(owned(answer))
    gains, losses = _moved(live, answer)
    if not changes and not gains and not losses and remembers(wanted.manifest["metadata"]["annotations"][FIELDS], fields):
        return Look(_found(question, live, wanted, state("none", "", [])), wanted, fields, live=live)
    reason = _reason(question, live, changes) or _reason_without_change(gains, losses)
    return Look(_found(question, live, wanted, state("update", reason, changes)), wanted, fields, held, live)


def _change(live: Object, found: Difference, wanted: Resolved, held: Sequence[HeldField]) -> Change:
    by = holder(found.path, held)
    manager = by.manager if by else ", ".join(holders(live, found.path)) if found.before is not MISSING else ""
    before, after = found.before, found.after
    if wanted.hides(found.path):
        before, after = veiled(before, other=MISSING), veiled(after, other=before)
    return {
        "path": shown(found.path),
        "before": None if before is MISSING else before,
        "after": None if after is MISSING else after,
        "manager": manager,
        "held": by.held if by else "",
    }


def _reason(question: Question, live: Object, changes: Sequence[Change]) -> str:
    if not owned(live):
        made_by = ", ".join(makers(live)[:1]) or "an unknown hand"
        return f"exists already, made by {made_by}; infra-kit {'patches' if question.item.patch else 'adds'} its fields"
    ours = sorted({change["manager"] for change in changes if change["held"] == "ours"})
    if ours:
        return f"was changed by {', '.join(ours)}"
    return "differs" if changes else ""


def _reason_without_change(gains: Sequence[str], losses: Sequence[str]) -> str:
    named = [f"takes {', '.join(gains)}"] if gains else []
    named += [f"gives up {', '.join(losses)}"] if losses else []
    return "; ".join(named) or "infra-kit's record of its fields is renewed"


def _replacement(question: Question, live: Object, reason: str, held: Sequence[HeldField]) -> Look:
    wanted = question.writer.wanted(question.item, None)
    fields, note = None, ""
    try:
        fields = remembered(owned(validation.probe(question.client, wanted.manifest, question.item.key.namespace)))
    except InvalidError as error:
        raise validation.refused(question.device, question.what, error) from error
    except RefusedError as error:
        note = f"its creation could not be checked: {error.what}"
    now = extract(live, owned(live))
    changes = [
        _change(live, each, wanted, held)
        for each in differences(now, wanted.manifest, everything(live))
        if each.after is not MISSING and each.path not in COORDINATES
    ]
    found = _found(question, live, wanted, state("replace", reason, changes, note=note))
    return Look(found, wanted, fields, held, live)


def _found(question: Question, live: Object, wanted: Resolved, found: Change) -> Change:
    """A state with the version of what is there, and what the server warned of."""
    managed = veil(extract({key: value for key, value in live.items() if key != "status"}, owned(live)), wanted)
    metadata = managed.get("metadata") or {}
    annotations = metadata.get("annotations")
    if annotations is not None:
        kept = {key: text for key, text in annotations.items() if f".metadata.annotations.{key}" not in BOOKKEEPING}
        managed = {**managed, "metadata": {**metadata, "annotations": kept}}
    text = json.dumps([live["metadata"].get("uid"), managed], sort_keys=True, separators=(",", ":"))
    note = question.with_warnings(found["note"]) if found["action"] != "none" else ""
    return {**found, "present": True, "version": hashlib.sha256(text.encode()).hexdigest(), "note": note}


def _moved(live: Object, answer: Object) -> tuple[list[str], list[str]]:
    """The fields that infra-kit would newly hold, and that it would no longer hold."""
    before = set(paths(owned(live))) - set(BOOKKEEPING)
    after = set(paths(owned(answer))) - set(BOOKKEEPING)
    return [shown(path) for path in sorted(after - before)], [shown(path) for path in sorted(before - after)]
