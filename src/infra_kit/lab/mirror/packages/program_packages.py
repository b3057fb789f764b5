"""Debian packages made from the lab's Kubernetes programs: what the projects themselves publish, built here."""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.models.base import Noun
from infra_kit.lab.mirror.packages.running import run
from infra_kit.lab.programs.obtaining import obtain_all
from infra_kit.lab.programs.program import table

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.programs.program import Program

    Say = Callable[[str], object]

DATA = Path(__file__).with_name("data")
_RELOAD = "#!/bin/sh\nset -e\n[ ! -d /run/systemd/system ] || systemctl daemon-reload\n"


class MadePackage(Noun):
    """One package and what is in it."""

    name: str
    programs: list[str]
    depends: list[str]
    description: str
    files: dict[str, str] = {}
    """File of the data folder by its place on a host."""
    folders: list[str] = []
    reloads_systemd: bool = False


class _Table(Noun):
    revision: str
    maintainer: str
    packages: list[MadePackage]


@cache
def _table() -> _Table:
    return _Table.model_validate(yaml.load((DATA / "kubernetes.yaml").read_bytes(), Loader=yaml.CSafeLoader))


def made_names() -> list[str]:
    """The packages that are made."""
    return [package.name for package in _table().packages]


def make_all(versions: list[str], target: Path, say: Say) -> list[Path]:
    """Make the packages of some versions of Kubernetes.

    Args:
        versions: such as `v1.36.3`.
        target: the folder for the package files.
        say: called with each line of progress of programs that have to be got first.

    Raises:
        LabError: a program cannot be had, or a package not be made.
    """
    wanted: dict[tuple[str, str], tuple[MadePackage, tuple[Program, ...]]] = {}
    for version in versions:
        programs = {program.name: program for program in table("node", kubernetes=version)}
        for package in _table().packages:
            inside = tuple(programs[name] for name in package.programs)
            wanted[package.name, inside[0].version] = package, inside  # what is not Kubernetes' own is in every version alike
    return [_make(package, inside[0], obtain_all(say, inside, purpose="node"), target) for package, inside in wanted.values()]


def package_version(version: str) -> str:
    """The package version of a version of Kubernetes: `v1.36.3` is `1.36.3-1`."""
    return f"{version.removeprefix('v')}-{_table().revision}"


def _make(package: MadePackage, program: Program, files: dict[str, Path], target: Path) -> Path:
    architecture = run(["dpkg", "--print-architecture"], package="dpkg").strip()
    version = package_version(program.version)
    result = target / f"{package.name}_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=target, prefix=".") as scratch:
        root = Path(scratch, "root")
        for name, file in files.items():
            _place(file, root / "usr/bin" / name, 0o755)
        for place, source in package.files.items():
            _place(DATA / source, root / place.strip("/"), 0o644)
        for folder in package.folders:
            (root / folder.strip("/")).mkdir(parents=True)
        control = root / "DEBIAN"
        control.mkdir()
        (control / "control").write_text(_control(package, program, version, architecture, size_kib=_size_kib(root)))
        if package.reloads_systemd:
            (control / "postinst").write_text(_RELOAD)
            (control / "postinst").chmod(0o755)
        for folder, _, _ in os.walk(root):
            Path(folder).chmod(0o755)
        # Compressed lightly: it is made once and unpacked on every host.
        run(["dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", str(root), str(Path(scratch, "made.deb"))], package="dpkg")
        Path(scratch, "made.deb").rename(result)
    return result


def _control(package: MadePackage, program: Program, version: str, architecture: str, *, size_kib: int) -> str:
    lines = {
        "Package": package.name,
        "Version": version,
        "Architecture": architecture,
        "Maintainer": _table().maintainer,
        "Installed-Size": str(size_kib),
        "Depends": ", ".join(package.depends),
        "Section": "admin",
        "Priority": "optional",
        "Description": package.description + (f"\n A drill: its source is that of {program.drill_of}." if program.drill_of else ""),
    }
    return "".join(f"{name}: {value}\n" for name, value in lines.items() if value)


def _place(source: Path, target: Path, mode: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def _size_kib(root: Path) -> int:
    return sum(file.stat().st_size for file in root.rglob("*") if file.is_file()) // 1024
