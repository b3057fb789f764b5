"""Which packages the mirror has: the data file's form."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from infra_kit.inventory.models.base import Noun

TABLE = Path(__file__).with_name("data") / "packages.yaml"


class Source(Noun):
    """An archive of packages."""

    uri: str
    suites: list[str]


class Listed(Noun):
    """The packages of the mirror, and where they come from."""

    suite: str
    components: list[str]
    sources: list[Source]
    keyring: str
    packages: dict[str, list[str]]
    """By what needs them: a role, mostly."""

    @property
    def names(self) -> list[str]:
        """Every package, each once."""
        return sorted({name for names in self.packages.values() for name in names})


@cache
def listed(file: Path = TABLE) -> Listed:
    """The mirror's packages.

    Args:
        file: the data file that says them.
    """
    return Listed.model_validate(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader))
