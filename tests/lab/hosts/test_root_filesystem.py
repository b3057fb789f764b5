"""The table of root file systems, and where they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts import building, requirements
from infra_kit.lab.hosts.root_filesystem import CUSTOMIZE, RootFilesystems, Variant, locate, table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_variant_has_what_its_base_has() -> None:
    minimal, prepared = table().variant("minimal"), table().variant("prepared")
    assert {"systemd", "openssh-server", "python3", "sudo"} < {*minimal.packages}
    assert {*minimal.packages} < {*prepared.packages}
    assert "containerd" not in minimal.packages
    assert "containerd.service" in prepared.disabled


def test_its_place_moves_with_whatever_it_is_made_from() -> None:
    def place(**changes: object) -> Path:
        made = RootFilesystems(suite="bookworm", release="12", masked=[], variants=[Variant(name="a", packages=["systemd"])])
        return made.model_copy(update=changes).place("a")

    assert place() == place(release="13")  # what it is called, not what it is
    assert len({place(), place(suite="trixie"), place(masked=["a"]), place(variants=[Variant(name="a", packages=[])])}) == 4


def test_one_that_was_not_built_says_how_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(LabError, match=r"`minimal` is not on this machine \(`python -m infra_kit.lab.hosts`"):
        locate("minimal")
    with pytest.raises(LabError, match="known: minimal, prepared"):
        locate("other")


@pytest.mark.parametrize(
    ("file", "text", "taken"),
    [
        ("sources.list", "deb [arch=amd64] http://mirror/debian bookworm main contrib\n", True),
        ("sources.list", "deb http://mirror/debian bookworm contrib main\n", True),
        ("sources.list", "# deb http://mirror/debian bookworm main\n", False),
        ("sources.list", "deb http://mirror/debian trixie main\n", False),
        ("sources.list.d/vendor.list", "deb http://vendor/apt tool-bookworm main\n", False),
        ("sources.list.d/vendor.list", "deb http://vendor/apt bookworm stable\n", False),
        ("sources.list.d/debian.sources", "Types: deb\nURIs: http://mirror\nSuites: bookworm bookworm-updates\nComponents: main\n", True),
        ("sources.list.d/debian.sources", "Types: deb\nURIs: http://mirror\nSuites: bookworm-security\nComponents: main\n", False),
    ],
)
def test_packages_come_from_the_machines_own_sources_of_the_suite(tmp_path: Path, file: str, text: str, taken: bool) -> None:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / file).write_text(text)
    assert building.sources("bookworm", tmp_path) == ([str(tmp_path / file)] if taken else [])


def test_a_build_that_fails_shows_its_words_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "mmdebstrap").write_text("#!/bin/sh\necho E: no such mirror >&2; exit 9\n")
    (programs / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(building, "require", lambda *_: None)
    monkeypatch.setattr(building, "_CONTAINED", ("/usr/bin/env", f"PATH={programs}:/usr/bin:/bin"))
    said: list[str] = []
    with pytest.raises(LabError, match="could not make the hosts' root file system `minimal`:\n  E: no such mirror"):
        building.obtain_all(said.append)
    assert [each.name for each in (tmp_path / "infra-kit/hosts").iterdir()] == ["lock"]
    assert any("minimal: installing" in each for each in said)


def test_a_build_appears_whole_and_is_then_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    told = tmp_path / "told"
    (programs / "mmdebstrap").write_text(
        f'#!/bin/sh\nfor last; do :; done\necho "$DISABLED|$*" > {told}\nfor word; do case $word in /*/root) mkdir "$word";; esac; done\n'
    )
    (programs / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(building, "require", lambda *_: None)
    monkeypatch.setattr(building, "_CONTAINED", ("/usr/bin/env", f"PATH={programs}:/usr/bin:/bin"))
    (tmp_path / "infra-kit/hosts/.killed").mkdir(parents=True)
    found = building.obtain_all(lambda _: None, ["prepared"])
    assert found == {"prepared": locate("prepared")}
    assert not (tmp_path / "infra-kit/hosts/.killed").exists()
    disabled, _, arguments = told.read_text().partition("|")
    assert "containerd.service" in disabled.split()
    assert {"--include=containerd", "--include=systemd", "--customize-hook=sh", f'"{CUSTOMIZE}"', "bookworm"} <= {*arguments.split()}
    said: list[str] = []
    building.obtain_all(said.append, ["prepared"])
    assert not said


def test_what_is_missing_is_named_with_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 0)
    monkeypatch.setattr(requirements.shutil, "which", lambda name, **_: None if name in {"podman", "runc"} else name)
    with pytest.raises(
        LabError, match=r"need podman, runc, which are not .*install --no-install-recommends podman netavark runc.*--without hosts"
    ):
        requirements.require_hosts()
    monkeypatch.setattr(requirements.os, "geteuid", lambda: 1000)
    with pytest.raises(LabError, match="takes root"):
        requirements.require_hosts()


def test_a_full_disk_is_told_before_pods_are_evicted(monkeypatch, tmp_path):
    monkeypatch.setattr(requirements.shutil, "disk_usage", lambda _: SimpleNamespace(free=7e9))
    assert "7 GB of disk are free" in requirements.disk_is_scarce(tmp_path)
    monkeypatch.setattr(requirements.shutil, "disk_usage", lambda _: SimpleNamespace(free=50e9))
    assert requirements.disk_is_scarce(tmp_path) is None
