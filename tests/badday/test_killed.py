"""kill -9 of `apply` on the whole of configuration 1, again and again, each time resumed.

Every boundary of the engine is covered with fakes (tests/plan/test_killed.py); here the devices are the lab's and the kills
are spread over the run, so that each layer is met in mid-step. INFRA_KIT_EVERY_BOUNDARY=1 kills after every
single step instead, until a resumption finds nothing left (a quarter of an hour).
"""

from __future__ import annotations

import itertools
import os
import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conftest import Bench

NEVER = 1_000_000
KILLS = (1, 6, 59, 203, 403, 602)
"""Events from the start of each resumption: before the first change, then ever further, each at another boundary of a step."""


EVERY = bool(os.environ.get("INFRA_KIT_EVERY_BOUNDARY"))
MOMENTS = ("applied", "ended", "journaled", "verified")
"""Each leaves one step further than before: the device is changed, whatever the journal knows of it."""


def _moments() -> Iterable[int | str]:
    return itertools.cycle(MOMENTS) if EVERY else KILLS


@pytest.mark.timeout(7200 if EVERY else 300)
def test_whatever_the_moment_of_the_kill_the_resumption_converges(bench: Bench) -> None:
    # Without consent to resets every resumption begins with staging again what waits already, and would get no further.
    consent = ("--allow-reboot",) if EVERY else ()
    killed = 0
    for at in _moments():
        child = bench.stopping(at, "kill", "--resume", *consent)
        _, said = child.communicate(timeout=120)
        assert child.returncode in {-signal.SIGKILL, 0}, said
        killed += child.returncode != 0
        if child.returncode == 0:
            break
    assert killed >= len(KILLS) - 1
    child = bench.stopping(NEVER, "kill", "--resume", *consent)
    _, said = child.communicate(timeout=120)
    assert child.returncode == 0, said
    plan = bench.infra("plan", "--layer", "fabric", "--layer", "storage", "--detailed-exitcode")
    assert plan.code == 0, plan.out
    # The array does one thing after the other, so a kill at a boundary is never in the middle of a request:
    # what was asked of it over all the runs is what one run asks.
    asked = _creations(bench)
    assert '"unfinished": null' in bench.infra("status", "--format", "json").out
    assert bench.infra("destroy", "--target", "storage/*", "--yes").code == 0
    bench.control.clear_events("array01")
    assert bench.infra("apply", "--layer", "storage", "--yes").code == 0
    assert asked == _creations(bench)


def _creations(bench: Bench) -> list[tuple[str, str]]:
    return sorted(each for each in bench.changes("array01") if each[0] == "POST" and "/session/" not in each[1])
