"""Which machines a new site has, with their profiles and leaf pairs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.models.server import ServerProfile, ServerRole

if TYPE_CHECKING:
    from infra_kit.inventory.catalog.models import ServerModel
    from infra_kit.inventory.scaffold.counts import Counts


@dataclass(frozen=True, slots=True)
class Machine:
    """A server before it has a rack: its number in the site (from 0), and its seat on a leaf pair."""

    number: int
    name: str
    role: ServerRole
    profile: ServerProfile
    pair: int
    """The leaf pair, from 0."""
    port: int
    """The SFP28 port on both leaves of the pair, from 1."""

    @property
    def model(self) -> ServerModel:
        """The catalogue's model of it."""
        return shipped().servers[self.profile.model]


@cache
def profiles() -> dict[str, ServerProfile]:
    """Every profile that a new site can use, by name."""
    text = (Path(__file__).parent / "profiles.yaml").read_text(encoding="utf-8")
    document = yaml.load(text, Loader=yaml.CSafeLoader)
    found = [ServerProfile.model_validate(item) for item in document["server_profiles"]]
    return {profile.name: profile for profile in found}


def machines(counts: Counts) -> list[Machine]:
    """All servers: control nodes on the first pair, workers over all pairs in turn.

    The control nodes share a pair because the address of the Kubernetes API moves between them inside one network.
    """
    taken = [0] * counts.pairs
    result: list[Machine] = []

    def add(name: str, role: ServerRole, profile: str, pair: int) -> None:
        taken[pair] += 1
        result.append(Machine(len(result), name, role, profiles()[profile], pair, taken[pair]))

    for name in _names("master", counts.masters):
        add(name, "master", "master", 0)
    for name in _names("utility", counts.utility):
        add(name, "utility", "service", 0)
    for name in _names("edge", counts.edge):
        add(name, "edge", "service", 0)
    turn = cycle(range(counts.pairs))
    worker_profile = "worker-r6515" if counts.configuration == 1 else "worker-r7515"
    for name in _names("worker", counts.workers):
        add(name, "worker", worker_profile, next(pair for pair in turn if taken[pair] < counts.pair_capacity(pair)))
    for name in _names("gpu", counts.gpu_workers):
        add(name, "gpu-worker", "gpu-worker", next(pair for pair in turn if taken[pair] < counts.pair_capacity(pair)))
    return result


def _names(stem: str, count: int) -> list[str]:
    width = max(2, len(str(count)))
    return [f"{stem}{number:0{width}}" for number in range(1, count + 1)]
