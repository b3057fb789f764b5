"""The root file systems that lab hosts begin with: what is in each, and where it is in the user's cache."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

import yaml

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.models.base import Noun
from infra_kit.lab import cache

_DATA = Path(__file__).with_name("data")
TABLE = _DATA / "root-filesystems.yaml"
CUSTOMIZE = _DATA / "customize.sh"
MACHINE = "machine"
"""The variant that virtual machines begin with."""


class Variant(Noun):
    """One root file system."""

    name: str
    base: str = ""
    """The variant whose packages it has too."""
    packages: list[str]
    disabled: list[str] = []
    """Units that its packages would have started."""
    container: bool = True
    """Whether it runs in containers; no: in virtual machines, with a kernel of its own."""


class RootFilesystems(Noun):
    """The table of them."""

    suite: str
    """Of Debian."""
    release: str
    masked: list[str]
    variants: list[Variant]

    def variant(self, name: str) -> Variant:
        """The variant of that name, with the packages of those it is based on.

        Raises:
            LabError: there is none.
        """
        found = next((each for each in self.variants if each.name == name), None)
        if found is None:
            raise LabError(f"no such root file system: {name}", where=str(TABLE), remedy=f"known: {', '.join(self.names)}")
        if not found.base:
            return found
        base = self.variant(found.base)
        packages, disabled = {*base.packages, *found.packages}, {*base.disabled, *found.disabled}
        return Variant(name=name, packages=sorted(packages), disabled=sorted(disabled), container=found.container)

    def masked_in(self, variant: Variant) -> list[str]:
        """Units that a variant must never start: a machine of its own has a purpose for them."""
        return self.masked if variant.container else []

    @property
    def names(self) -> list[str]:
        """Of all variants."""
        return [each.name for each in self.variants]

    def place(self, name: str) -> Path:
        """Where a variant is in the cache; its name carries a digest of everything that it is made from."""
        variant = self.variant(name)
        packed = variant.model_dump_json(exclude={"container"})  # it decides what is masked, and nothing else
        made_from = f"{self.suite} {self.masked_in(variant)} {packed} {CUSTOMIZE.read_text(encoding='utf-8')}"
        return cache_folder() / f"{name}-{hashlib.sha256(made_from.encode()).hexdigest()[:12]}"


def cache_folder() -> Path:
    """The user's cache of root file systems."""
    return cache.cache_folder("hosts")


@functools.cache
def table() -> RootFilesystems:
    """The root file systems that there are."""
    return RootFilesystems.model_validate(yaml.load(TABLE.read_bytes(), Loader=yaml.CSafeLoader))


def locate(name: str) -> Path:
    """Where a variant is.

    Raises:
        LabError: it has not been built on this machine.
    """
    place = table().place(name)
    if not place.is_dir():
        raise LabError(f"the hosts' root file system `{name}` is not on this machine", remedy="`python -m infra_kit.lab.hosts` builds it")
    return place
