import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benches"))
import array_bench


@pytest.fixture
def stand(tmp_path):
    with array_bench.bench(tmp_path) as up:
        yield up
