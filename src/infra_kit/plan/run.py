"""One run from the lock to the last entry of the journal."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import ExitCode, InfraKitError, StateError
from infra_kit.plan import pace, planfile, planning, resumption
from infra_kit.plan.connections import Connections
from infra_kit.plan.desk import Desk
from infra_kit.plan.events import Event, Listener
from infra_kit.plan.execution import execute, exit_code
from infra_kit.plan.interruption import INTERRUPTED, Interruption
from infra_kit.plan.planning import Plan, intended, make_plan, make_removal
from infra_kit.plan.record.journal import Journal, RunStart
from infra_kit.plan.record.lock import Lock
from infra_kit.plan.record.place import open_database
from infra_kit.plan.request import Report
from infra_kit.plan.resource import ReadContext, RunContext, scope_of
from infra_kit.plan.runlog import RunLog
from infra_kit.plan.scheduling import counted
from infra_kit.plan.scope import within
from infra_kit.plan.state import StateFolder
from infra_kit.plan.waiting import WaitingRoom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.planning import Intended
    from infra_kit.plan.record.tables import RunRow
    from infra_kit.plan.request import Dialogue, Request
    from infra_kit.plan.resource import Layer


def perform(site: Site, layers: Sequence[Layer], access: Access, request: Request, dialogue: Dialogue) -> Report:
    """Plan, ask, carry out, under the lock of the site or of the workspaces that it is about.

    Args:
        site: the site.
        layers: the layers to ask for resources.
        access: how the devices are reached.
        request: what is asked for.
        dialogue: whoever asked.

    Raises:
        LockedError: another run holds the lock.
        StalePlanError: the plan file's site or devices moved.
        StateError: the state folder or the database failed; nothing was sent.
        InfraKitError: something that is no device's fault.
        KeyboardInterrupt: before anything was sent.
    """
    if request.plan_file is not None:
        planfile.require_site(request.plan_file, site.digest)
        request = request.of_plan_file(request.plan_file, request)
    state = StateFolder(site.folder)
    state.prepare()
    interruption = Interruption()
    with ExitStack() as stack:
        stack.enter_context(pace.of_a_run())
        database = stack.enter_context(open_database(site, state, access))
        journal = Journal(database, site.site.name, access.mask)
        lock = Lock(database, site.site.name)
        # In this order, so that no signal can fall between taking the lock and seeing to its release.
        stack.enter_context(interruption.listening())
        stack.enter_context(lock)
        stack.callback(state.release)
        asked = request
        request, earlier = resumption.continued(journal, request, site)
        layers = [layer for layer in layers if request.selection.concerns(layer.name)]
        # Before the lock is taken: what the inventory asks for says what of the site is to be locked.
        wanted = intended(layers, site, request.selection, dialogue.event) if request.command == "apply" else {}
        scopes = planning.scopes(wanted, journal.created(), request.selection)
        run = state.new_run()
        earlier_scopes = () if earlier is None else resumption.scopes_of(earlier)
        for broken in lock.acquire(run, [*scopes, *earlier_scopes], break_stale=asked.break_lock, inherit=asked.resume):
            dialogue.notice(f"lock taken over: {broken.text}; {broken.stale}")
        if earlier is not None:
            resumption.require_open(journal, earlier)
        for notice in resumption.notices(journal, asked, earlier, lock.scopes):
            dialogue.notice(notice)
        folder = state.run_folder(run)
        log = stack.enter_context(RunLog(folder, access.mask))
        desk = Desk(run, lock, journal, state, folder, log, dialogue.event, interruption)
        return _Run(site, layers, access, dialogue, desk).perform(request, earlier, wanted)


class _Run:
    def __init__(self, site: Site, layers: Sequence[Layer], access: Access, dialogue: Dialogue, desk: Desk) -> None:
        self._site = site
        self._layers = layers
        self._access = access
        self._dialogue = dialogue
        self._desk = desk

    def perform(self, request: Request, earlier: RunRow | None, wanted: Intended) -> Report:
        desk, journal = self._desk, self._desk.journal
        journal.begin_run(
            RunStart(
                desk.run,
                request.command,
                request.as_dict(),
                self._access.kind,
                self._site.digest,
                earlier.id if earlier is not None else None,
                self._desk.lock.scopes,
            )
        )
        try:
            plan = self._plan(request, wanted)
            if earlier is not None:
                plan = planning.awaiting(plan, journal.left_by(request.command))
            agreed = not plan.pending or self._dialogue.agrees(plan)
        except KeyboardInterrupt:
            journal.end_run(desk.run, "declined", INTERRUPTED, "interrupted before anything was sent")
            raise
        except InfraKitError as error:
            journal.end_run(desk.run, "refused", error.exit_code, str(error))
            raise
        except Exception as error:
            # Such as a reader of the output that went away: a run that sent nothing leaves nothing unfinished.
            journal.end_run(desk.run, "refused", ExitCode.ERROR, f"{type(error).__name__}: {error}; nothing was sent")
            raise
        if not agreed:
            journal.end_run(desk.run, "declined", ExitCode.ERROR, "not agreed to; nothing was sent")
            return Report(desk.run, self._desk.folder, plan, "declined", ExitCode.ERROR)
        return self._carry_out(plan, request, earlier)

    def _plan(self, request: Request, wanted: Intended) -> Plan:
        """Plan with connections that cannot write: until someone agrees, nothing can be sent."""
        desk = self._desk
        created, selection = desk.journal.created(), request.selection
        with Connections(self._access, read_only=True) as connections:
            context = ReadContext(self._site, connections, full=request.full)
            if request.command == "apply":
                plan = make_plan(self._layers, context, selection=selection, created=created, listener=self._listen, wanted=wanted)
            else:
                plan = make_removal(self._layers, context, selection=selection, created=created, listener=self._listen)
        self._widen(plan)
        if request.plan_file is not None:
            planfile.require_unmoved(request.plan_file, plan, request.selection, self._access.mask)
        plan = planfile.without_unreviewed(plan, request.unreviewed)
        planfile.write(planfile.document(plan, self._access.mask), self._desk.folder / "plan.json")
        desk.journal.forget(_gone(plan))
        for notice in plan.notices:
            self._dialogue.notice(f"note: {notice}")
        self._dialogue.planned(plan)
        return plan

    def _widen(self, plan: Plan) -> None:
        """What the devices themselves remember may be of more scopes than the inventory and the journal know of."""
        found = {scope_of(entry.resource) for entry in plan.entries}
        if not within(found, self._desk.lock.scopes):
            self._desk.lock.widen(sorted(found))
            self._desk.journal.widen_run(self._desk.run, self._desk.lock.scopes)

    def _listen(self, event: Event) -> None:
        self._desk.log.event(event)
        self._desk.listener(event)

    def _carry_out(self, plan: Plan, request: Request, earlier: RunRow | None) -> Report:
        desk, journal = self._desk, self._desk.journal
        # Journaled before the first write: from here on a kill leaves a run that can be resumed.
        journal.begin_steps(desk.run, [entry for entry in plan.entries if entry.has_step])
        if earlier is not None:
            journal.supersede(earlier.id, desk.run)
        desk.interruption.changing = True
        devices = {entry.id: entry.resource.device for entry in plan.entries}
        with Connections(self._access, read_only=False) as connections, WaitingRoom(self._listen, devices) as room:
            context = RunContext(
                self._site,
                connections,
                desk.folder,
                request.allow_reboot,
                request.allow_wipe,
                resumed=earlier is not None,
                interrupted=lambda: desk.interruption.asked,
                take=request.take,
                force=request.force,
                progress=room.say,
                full=request.full,
            )
            outcomes = execute(plan, context, replace(desk, listener=_leaving(room, desk.listener)))
        code = exit_code(outcomes, desk.interruption)
        state = _state(code, interrupted=desk.interruption.asked)
        message = desk.interruption.reason
        try:
            # What was only found, and not seen to become ready, is still to be awaited by a resumption.
            unready = {entry.id for entry in plan.entries if entry.waiting and not entry.awaited}
            journal.cover(desk.run, [each for each, outcome in outcomes.items() if outcome.good and each not in unready])
            journal.end_run(
                desk.run,
                state,
                code,
                "; ".join(filter(None, [message, counted(outcomes)])),
                supersedes=desk.lock.scopes if code == ExitCode.OK and request.selection.complete else (),
                unready=unready,
            )
        except StateError as error:
            # The devices are as the outcomes say; the journal keeps the run as unfinished, which errs on the safe side.
            desk.log.fault("journal", error)
            message = message or str(error)
        self._listen(Event("finished", outcome=state, message=message))
        return Report(
            desk.run, desk.folder, plan, state, code, outcomes, message, request.command, request.selection, self._desk.lock.scopes
        )


def _leaving(room: WaitingRoom, listener: Listener) -> Listener:
    """Who has ended waits no longer."""

    def heard(event: Event) -> None:
        if event.moment == "ended":
            room.leave(event.resource)
        listener(event)

    return heard


def _gone(plan: Plan) -> list[str]:
    """What is not on its device any more: removals with nothing to remove, and what would be created anew."""
    return [
        each.id
        for each in plan.entries
        if each.diff.action == "create" or (plan.graph.phase[each.id].removal and each.diff.action == "none")
    ]


def _state(code: int, *, interrupted: bool) -> str:
    if code == ExitCode.OK:
        return "done"
    if interrupted:
        return "interrupted"
    return "partial" if code == ExitCode.PARTIAL else "failed"
