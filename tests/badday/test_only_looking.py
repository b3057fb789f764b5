"""`plan` and `drift` send nothing that could change a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Bench

LOOKING = {"GET", "HEAD", "login", "show"}


@pytest.mark.parametrize("command", ["plan", "drift"])
def test_no_request_but_reads_and_no_configuration_mode(bench: Bench, command: str) -> None:
    bench.forget()
    assert bench.infra(command).code == 0
    asked = bench.asked()
    assert set(asked) == set(bench.devices())
    assert {verb for events in asked.values() for verb, _ in events} <= LOOKING
