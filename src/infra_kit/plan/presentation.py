"""A plan and a run's outcome as text: grouped by layer and device or component, coloured on a terminal, plain elsewhere."""

from __future__ import annotations

import os
from collections import Counter
from itertools import groupby
from typing import IO, TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from infra_kit.plan import later
from infra_kit.plan.continuation import command_line
from infra_kit.plan.difference_text import CUT, change_lines, indented, unified_lines
from infra_kit.plan.resource import heading_of
from infra_kit.plan.scheduling import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from infra_kit.plan.masking import Mask
    from infra_kit.plan.planning import Entry, Plan
    from infra_kit.plan.request import Report
    from infra_kit.plan.resource import Action

_MARKS: dict[str, tuple[str, str]] = {
    "create": ("+", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "unknown": ("?", "magenta"),
}
_OUTCOME_STYLES = {"done": "green", "staged": "yellow", "failed": "bold red", "skipped": "magenta", "none": "dim", "waiting": "dim"}
_DISRUPTIONS = {
    "reload": "reloads the device",
    "reboot": "reboots the server",
    "recreate": "removes it and makes it anew",
}

_SAYS_NOTHING = "differs"
"""A reason that the changes beneath it give better."""
_AGAIN = 10
"""So many steps that were not done are said again at the end of a run."""
_WHOLE = 12
"""A new object of more values than these is not shown value by value."""


def console(stream: IO[str]) -> Console:
    """A console that never wraps, guesses or interprets; styles and bars only where a person looks and NO_COLOR is not set."""
    plain = bool(os.environ.get("NO_COLOR"))
    # rich's own reading of NO_COLOR leaves bold and dim, which are escapes as well.
    return Console(
        file=stream,
        soft_wrap=True,
        highlight=False,
        markup=False,
        emoji=False,
        color_system=None if plain else "auto",
        force_terminal=False if plain else None,
    )


def plan_text(plan: Plan, mask: Mask, *, title: str = "Plan") -> Iterator[Text]:
    """What would be done, line by line, and the summary.

    Args:
        plan: the plan.
        mask: applied to every text.
        title: first word of the summary.
    """
    shown = [entry for entry in plan.entries if entry.diff.action != "none" and not entry.later]
    # The graph's order interleaves devices; for the reader a device is in one place, at its first resource.
    layers = list(dict.fromkeys(entry.layer for entry in shown))
    headings = {place: number for number, place in enumerate(dict.fromkeys(map(_place, shown)))}
    shown.sort(key=lambda entry: (layers.index(entry.layer), headings[_place(entry)]))
    common = _Common(shown)
    cut = False
    for layer, of_layer in groupby(shown, key=lambda entry: entry.layer):
        yield Text(layer, "bold")
        for (_, heading), of_heading in groupby(of_layer, key=_place):
            yield Text(f"  {heading}", "bold")
            told = ""
            for entry in of_heading:
                for line in _entry(entry, mask, told, common):
                    cut = cut or CUT in line.plain
                    yield line
                told = entry.diff.reason or told
        yield Text()
    yield from (Text(f"? {sentence}", "magenta") for sentence in later.sentences(plan))
    if any(_is_cut(entry) for entry in shown):
        yield Text("Of what is made anew only the number of its values is shown; `--format json` and plan files have them all.", "dim")
    if cut:
        yield Text(f"Where {CUT} stands, a value is cut; `--format json` and plan files have it whole.", "dim")
    yield Text(f"{title}: {summary(plan.summary)}", "bold")


def summary(counts: Mapping[Action, int]) -> str:
    """The counts as a sentence without its first word."""
    return (
        f"{counts['create']} to create, {counts['update']} to update, {counts['delete']} to delete, "
        f"{counts['none']} unchanged, {counts['unknown']} unknown"
    )


def outcome_line(resource: str, kind: str, message: str) -> Text:
    """One ended step."""
    text = Text(f"{kind:8}", _OUTCOME_STYLES.get(kind, ""))
    return text.append(f"{resource}{': ' + message if message else ''}", "")


def report_text(report: Report, mask: Mask, *, target: str) -> Iterator[Text]:
    """How a run ended: what is not as it should be, with the reason, the counts, and what to do next."""
    postponed = {entry.id for entry in report.plan.entries if entry.later}
    left = [(each, outcome) for each, outcome in report.outcomes.items() if outcome.kind in {"failed", "skipped"} and each not in postponed]
    # What failed first, and not a second time what filled the screen as it happened.
    left.sort(key=lambda each: each[1].kind)
    shown = left if len(left) <= _AGAIN else [each for each in left if each[1].kind == "failed"][:_AGAIN]
    for resource, outcome in shown:
        yield outcome_line(resource, outcome.kind, mask(outcome.message))
    yield from (Text(f"skipped {sentence}", "magenta") for sentence in later.sentences(report.plan))
    if len(shown) < len(left):
        yield Text(f"and {len(left) - len(shown)} more: `infra-kit history {target} {report.run}` has them all")
    if left:
        yield Text()
    yield Text(f"Run {report.run}: {counted(report.outcomes)}", "bold")
    if report.message:
        yield Text(mask(report.message), "red")
    for advice in _advice(report, target):
        yield Text(advice)


def _advice(report: Report, target: str) -> Iterator[str]:
    kinds = {outcome.kind for outcome in report.outcomes.values()}
    if "staged" in kinds:
        yield f"Staged changes take effect at the next reset: `infra-kit apply {target} --allow-reboot` resets the servers one by one."
    if kinds & {"failed", "skipped"}:
        again = command_line(report.command, report.selection, target, scopes=report.scopes)
        yield f"When the cause is mended: `{again}`. Log and backups: {report.folder}"


def _place(entry: Entry) -> tuple[str, str]:
    return entry.layer, heading_of(entry.resource)


class _Common:
    """What is said of things that are made anew, such as that their namespace does not exist yet: once for a stack or a device."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._left = Counter(each for entry in entries for each in self._sayings(entry))

    def lines(self, entry: Entry) -> Iterator[str]:
        """Of what is said of the entry, all that has not been said before, and of how many."""
        for place, text in self._sayings(entry):
            times = self._left.pop((place, text), 0)
            if times:
                yield f"{text} ({times} in all)" if times > 1 else text

    @staticmethod
    def _sayings(entry: Entry) -> list[tuple[str, str]]:
        if entry.diff.action != "create" or not entry.diff.reason:
            return []
        layer, heading = _place(entry)
        _, _, *place, _ = entry.id.split("/") if entry.id.count("/") > 1 else ("", "", "")
        text = entry.diff.reason.replace(f"namespace {place[0]} ", "its namespace ") if place else entry.diff.reason
        return [(f"{layer}/{heading.partition(': ')[0]}", each) for each in text.split("; ")]


def _entry(entry: Entry, mask: Mask, told: str, common: _Common) -> Iterator[Text]:
    diff = entry.diff
    mark, style = _MARKS[diff.action]
    head = Text(f"    {mark} ", style).append(entry.id, style)
    if diff.action == "unknown":
        # A device that does not answer leaves all of its resources unknown; its long reason is said once.
        reason = "as above" if diff.reason == told else mask(diff.reason)
        yield head.append(f"  unknown: {reason}", "")
        return
    if diff.disruption != "none":
        head.append(f"  ! {_DISRUPTIONS[diff.disruption]}", "bold red")
    if _is_cut(entry):
        head.append(f"  ({len(diff.changes)} values)", "dim")
    yield head
    if diff.action == "create":
        yield from (Text(f"        {mask(text)}", "dim") for text in common.lines(entry))
    elif diff.reason not in {"", told, _SAYS_NOTHING}:
        yield Text(f"        {mask(diff.reason)}", "dim")
    if not _is_cut(entry):
        yield from _difference(entry, mask)


def _is_cut(entry: Entry) -> bool:
    """Whether it would only say at length what the whole of a new object is, such as that of a Kubernetes object."""
    diff = entry.diff
    lines = 0 if diff.text is None else diff.text.count("\n")
    return diff.action == "create" and (hasattr(entry.resource, "heading") or max(len(diff.changes), lines) > _WHOLE)


def _difference(entry: Entry, mask: Mask) -> Iterator[Text]:
    diff = entry.diff
    if diff.action == "delete" and all(each.after is None and entry.id.endswith(str(each.before).strip("/")) for each in diff.changes):
        return  # that it goes, the mark says
    if diff.text is not None and not (diff.changes and hasattr(entry.resource, "heading")):
        lines = unified_lines(mask(diff.text))
    else:  # the text, where there is one beside the changes of an object, has nothing more and long values whole
        lines = (line for change in diff.changes for line in change_lines(change, mask))
    for line in lines:
        yield indented(line, 8)
