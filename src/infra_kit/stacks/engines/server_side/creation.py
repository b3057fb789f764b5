"""An object that is not there: what its creation would come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.server_side import existing, validation
from infra_kit.stacks.engines.server_side.compare import differences, shown
from infra_kit.stacks.engines.server_side.look import Look, state
from infra_kit.stacks.engines.server_side.ownership import MISSING, everything, owned, remembered
from infra_kit.stacks.engines.server_side.secrets import veil
from infra_kit.stacks.kubernetes_api.answers import ConflictError, InvalidError, NotFoundError

if TYPE_CHECKING:
    from infra_kit.stacks.engines.server_side.look import Object, Question
    from infra_kit.stacks.engines.server_side.secrets import Resolved

_MAKERS = {
    "Node": "a node comes when its kubelet registers: start the kubelet there, or have the server join the cluster again; if the server "
    "is gone for good, take it out of `kubernetes.workers` or `kubernetes.control_plane`"
}
"""What to do where an object is missing that somebody else makes, by its kind."""


def look(question: Question, *, certain: bool, no_namespace: bool = False) -> Look:
    """What creating an object would come to; or changing it, where it turns out to be there.

    Args:
        question: which object.
        certain: it has been looked for; else the server's answer tells whether somebody else has made one of that name.
        no_namespace: its namespace is known not to exist.

    Raises:
        RefusedError: the server refuses the object, or it is not this stack's to change.
        DeviceError: the cluster cannot be asked.
    """
    if question.item.patch:
        return _patch(question, certain=certain)
    wanted = question.writer.wanted(question.item, None)
    if no_namespace:
        return _without_namespace(question, wanted)
    try:
        answer = question.dry_run(wanted, force=False)
    except NotFoundError as error:
        return _not_found(question, wanted, error)
    except (ConflictError, InvalidError) as error:
        live = None if certain else question.fetch()
        if live is None:
            raise validation.refused(question.device, question.what, error) from error
        return existing.look(question, live)
    except RefusedError as error:
        raise validation.refused(question.device, question.what, error) from error
    if (answer.get("metadata") or {}).get("resourceVersion"):
        # A dry run of a creation has none: somebody else's object is there already.
        live = question.fetch()
        if live is not None:
            return existing.look(question, live)
    return _creation(question, wanted, answer, "")


def _patch(question: Question, *, certain: bool) -> Look:
    live = None if certain else question.fetch()
    if live is not None:
        return existing.look(question, live)
    raise RefusedError(
        question.device,
        f"{question.what} does not exist, and this is a patch of it",
        remedy=_MAKERS.get(question.item.key.kind, "it is somebody else's to create: is that installed?"),
    )


def _not_found(question: Question, wanted: Resolved, error: NotFoundError) -> Look:
    kind = question.item.key.kind
    if error.kind == "namespaces":
        return _without_namespace(question, wanted)
    if error.kind != kind:
        raise validation.refused(question.device, question.what, error)
    if not question.expected:
        raise error
    return _creation(question, wanted, None, f"kind {kind} does not exist yet: the object could not be checked")


def _without_namespace(question: Question, wanted: Resolved) -> Look:
    try:
        answer, note = judged_elsewhere(question, wanted)
    except NotFoundError as error:
        if error.kind == "namespaces":
            raise
        return _not_found(question, wanted, error)
    except RefusedError as error:
        raise validation.refused(question.device, question.what, error) from error
    return _creation(question, wanted, answer, note)


def judged_elsewhere(question: Question, wanted: Resolved) -> tuple[Object | None, str]:
    """What the server would make of an object whose namespace is still to come (None where it could not be asked), and a note.

    Raises:
        DeviceError: the server refuses it, or cannot be asked.
    """
    manifest, namespace = wanted.manifest, question.item.key.namespace
    if question.alike is None:
        return validation.elsewhere(question.client, manifest, namespace)
    with question.alike.form_of(manifest) as (form, length):
        if form.speaks_for(length):
            # The same note whoever was judged, or which thread came first would tell one plan from the next.
            return {"metadata": {"managedFields": form.managed}}, validation.note_of(namespace)
        answer, note = validation.elsewhere(question.client, manifest, namespace)
        if answer is not None:
            question.alike.judged(form, length, manifest, answer)
        return answer, note


def _creation(question: Question, wanted: Resolved, answer: Object | None, note: str) -> Look:
    tree = everything(answer) if answer else {}
    changes = [
        {"path": shown(each.path), "before": None, "after": each.after, "manager": "", "held": ""}
        for each in differences(MISSING, veil(wanted.manifest, wanted), tree)
        if each.path not in existing.COORDINATES
    ]
    found = state("create", "is not on the cluster", changes, note=question.with_warnings(note))
    return Look(found, wanted, remembered(owned(answer)) if answer else None)
