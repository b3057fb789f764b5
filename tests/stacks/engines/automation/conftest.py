"""A stack that Pulumi carries out on the real control plane; skipped, and said so, where there is no `pulumi` program."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "conformance"))
import conformance_bench

from infra_kit.stacks.engines.automation import idle
from infra_kit.stacks.engines.automation.place import PLUGIN

_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def pulumi_site(control_plane, tmp_path_factory):
    """A copy of the site whose lab runs, with the engine over Pulumi."""
    if shutil.which("pulumi") is None or shutil.which(PLUGIN) is None:
        pytest.skip(f"no `pulumi` program, or no `{PLUGIN}`, on PATH: the automation engine is not tried")
    folder = tmp_path_factory.mktemp("automation") / "site"
    shutil.copytree(control_plane.site_folder, folder, ignore=shutil.ignore_patterns(".infra-kit"))
    (folder / "passphrase").write_text("not much of a passphrase", encoding="utf-8")
    file = folder / "platform.yaml"
    settings = "kubernetes:\n  engine: automation\n  pulumi: {passphrase: 'file:passphrase'}\n"
    file.write_text(file.read_text(encoding="utf-8").replace("kubernetes:\n", settings, 1), encoding="utf-8")
    yield folder
    idle.close()


@pytest.fixture
def bench(pulumi_site, control_plane, cluster_writer):
    """Makes the bench of a case from the names of its programs; nothing of it is left on the cluster afterwards."""
    made = []

    def make(*programs):
        number = next(_NUMBERS)
        known = conformance_bench.stacks(programs, f"a{number}", f"automation-{number}")
        made.append(conformance_bench.Bench(pulumi_site, control_plane, cluster_writer, known))
        made[-1].use(programs[0])
        return made[-1]

    yield make
    for each in made:
        each.clear()
