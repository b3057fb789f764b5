from __future__ import annotations

import gc
import sys

import pytest

from infra_kit.plan import pace


def settings():
    return sys.getswitchinterval(), gc.get_threshold()


def test_the_interpreter_is_set_while_a_run_works():
    interval, thresholds = settings()
    with pace.of_a_run():
        assert sys.getswitchinterval() < interval
        assert gc.get_threshold()[0] > thresholds[0]


def test_and_is_as_before_however_that_ends():
    before = settings()
    with pytest.raises(ZeroDivisionError), pace.of_a_run():
        raise ZeroDivisionError
    assert settings() == before
