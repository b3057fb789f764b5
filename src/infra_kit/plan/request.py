"""What an `apply` or a `destroy` is asked to do, how it talks to whoever asked, and what it reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self

from infra_kit.plan.scope import WHOLE
from infra_kit.plan.selection import EVERYTHING, Selection

if TYPE_CHECKING:
    from infra_kit.plan.events import Event
    from infra_kit.plan.planfile import PlanDocument
    from infra_kit.plan.planning import Plan
    from infra_kit.plan.scheduling import StepOutcome

Command = Literal["apply", "destroy"]


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked for."""

    command: Command = "apply"
    selection: Selection = EVERYTHING
    allow_reboot: bool = False
    allow_wipe: frozenset[str] = frozenset()
    take: tuple[str, ...] = ()
    """Id globs: fields that others hold may be taken from them."""
    force: bool = False
    """What others put into something that goes may go with it."""
    resume: bool = False
    break_lock: bool = False
    plan_file: PlanDocument | None = None
    bound: bool = False
    """The resumption of a plan file's run: the inventory may not have moved."""
    unreviewed: Mapping[str, str] = field(default_factory=dict)
    """Id -> reason of what the plan file could not read: not to be touched, though it may answer now."""
    full: bool = False
    """Look at everything, also where a cheap look found what an earlier run left."""

    @classmethod
    def of_plan_file(cls, plan_file: PlanDocument, request: Self) -> Self:
        """The request, narrowed to what the plan file lists: what it found in place is read again too, to see whether it still is."""
        only = tuple(each.id for each in plan_file.resources)
        return replace(request, plan_file=plan_file, selection=replace(request.selection, only=only), unreviewed=plan_file.unknown)

    def as_dict(self) -> dict[str, Any]:
        """What the journal keeps for a resumption."""
        return {
            "selection": self.selection.as_dict(),
            "allow_reboot": self.allow_reboot,
            "allow_wipe": sorted(self.allow_wipe),
            "take": list(self.take),
            "force": self.force,
            "bound": self.bound or self.plan_file is not None,
            "unreviewed": dict(self.unreviewed),
        }

    def resuming(self, kept: Mapping[str, Any]) -> Self:
        """The request of an earlier run, with this one's consents added."""
        return type(self)(
            command=self.command,
            selection=Selection.from_dict(kept["selection"]),
            allow_reboot=self.allow_reboot or bool(kept["allow_reboot"]),
            allow_wipe=self.allow_wipe | frozenset(kept["allow_wipe"]),
            # Journals of earlier versions know neither.
            take=tuple(dict.fromkeys([*self.take, *kept.get("take", ())])),
            force=self.force or bool(kept.get("force")),
            resume=True,
            break_lock=self.break_lock,
            bound=bool(kept["bound"]),
            unreviewed=dict(kept["unreviewed"]),
            full=self.full,
        )


class Dialogue(Protocol):
    """Whoever asked: a terminal, a test."""

    def notice(self, text: str) -> None:
        """Something worth knowing."""
        ...

    def planned(self, plan: Plan) -> None:
        """The plan is made; nothing has been sent."""
        ...

    def agrees(self, plan: Plan) -> bool:
        """Whether to carry it out."""
        ...

    def event(self, event: Event) -> None:
        """The engine moved on; called from worker threads too."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """How a run ended."""

    run: str
    folder: Path
    plan: Plan
    state: str
    exit_code: int
    outcomes: Mapping[str, StepOutcome] = field(default_factory=dict)
    message: str = ""
    command: Command = "apply"
    selection: Selection = EVERYTHING
    scopes: tuple[str, ...] = WHOLE

    @property
    def touched(self) -> bool:
        """Whether anything was done to any device."""
        return any(outcome.kind in {"done", "staged"} or outcome.begun for outcome in self.outcomes.values())
