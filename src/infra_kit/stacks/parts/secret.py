"""Secrets in programs: a reference stays a marker until the engine sends it; what needs no reference is made on the spot.

`referenced` goes into `string_data` of a Secret. Under the embedded engine it is a marker that the engine resolves when it compares
and applies; under the Pulumi program it is resolved at once and handed on as a Pulumi secret, which the backend encrypts.

`generated` is for passwords that nobody needs to know (a database's, a cookie's): random at each evaluation, so its Secret is made
with `ResourceOptions(ignore_changes=["stringData", "data"])`: set at creation; what is on the cluster counts from then on.
A key that a program gives such a Secret later is added by the embedded engine; Pulumi's leaves the Secret as it is.
"""

from __future__ import annotations

import re
import secrets

MARKER = re.compile(r"\$\{infra-kit-secret:(?P<reference>[^}]+)\}")

_MADE: set[str] = set()


def referenced(reference: str) -> str:
    """The marker of a secret reference (`env:NAME`, `file:PATH`, `vault:PATH#KEY`, ...); it may stand inside longer text."""
    return f"${{infra-kit-secret:{reference}}}"


def generated(characters: int = 32) -> str:
    """A random password of letters, digits, `-` and `_`."""
    password = secrets.token_urlsafe(characters)[:characters]
    _MADE.add(password)
    return password


def passwords_made() -> frozenset[str]:
    """Every password that `generated` made in this process since it was last asked: who evaluates a program must know what not to show."""
    made = frozenset(_MADE)
    _MADE.clear()
    return made
