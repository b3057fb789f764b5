from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infra_kit.inventory.catalog.load import shipped
from infra_kit.lab.memory import Memory
from infra_kit.lab.os10.factory import reset
from infra_kit.lab.os10.session import Session
from infra_kit.lab.os10.switch import EmulatedSwitch, Identity

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches"))
import switch_bench


@pytest.fixture
def make_switch(tmp_path):
    def make(model: str = "S5248F-ON") -> EmulatedSwitch:
        identity = Identity(model, "ABC1234", "10.0.0.5/24", "admin")
        switch = EmulatedSwitch("sw", shipped().switches[model], identity, Memory(tmp_path / f"{model}.json"))
        reset(switch)
        return switch

    return make


@pytest.fixture
def console(make_switch):
    def open_console(model: str = "S5248F-ON") -> Session:
        return Session(make_switch(model))

    return open_console


@pytest.fixture
def stand(tmp_path, site_folder):
    with switch_bench.bench(tmp_path, site_folder, "leaf01a") as up:
        yield up
