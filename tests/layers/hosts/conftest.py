from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.requirements import require_hosts
from infra_kit.lab.hosts.root_filesystem import locate
from infra_kit.layers.hosts.role import Role

REFERENCE = Path(__file__).resolve().parents[3] / "inventory" / "configuration-1"


@pytest.fixture(scope="session")
def host_bench(tmp_path_factory):
    """Five real hosts, shared by all tests of the layer."""
    try:
        require_hosts()
        locate("prepared")
    except LabError as error:
        pytest.skip(str(error))
    specification = importlib.util.spec_from_file_location("hosts_bench", Path(__file__).with_name("bench.py"))
    module = importlib.util.module_from_spec(specification)
    sys.modules["hosts_bench"] = module
    specification.loader.exec_module(module)
    with pytest.MonkeyPatch.context() as patch, module.bench(tmp_path_factory.mktemp("layer-hosts"), REFERENCE) as up:
        # Of the environment as a run finds it: nothing that Ansible's process gets.
        patch.setenv("HOSTS_LOGIN", module.LOGIN.password)
        patch.setenv("NOTE_PASSWORD", module.NOTE_PASSWORD)
        patch.setattr(Role, "variables", module.variables(up))
        yield up


@pytest.fixture
def stand(host_bench):
    """The hosts as at the beginning."""
    host_bench.reset()
    return host_bench
