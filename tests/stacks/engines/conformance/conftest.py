"""A bench for each case: one stack (or two), the real layer, plan and run, and a real control plane; once for each engine."""

from __future__ import annotations

import shutil
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import conformance_bench

from infra_kit.inventory.load import load_site
from infra_kit.plan import waiting as waiting_room
from infra_kit.stacks.kubernetes_api import deletion, waiting
from infra_kit.stacks.programs.evaluation import evaluate

REFERENCE = Path(__file__).resolve().parents[4] / "inventory" / "configuration-1"
ENGINES = ["server-side", "automation"]


@pytest.fixture(scope="session", params=ENGINES)
def engine(request) -> str:
    """The engine that carries the case out."""
    if request.param == "automation" and shutil.which("pulumi") is None:
        pytest.skip("no `pulumi` program on PATH: the automation engine is not tried")
    return request.param


@pytest.fixture(scope="session")
def engine_site(request, engine, tmp_path_factory) -> Path:
    """A copy of the first reference site with that engine; the programs of all cases are evaluated in one go."""
    folder = tmp_path_factory.mktemp(engine) / "site"
    shutil.copytree(REFERENCE, folder, ignore=shutil.ignore_patterns(".infra-kit"))
    file = folder / "platform.yaml"
    passphrase = folder / "passphrase"
    passphrase.write_text("not much of a secret", encoding="utf-8")
    settings = f"kubernetes:\n  engine: {engine}\n" + ("  pulumi: {passphrase: 'file:passphrase'}\n" if engine == "automation" else "")
    file.write_text(file.read_text(encoding="utf-8").replace("kubernetes:\n", settings, 1), encoding="utf-8")
    cases = {item.function for item in request.session.items if hasattr(item.function, "programs")}
    evaluate(load_site(folder), [stack for case in cases for stack in _stacks(case, engine)])
    return folder


@pytest.fixture
def bench(request, engine_site, control_plane, cluster_writer, monkeypatch):
    """The case's own stack; nothing of it is left on the cluster afterwards."""
    monkeypatch.setattr(waiting, "PATIENCE", waiting.Patience(refusal_grace_s=1.0, inspect_s=0.3))
    monkeypatch.setattr(deletion, "DEFAULT_LIMIT_S", 3.0)
    # Cases wait for seconds, people for minutes: they are told at once here.
    monkeypatch.setattr(waiting_room, "QUIET_S", 0.0)
    monkeypatch.setattr(waiting_room, "_LOOK_S", 0.1)
    # The cases share a site, for the sake of the evaluation; what earlier ones did is not on record for this one.
    for left in ("runs", "state.db", "state.db-wal", "state.db-shm"):
        path = engine_site / ".infra-kit" / left
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    made = conformance_bench.Bench(engine_site, control_plane, cluster_writer, _stacks(request.function, request.getfixturevalue("engine")))
    yield made
    made.clear()


def _stacks(case, engine):
    # Short enough for names of namespaces and for label values.
    digest = f"{zlib.crc32(case.__name__.encode()):08x}"
    namespace = f"{case.__name__.removeprefix('test_').replace('_', '-')[:22].strip('-')}-{digest[:4]}-{engine[0]}"
    program = f"c{digest}"
    return conformance_bench.stacks(case.programs, program, namespace)
