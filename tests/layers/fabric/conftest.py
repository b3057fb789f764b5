from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches"))
import switch_bench


@pytest.fixture
def stand(tmp_path, site_folder):
    with switch_bench.bench(tmp_path, site_folder, "leaf01a") as up:
        yield up


@pytest.fixture
def fabric(tmp_path, site_folder):
    with switch_bench.bench(tmp_path, site_folder, "leaf01a", "leaf02a", "spine01") as up:
        yield up
