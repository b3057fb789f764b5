"""Carrying out what a look has found: one request, repeated only where that is safe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import RefusedError, UnreachableError
from infra_kit.stacks.engines.server_side import creation, existing
from infra_kit.stacks.engines.server_side.conflicts import refuse_to_take
from infra_kit.stacks.engines.server_side.desired import signed
from infra_kit.stacks.engines.server_side.ownership import BOOKKEEPING, owned, remembered
from infra_kit.stacks.kubernetes_api.answers import ConflictError
from infra_kit.stacks.kubernetes_api.deletion import wait_gone
from infra_kit.stacks.kubernetes_api.outage import AwayError
from infra_kit.stacks.stack import FIELD_MANAGER

if TYPE_CHECKING:
    from infra_kit.plan.resource import RunContext
    from infra_kit.stacks.engines.server_side.look import Look, Object, Question
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

_TRIES = 4
"""A status that its controller writes meanwhile is a conflict, too, where fields are taken."""


@dataclass(frozen=True, slots=True)
class Applying:
    """Applies one object.

    Args:
        client: to write with.
        question: the object.
        resource: its id in plans.
        context: consent, and the run.
    """

    client: KubernetesWriter
    question: Question
    resource: str
    context: RunContext

    def carry_out(self, look: Look) -> Object:
        """Make it so; gives the object as it is stored.

        Raises:
            RefusedError: the server refuses, or a field is somebody else's.
            UnreachableError: no answer, and it has not happened.
        """
        if look.action == "none" and look.live is not None:
            return look.live
        self.require_consent(look)
        if look.action == "replace":
            self.make_room(look)
            look = replace(look, live=None, held=())
        look = self.release(look)
        force = bool(look.held)
        for left in reversed(range(_TRIES)):
            try:
                return self._send(look, force=force)
            except ConflictError as error:
                if not left:
                    raise
                # Somebody was faster, or has signed in our name: look once more at what there is now.
                look = self._again()
                if look.action == "none" and look.live is not None:
                    return look.live
                force = bool(look.held) or (bool(error.conflicts) and all(each.path in BOOKKEEPING for each in error.conflicts))
            except UnreachableError as error:
                if not left or isinstance(error, AwayError):
                    raise
                look = self._after(error)
                if look.action == "none" and look.live is not None:
                    return look.live  # only the answer was lost
                force = bool(look.held)
        raise AssertionError  # the last try returns or raises

    def _again(self) -> Look:
        live = self.question.fetch()
        look = creation.look(self.question, certain=True) if live is None else existing.look(self.question, live)
        self.require_consent(look)
        if look.action == "replace":
            raise RefusedError(
                self.question.device,
                f"{self.question.what} was changed by another hand meanwhile: {look.state['reason']}",
                remedy="plan again",
            )
        return look

    def require_consent(self, look: Look) -> None:
        """Refuse to take fields of others that nobody has consented to.

        Raises:
            RefusedError: there are some.
        """
        if any(each.held == "never-ours" for each in look.held) and not self.context.takes(self.resource):
            raise refuse_to_take(self.question.device, self.resource, look.held)

    def make_room(self, look: Look) -> None:
        """Delete the object that is to be made anew, and wait until it is gone."""
        live = look.live
        if live is None:
            return
        metadata, kind = live["metadata"], self.question.item.key.kind
        if not metadata.get("deletionTimestamp"):
            self.client.delete(
                live["apiVersion"], kind, metadata.get("namespace") or "", metadata["name"], propagation="Foreground", uid=metadata["uid"]
            )
        wait_gone(self.client, live, progress=lambda text: self.context.progress(self.resource, text), interrupted=self.context.interrupted)

    def release(self, look: Look) -> Look:
        """Let a volume forget the claim that is gone, so that it takes the next of that name; gives the look with what is there then."""
        live = look.live
        if live is None or look.action == "replace" or not existing.orphaned(live):
            return look
        metadata = live["metadata"]
        body = {"metadata": {"uid": metadata["uid"]}, "spec": {"claimRef": {"uid": None, "resourceVersion": None}}}
        return replace(look, live=self.client.patch(live["apiVersion"], live["kind"], "", metadata["name"], body, manager=FIELD_MANAGER))

    def _send(self, look: Look, *, force: bool) -> Object:
        manifest = self.manifest(look, force=force)
        if force and look.live is not None:
            # Only from whom it was seen to be held: not from who comes in between.
            manifest["metadata"]["resourceVersion"] = look.live["metadata"]["resourceVersion"]
        return self.client.apply(manifest, manager=FIELD_MANAGER, force=force)

    def manifest(self, look: Look, *, force: bool) -> Object:
        """What is sent: with the record of its fields, by whom and in which run."""
        fields = look.fields
        if fields is None:
            fields = remembered(owned(self.question.dry_run(look.wanted, force=force)))
        return signed(look.wanted.manifest, fields, self.context.folder.name)

    def _after(self, error: UnreachableError) -> Look:
        """Look again after an apply that was not answered: what has not happened may be sent once more.

        Raises:
            UnreachableError: the apply's, where looking again is of no use.
        """
        try:
            return self._again()
        except AwayError:
            raise
        except (UnreachableError, RefusedError):
            raise error from None
