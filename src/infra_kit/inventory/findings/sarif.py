"""Findings as SARIF 2.1.0 (OASIS), which code-scanning services take."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from infra_kit.inventory.findings.finding import Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_sarif(findings: Sequence[Finding], rules: Mapping[str, str], version: str) -> str:
    """One SARIF log with one run.

    Args:
        findings: what was found.
        rules: summary of every rule that exists, by id.
        version: of infra-kit.
    """
    known = {**rules, **{finding.rule: finding.rule for finding in findings if finding.rule not in rules}}
    order = {rule: number for number, rule in enumerate(sorted(known))}
    driver = {
        "name": "infra-kit",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": known[rule]}} for rule in order],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, order[finding.rule]) for finding in findings],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _result(finding: Finding, rule_index: int) -> dict[str, Any]:
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(finding.file)},
            "region": {"startLine": finding.line, "startColumn": finding.column},
        }
    }
    if finding.path:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.path}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": "\n".join(part for part in (finding.message, finding.hint) if part)},
        "locations": [location],
        "partialFingerprints": {"infraKitFinding/v1": _fingerprint(finding)},
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _fingerprint(finding: Finding) -> str:
    """The same for the same defect when lines move, so that a scanning service recognises it."""
    parts = f"{finding.rule}\n{finding.file}\n{finding.path}\n{finding.message}"
    return hashlib.sha256(parts.encode()).hexdigest()[:32]
