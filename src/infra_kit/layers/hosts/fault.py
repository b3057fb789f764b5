"""A task that failed on a host, as an error that says what, where and what to do next."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from infra_kit.inventory.errors import AuthenticationError, DeviceError, HalfDoneError, RefusedError, TrustError, UnreachableError
from infra_kit.inventory.models.base import Noun
from infra_kit.layers.hosts.result import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.layers.hosts.result import RoleResult

_FILE = Path(__file__).with_name("faults.yaml")
_GOES_ON = "`infra-kit apply --resume` goes on from there"


class Fault(Noun):
    """An entry of faults.yaml, whose head says what each means."""

    match: str
    kind: Literal["trust", "authentication", "unreachable", "failed"] = "failed"
    what: str = ""
    remedy: str


@cache
def known_faults() -> tuple[Fault, ...]:
    """The entries of faults.yaml."""
    import yaml

    return tuple(Fault.model_validate(each) for each in yaml.load(_FILE.read_bytes(), Loader=yaml.CSafeLoader))


def error_of(host: str, role: str, result: RoleResult, names: Mapping[str, str]) -> DeviceError:
    """The error of a role that stopped on a host.

    Args:
        host: the host.
        role: the role.
        result: what it came to; it has a failure, or the host was unreachable.
        names: what remedies name: user, known_hosts, packages.
    """
    event = result.unreachable or result.failure
    assert event is not None
    words = said(event)
    fault = next((each for each in known_faults() if re.search(each.match, words, re.IGNORECASE)), None)
    names = {"host": host, **names}
    if fault is not None and fault.kind != "failed":
        kind = {"trust": TrustError, "authentication": AuthenticationError, "unreachable": UnreachableError}[fault.kind]
        return kind(host, f"{fault.what.format_map(names)}: {words}", remedy=fault.remedy.format_map(names))
    if result.unreachable is not None:
        what = f"it stopped answering at task {event['task']!r} of role {role}: {words}"
        return UnreachableError(host, what, remedy=f"check the host and the way to it; {_GOES_ON}")
    what = f"task {event['task']!r} of role {role} failed: {words}"
    remedy = fault.remedy.format_map(names) if fault is not None else f"mend it; {_GOES_ON}"
    return HalfDoneError(host, what, remedy=remedy) if result.changes else RefusedError(host, what, remedy=remedy)
