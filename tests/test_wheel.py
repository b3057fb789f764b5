"""The wheel carries all it needs: installed in an empty environment, it works in an empty folder."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

START = """
import sys
from importlib.metadata import entry_points
(command,) = entry_points(group="console_scripts", name="infra-kit")
sys.argv[0] = "infra-kit"
sys.exit(command.load()())
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an environment that holds the wheel; its dependencies come from the suite's own environment."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    built = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "environment", symlinks=True)
    (packages,) = (folder / "environment" / "lib").glob("python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    # A path file adds the folder without reading the path files in it: the editable checkout stays out.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "environment" / "bin" / "python"


def _infra_kit(python: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([python, "-c", START, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=120)


def test_the_wheel_is_what_runs(python: Path, tmp_path: Path) -> None:
    code = "import infra_kit, infra_kit.shipped as s; print(infra_kit.__file__); print(s.folder('templates')); print(s.folder('inventory'))"
    places = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    assert [str(python.parents[1]) in place for place in places] == [True, True, True]


def test_from_an_empty_folder_to_rendered_files(python: Path, tmp_path: Path) -> None:
    for arguments in (
        ["--help"],
        ["init", "mine", "--configuration", "1"],
        ["validate", "mine"],
        ["render", "mine", "--out", "rendered"],
        ["render", "mine", "--out", "rendered", "--check"],
        ["rules"],
        ["lab", "status", "mine"],
        ["doctor"],
    ):
        done = _infra_kit(python, tmp_path, *arguments)
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    assert any((tmp_path / "rendered").rglob("*leaf*"))


def test_the_wheel_carries_the_licence_and_no_tests(python: Path) -> None:
    (packages,) = (python.parents[1] / "lib").glob("python*/site-packages")
    (information,) = packages.glob("infra_kit-*.dist-info")
    assert (information / "licenses" / "LICENSE").is_file()
    assert {path.name for path in packages.iterdir()} == {"infra_kit", information.name, "dependencies.pth"}
