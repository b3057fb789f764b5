"""What every test has: the guard against connections beyond loopback, and sites to work on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.lab.embedded import RunningLab

REPOSITORY = Path(__file__).resolve().parents[1]
GUARD = Path(__file__).with_name("guard")

sys.path.insert(0, str(GUARD))
import loopback_guard  # noqa: E402  the line above makes it importable

loopback_guard.install()
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(GUARD), os.environ.get("PYTHONPATH", "")]))
# A terminal's width and colours must not decide what a test sees.
os.environ.update({"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"})
for variable in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
    os.environ.pop(variable, None)


@pytest.fixture(scope="session", autouse=True)
def _guard_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where this process and its children note what they were kept from."""
    log = tmp_path_factory.mktemp("guard") / "beyond-loopback.log"
    os.environ[loopback_guard.LOG_VARIABLE] = str(log)
    return log


@pytest.fixture(autouse=True)
def _stays_on_loopback(_guard_log: Path) -> Iterator[None]:
    """Fail the test during which anything tried to reach beyond loopback, swallowed or not."""
    _guard_log.unlink(missing_ok=True)
    yield
    if _guard_log.exists():
        noted = _guard_log.read_text(encoding="utf-8")
        _guard_log.unlink()
        pytest.fail(f"an attempt to reach beyond loopback:\n{noted}", pytrace=False)


@pytest.fixture
def repository() -> Path:
    """The checkout that the tests are in."""
    return REPOSITORY


@pytest.fixture(params=["configuration-1", "configuration-2"])
def reference_site(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A fresh copy of each reference site, without any state of an earlier run."""
    return copy_site(request.param, tmp_path)


@pytest.fixture
def site_folder(tmp_path: Path) -> Path:
    """A fresh copy of the first reference site."""
    return copy_site("configuration-1", tmp_path)


@dataclass(frozen=True)
class RunningControlPlane:
    """A real Kubernetes control plane of a copy of the first reference site."""

    lab: RunningLab
    site_folder: Path
    kubeconfig: Path
    """The administrator's, whom the audit log calls lab-administrator."""

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """kubectl as the administrator. With `check` a failure fails the test, with kubectl's words."""
        from infra_kit.lab.programs.program import locate_all

        command = [str(locate_all()["kubectl"]), f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            pytest.fail(f"kubectl {' '.join(arguments)}: {done.stderr}")
        return done


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlPlane]:
    """The control plane that the tests of one worker share: each test uses namespaces of its own and leaves the nodes as they were."""
    yield from _running_control_plane(tmp_path_factory)


@pytest.fixture(scope="module")
def fresh_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlPlane]:
    """A control plane for one module alone: for what takes the whole cluster, such as the platform, or kills its server."""
    yield from _running_control_plane(tmp_path_factory)


def _running_control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlPlane]:
    from infra_kit.inventory.errors import LabError
    from infra_kit.lab.embedded import RunningLab
    from infra_kit.lab.programs.program import locate_all

    try:
        locate_all()
    except LabError as error:  # `make test` gets them, or says why it cannot
        pytest.skip(str(error))
    folder = copy_site("configuration-1", tmp_path_factory.mktemp("control-plane"))
    with RunningLab(folder, without=["bmcs", "switches", "array", "hosts"]) as running:
        yield RunningControlPlane(running, folder, running.folder.kubeconfig)


@pytest.fixture
def lab(site_folder: Path) -> Iterator[RunningLab]:
    """The first reference site (a copy: `lab.site_folder`) with its lab running, every device fresh from the factory."""
    from infra_kit.lab.embedded import RunningLab

    with RunningLab(site_folder, without=["hosts", "kubernetes"]) as running:
        yield running


@pytest.fixture
def lab_site(lab: RunningLab) -> Path:
    """The folder of a copy of the first reference site whose lab runs."""
    return lab.site_folder


def copy_site(name: str, folder: Path) -> Path:
    """Copy a reference site into a folder, without its state."""
    return Path(shutil.copytree(REPOSITORY / "inventory" / name, folder / name, ignore=shutil.ignore_patterns(".infra-kit")))
