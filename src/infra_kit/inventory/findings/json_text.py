"""Findings as JSON: the contract that other programs read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra_kit.inventory.findings.finding import Finding


def as_json(findings: Iterable[Finding]) -> str:
    """A JSON array with one object a finding."""
    return json.dumps([finding.as_dict() for finding in findings], indent=2, ensure_ascii=False)
