"""Findings as workflow commands of GitHub Actions, which show them beside the line.

Source of the form and the escapes: GitHub's "Workflow commands for GitHub Actions", and its toolkit's command.ts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.findings.finding import Finding

_MESSAGE_ESCAPES = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_PROPERTY_ESCAPES = {**_MESSAGE_ESCAPES, ord(":"): "%3A", ord(","): "%2C"}


def as_github(findings: Iterable[Finding]) -> str:
    """One command a line."""
    return "\n".join(_command(finding) for finding in findings)


def _command(finding: Finding) -> str:
    properties = {
        "file": finding.file,
        "line": str(finding.line),
        "col": str(finding.column),
        "title": f"{finding.rule} {finding.path}".strip(),
    }
    listed = ",".join(f"{name}={value.translate(_PROPERTY_ESCAPES)}" for name, value in properties.items())
    message = "\n".join(part for part in (finding.message, finding.hint) if part)
    return f"::{finding.severity} {listed}::{message.translate(_MESSAGE_ESCAPES)}"
