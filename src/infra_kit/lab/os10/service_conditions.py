"""What lines of quality of service, users and name servers depend on elsewhere in the configuration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.lab.os10.grammar import ILLEGAL, RefusedLineError, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.os10.change import Change


def _class_map(change: Change) -> None:
    if change.adds:
        return
    name = change.match.words[3]
    for policy in change.switch.running.find("policy-map "):
        if f"class {name}" in policy.block:
            refuse(f"Class-map {name} is in use by {policy.text}")


def _policy_class(change: Change) -> None:
    kind, name = change.parent.text.split()[2], change.match.words[1]
    if change.adds and f"class-map type {kind} {name}" not in change.switch.running.block:
        refuse(f"Class-map {name} does not exist")


def _service_policy(change: Change) -> None:
    _exists(change, f"policy-map type {change.match.words[3]} {change.match.words[-1]}")


def _trust_map(change: Change) -> None:
    _exists(change, f"trust dot1p-map {change.match.words[-1]}")


def _exists(change: Change, opening: str) -> None:
    if change.adds and opening not in change.switch.running.block:
        refuse(f"{opening} does not exist")


def _bandwidth(change: Change) -> None:
    policy = next(line for line in change.switch.running.find("policy-map ") if change.parent in line.block.values())
    shares = [line.get("bandwidth percent") or "0" for line in policy.block.values() if line is not change.parent]
    given = int(change.match.words[2]) if change.adds else 0
    if sum(int(share.split()[-1]) for share in shares) + given > 100:  # noqa: PLR2004  per cent
        refuse("Sum of bandwidth exceeds 100 percent")


def _user(change: Change) -> None:
    if change.match.negated and change.match.words[1] == change.switch.identity.user:
        refuse("Cannot delete the current user")


def _addresses(change: Change) -> None:
    words = change.match.text.split()[2:]
    words = words[2:] if words[:1] == ["vrf"] else words
    if not all(re.fullmatch(r"\d+\.\d+\.\d+\.\d+", word) for word in words):
        raise RefusedLineError(ILLEGAL)


SERVICE_CONDITIONS: dict[str, Callable[[Change], None]] = {
    "class-map": _class_map,
    "policy-class": _policy_class,
    "service-policy": _service_policy,
    "trust-map": _trust_map,
    "bandwidth": _bandwidth,
    "user": _user,
    "addresses": _addresses,
}
