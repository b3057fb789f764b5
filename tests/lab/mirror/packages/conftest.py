"""Small programs in a cache of the test's own, from which real packages are made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from infra_kit.lab.mirror.packages.listed import Listed, listed
from infra_kit.lab.mirror.packages.repository import Repository, repository
from infra_kit.lab.programs.program import table

VERSIONS = ["v1.36.3", "v1.36.2"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache in which every program of a node is a script that says its version."""
    for tool in ("dpkg-deb", "apt-get", "gpg"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine")
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder))
        for version in VERSIONS:
            for program in table("node", kubernetes=version):
                program.cached.parent.mkdir(parents=True, exist_ok=True)
                program.cached.write_text(f"#!/bin/sh\necho {program.name} {program.version}\n")
                program.cached.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def nothing_from_debian() -> Listed:
    return listed().model_copy(update={"packages": {}})


@pytest.fixture(scope="module")
def made(cache: Path, nothing_from_debian: Listed) -> Repository:
    """A repository of the packages that are made here, in two versions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(cache))
        patch.setenv("PATH", "/usr/bin:/bin")
        return repository(lambda _: None, kubernetes=VERSIONS, wanted=nothing_from_debian)
