"""Secrets written out in the files: keys, tokens, passwords. Found in the text, so in comments too; the secret is never repeated."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.findings import Finding
from infra_kit.inventory.rules.registry import Rule, enter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.document import Document

for _id, _summary in {
    "IK0201": "A private key stands in a file.",
    "IK0202": "A URL carries a password.",
    "IK0203": "A password hash stands in a file.",
    "IK0204": "A value has the form of an access token.",
    "IK0205": "A key that names a secret holds a literal instead of a reference.",
}.items():
    enter(Rule(_id, "error", "literals", _summary))

_MARKERS: tuple[tuple[str, tuple[str, ...], re.Pattern[str], str], ...] = (
    ("IK0201", ("PRIVATE KEY",), re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"), "a private key is written out here"),
    ("IK0202", ("://",), re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s/@:]*:[^\s/@]+@"), "the URL carries a password"),
    ("IK0203", ("$",), re.compile(r"\$(?:[156]|2[aby]|y|argon2id?)\$[./A-Za-z0-9$=,+]{8,}"), "a password hash is written out here"),
    (
        "IK0204",
        ("AKIA", "gh", "glpat-", "xox", "hv", "eyJ"),
        re.compile(
            r"\b(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}"
            r"|hv[bs]\.[A-Za-z0-9_-]{16,}|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.)"
        ),
        "this has the form of an access token",
    ),
)
_SECRET_WORDS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "api_key", "community")
_SECRET_KEY = re.compile(
    rf"""(?ix) (?:{"|".join(_SECRET_WORDS)}) (?:_hash)? ["']? \s*:[ \t]+
    (?P<value> ["']? (?! (?:env|file|vault|ansible-vault): | [*&!|>\#{{\[\s] | null\b | ~ ) [^\s"',}}]+)"""
)
_HINT = "replace it by a reference (env:NAME, file:PATH, ansible-vault:FILE#KEY, vault:PATH#KEY) and change the secret: it has been seen"


def scan(document: Document) -> list[Finding]:
    """Findings for every secret-looking literal of a file."""
    text = document.text
    seen: set[int] = set()
    findings: list[Finding] = []
    for rule, start, message in _hits(text):
        position = start - 1 if text[start - 1 : start] in ('"', "'") else start
        if position not in seen:  # a hash under a key named password is one defect
            seen.add(position)
            line = text.count("\n", 0, position) + 1
            column = position - text.rfind("\n", 0, position)
            findings.append(Finding(rule, "error", document.file, line, column, "", message, _HINT))
    return findings


def _hits(text: str) -> Iterator[tuple[str, int, str]]:
    for rule, markers, pattern, message in _MARKERS:
        if any(marker in text for marker in markers):  # a plain search is a hundred times faster than the pattern
            for match in pattern.finditer(text):
                yield rule, match.start(), message
    lowered = text.lower()
    if any(word in lowered for word in _SECRET_WORDS):
        for match in _SECRET_KEY.finditer(text):
            line_start = text.rfind("\n", 0, match.start()) + 1
            if "#" not in text[line_start : match.start()]:  # prose in a comment speaks of passwords too
                yield "IK0205", match.start("value"), "this key names a secret and holds a literal, not a reference"
