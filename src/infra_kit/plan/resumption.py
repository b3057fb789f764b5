"""Which earlier run a `--resume` goes on with, and what of an unfinished run anybody else is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LockedError, StalePlanError, UsageError
from infra_kit.plan.continuation import command_line
from infra_kit.plan.scope import WHOLE, overlap, within
from infra_kit.plan.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.record.journal import Journal
    from infra_kit.plan.record.tables import RunRow
    from infra_kit.plan.request import Request


def scopes_of(row: RunRow) -> tuple[str, ...]:
    """What a run locked."""
    return tuple(row.scopes or WHOLE)


def continued(journal: Journal, request: Request, site: Site) -> tuple[Request, RunRow | None]:
    """The request and no run; of a resumption the request that it goes on with, and its run, where there is one.

    Raises:
        UsageError: the last unfinished run is a destroy.
        StalePlanError: it applied a plan file, and the inventory has moved.
    """
    if not request.resume:
        return request, None
    names = request.selection.scopes
    left = [row for row in journal.open_runs() if not names or within(scopes_of(row), names)]
    _refuse_to_recreate(journal, left, site)
    earlier = next((row for row in left if row.command == request.command), None)
    if earlier is None:
        return request, None
    resumed = request.resuming(earlier.request)
    if resumed.bound and earlier.site_digest != site.digest:
        raise StalePlanError(
            f"the inventory changed since run {earlier.id} began, and that run applied a plan file", remedy="make a new plan"
        )
    return resumed, earlier


def require_open(journal: Journal, earlier: RunRow) -> None:
    """Look again, now that the lock is held.

    Raises:
        LockedError: somebody else has taken the run up between two looks.
    """
    if earlier.id not in {row.id for row in journal.open_runs()}:
        raise LockedError(f"run {earlier.id} was taken up by another run meanwhile", remedy="see `infra-kit status`")


def notices(journal: Journal, asked: Request, earlier: RunRow | None, scopes: Sequence[str]) -> Iterator[str]:
    """What a run says of those before it.

    Args:
        journal: the site's.
        asked: the request as it was asked for.
        earlier: the run that it resumes.
        scopes: what it locks.
    """
    if earlier is not None:
        yield f"resuming run {earlier.id} of {earlier.started.isoformat(timespec='seconds')}"
        return
    if asked.resume:
        yield "no unfinished run to resume: starting from the beginning"
    for row in journal.open_runs(asked.command):
        if overlap(scopes_of(row), scopes):
            resumable = " (--resume goes on with that one)" if asked.command == "apply" and not asked.resume else ""
            yield f"run {row.id} was not finished; this run plans everything anew{resumable}"
            return


def _refuse_to_recreate(journal: Journal, left: Sequence[RunRow], site: Site) -> None:
    """A destroy that stopped half way is not to be answered by creating again what it removed."""
    for row in left:
        if row.command == "apply":
            return
        if journal.left(row.id):
            again = command_line(row.command, Selection.from_dict(row.request["selection"]), site.folder)
            raise UsageError(
                f"the last unfinished run is a destroy, {row.id}: to resume would create anew what it removed",
                remedy=f"`{again}` finishes it; `apply` without --resume makes everything as the inventory says",
            )
