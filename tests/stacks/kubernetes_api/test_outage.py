"""For how long a silent API server is borne, and what is said of it, on a clock of the test's own."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import AuthenticationError, UnreachableError
from infra_kit.stacks.kubernetes_api.outage import PATIENCE_S, PROBE_S, TRIES, AwayError, Outage

BROKEN = UnreachableError("kubernetes", "GET Node/a: connection refused", remedy="see that it runs")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def known(clock: Clock) -> Outage:
    """A server that has answered just now."""
    outage = Outage("kubernetes", clock)
    outage.admit()
    outage.answered()
    return outage


def test_a_server_that_has_never_answered_is_tried_a_few_times(clock: Clock) -> None:
    outage = Outage("kubernetes", clock)
    assert [outage.silence(BROKEN, clock.now, tries) for tries in range(1, TRIES)] == [None] * (TRIES - 1)
    given_up = outage.silence(BROKEN, clock.now, TRIES)
    assert isinstance(given_up, AwayError)
    assert str(given_up) == str(BROKEN)
    with pytest.raises(AwayError, match="was not asked again"):
        outage.admit()


def test_one_that_has_answered_is_borne_as_long_as_anybody_is_patient(clock: Clock, known: Outage) -> None:
    clock.now += 1
    assert known.silence(BROKEN, clock.now, 1) is None
    clock.now += PATIENCE_S - 1
    assert known.silence(BROKEN, clock.now, 9) is None
    assert known.silent
    clock.now += 1
    first = known.silence(BROKEN, clock.now, 10)
    assert str(first) == "kubernetes: the API server has not answered for 30 s: GET Node/a: connection refused (see that it runs)"
    assert str(known.silence(BROKEN, clock.now, 10)) == "kubernetes: the API server does not answer, and was not asked again"


def test_one_that_comes_back_in_time_was_never_away(clock: Clock, known: Outage) -> None:
    known.silence(BROKEN, clock.now, 1)
    clock.now += PATIENCE_S - 1
    known.answered()
    assert not known.silent
    clock.now += PATIENCE_S
    assert known.silence(BROKEN, clock.now, 1) is None


def test_what_hangs_counts_from_when_it_was_asked(clock: Clock, known: Outage) -> None:
    began = clock.now
    clock.now += PATIENCE_S + 5
    assert isinstance(known.silence(BROKEN, began, 1), AwayError)


def test_a_request_that_fails_while_others_are_answered_gives_nobody_up(clock: Clock, known: Outage) -> None:
    began = clock.now
    clock.now += 1
    known.answered()
    assert known.silence(BROKEN, began, TRIES) is BROKEN
    known.admit()


def test_a_request_that_fails_for_ever_ends(clock: Clock, known: Outage) -> None:
    assert known.silence(BROKEN, clock.now, 20) is BROKEN


def test_now_and_then_one_request_finds_out_whether_it_is_back(clock: Clock, known: Outage) -> None:
    known.silence(BROKEN, clock.now - PATIENCE_S, 1)
    clock.now += PATIENCE_S
    assert isinstance(known.silence(BROKEN, clock.now, 2), AwayError)
    for _ in range(2):
        clock.now += PROBE_S
        known.admit()
        with pytest.raises(AwayError):
            known.admit()
        assert "was not asked again" in str(known.silence(BROKEN, clock.now, 1))
    clock.now += PROBE_S
    known.admit()
    known.answered()
    known.admit()


def test_only_the_first_says_all_of_a_token_that_is_not_taken(known: Outage) -> None:
    error = AuthenticationError("kubernetes", "GET Node/a: Unauthorized")
    assert known.refused(error) is error
    assert "was not asked again" in str(known.refused(error))
    with pytest.raises(AuthenticationError, match="does not take the token, and was not asked again"):
        known.admit()
