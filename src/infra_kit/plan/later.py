"""What can be looked at only once an earlier layer of the same plan has made its device, such as a cluster of hosts that are still bare."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.plan.planning import Plan
    from infra_kit.plan.request import Report, Request


def next_request(report: Report, request: Request) -> Request | None:
    """What to ask for after a run that left something for later; None where there is nothing, or where it would be of no use.

    A plan file names what was reviewed, and nobody has seen what would be done to these: its run ends here.
    """
    left = {entry.id: entry for entry in report.plan.entries if entry.later}
    if not left or request.plan_file is not None or request.bound:
        return None
    if any(not outcome.good for each, outcome in report.outcomes.items() if each not in left):
        return None
    selection = replace(report.selection, layers=tuple(dict.fromkeys(entry.layer for entry in left.values())))
    return replace(request, selection=selection, resume=False, break_lock=False)


def sentences(plan: Plan) -> Iterator[str]:
    """What a reader is told of what is left for later: one sentence for each layer, not one for each resource."""
    for (layer, reason), number in Counter((entry.layer, entry.diff.reason) for entry in plan.entries if entry.later).items():
        yield f"{layer}: {number} resources; {reason}"
