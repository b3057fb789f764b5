import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches"))
import bmc_bench


@pytest.fixture
def stand(tmp_path):
    with bmc_bench.bench(tmp_path) as up:
        yield up


@pytest.fixture
def client(stand):
    """A plain HTTPS client of one BMC, logged in."""
    with bmc_bench.client_of(stand) as up:
        yield up
