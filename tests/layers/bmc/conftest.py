import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches"))
import bmc_bench
from bmc_run import Run


@pytest.fixture
def stand(tmp_path):
    with bmc_bench.bench(tmp_path) as up:
        yield up


@pytest.fixture(autouse=True)
def _haste(monkeypatch):
    """Waiting in tests is waiting for an emulator that needs no time."""
    from tenacity import wait_none

    from infra_kit.layers.bmc import waiting
    from infra_kit.layers.bmc.connector import BmcConnector

    monkeypatch.setattr(BmcConnector, "wait", wait_none())
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(poll_s=0.02, graceful_s=1.0, power_s=1.0, job_s=1.0))


@pytest.fixture
def run(stand):
    return Run(stand)


@pytest.fixture
def cautious(stand):
    return Run(stand, allow_reboot=False)


@pytest.fixture
def endpoint(stand):
    return stand.access().endpoint("worker01", "redfish")
