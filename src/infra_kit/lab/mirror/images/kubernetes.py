"""The images that kubeadm asks for, made from the lab's own programs."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.models.base import Noun
from infra_kit.lab.mirror.images.recipe import Kind, Recipe, layers
from infra_kit.lab.programs.program import table

TABLE = Path(__file__).with_name("data") / "kubernetes.yaml"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class _Entry(Noun):
    name: str
    programs: list[str]
    entrypoint: list[str]
    uid: int = 0
    packages: str = ""
    files: str = ""


class _Table(Noun):
    registry: str
    tags: dict[str, dict[str, str]]
    images: list[_Entry]


@cache
def _table() -> _Table:
    return _Table.model_validate(yaml.load(TABLE.read_bytes(), Loader=yaml.CSafeLoader))


def kubernetes_images(version: str = "") -> list[Recipe]:
    """The images of a cluster.

    Args:
        version: Kubernetes' version, such as `v1.36.3`; empty: the table of programs' own.

    Raises:
        LabError: the tables know no such version.
    """
    programs = {program.name: program for program in table("node", kubernetes=version)}
    exact = programs["kubelet"].version
    minor = ".".join(exact.removeprefix("v").split(".")[:2])
    if minor not in _table().tags:
        raise LabError(
            f"which images kubeadm {exact} asks for is not known", remedy=f"`kubeadm config images list` says it; add it to {TABLE.name}"
        )
    found = []
    for entry in _table().images:
        steps: list[tuple[Kind, str]] = [("pick", f"{entry.packages}:{entry.files}")] if entry.packages else []
        steps += [("program", f"{programs[name].name}@{programs[name].version}") for name in entry.programs]
        tag = _table().tags[minor].get(entry.name, exact)
        reference = f"{_table().registry}/{entry.name}:{tag}"
        found.append(Recipe(reference, layers(*steps), tuple(entry.entrypoint), {"PATH": _PATH}, entry.uid))
    return found
