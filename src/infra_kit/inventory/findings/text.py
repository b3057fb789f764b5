"""Findings for people: place, message, the source line with a caret, what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.findings.source import SourceLines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from infra_kit.inventory.findings.finding import Finding

    Paint = Callable[[str, str], str]
    """(text, colour name) -> text, coloured or not."""


_SECRET_RULES = ("IK02", "IK2154", "IK5001")
"""Findings about a literal secret: what is on their line is not shown again, as the output ends up in logs."""


def plain(text: str, _colour: str) -> str:
    """No colour."""
    return text


def as_text(findings: Iterable[Finding], paint: Paint = plain) -> str:
    """One paragraph a finding.

    Args:
        findings: in the order in which they are shown.
        paint: colours a text; colours are `red`, `yellow`, `blue` and `bold`.
    """
    shown = list(findings)
    source = SourceLines()
    hidden = {(finding.file, finding.line) for finding in shown if finding.rule.startswith(_SECRET_RULES)}
    return "\n\n".join("\n".join(_paragraph(finding, source, hidden, paint)) for finding in shown)


def _paragraph(finding: Finding, source: SourceLines, hidden: set[tuple[str, int]], paint: Paint) -> Iterator[str]:
    colour = "red" if finding.severity == "error" else "yellow"
    place = f"{finding.file}:{finding.line}:{finding.column}"
    yield f"{paint(place, 'bold')}: {paint(finding.severity, colour)} {finding.rule}: {finding.message}"
    is_hidden = (finding.file, finding.line) in hidden
    line = None if is_hidden else source.line(Path(finding.file), finding.line)
    if is_hidden:
        yield paint(f"{finding.line:5} | (not shown: a secret may stand on this line)", "blue")
    if line is not None:
        gutter = f"{finding.line:5} | "
        indent = " " * (len(gutter) - 2) + "| " + " " * (finding.column - 1)
        yield f"{paint(gutter, 'blue')}{line}"
        yield f"{paint(indent, 'blue')}{paint('^', colour)}"
    if finding.path:
        yield f"  at    {finding.path}"
    if finding.hint:
        yield f"  mend  {finding.hint}"


def counted(findings: Iterable[Finding]) -> str:
    """`2 errors, 1 warning`."""
    severities = [finding.severity for finding in findings]
    return f"{_plural(severities.count('error'), 'error')}, {_plural(severities.count('warning'), 'warning')}"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
