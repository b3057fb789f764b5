"""The roles: which there are, for which hosts, in which order, and what a cheap look at a host looks at."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import ValidationError

from infra_kit import shipped
from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import PositiveCount

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site
    from infra_kit.layers.hosts.facts import HostFacts

Stage = Literal["prepare", "control_plane", "workers"]
HostSet = Literal["all", "control_plane", "kubernetes_workers", "gpu", "master", "utility", "edge", "worker", "gpu-worker"]
Kind = TypeVar("Kind", bound=Noun)
_VARIABLES = "infra_kit.layers.hosts.variables"
_FILE = Path(__file__).with_name("roles.yaml")


class Probe(Noun):
    """What of a host shows whether a role's result still stands: `probe.yaml` in the role's folder."""

    files: list[str] = []
    """Paths or globs; content, mode and owner count."""
    units: list[str] = []
    """systemd units; whether they are there, enabled, and running."""
    sysctls: list[str] = []
    commands: dict[str, str] = {}
    """Name -> a shell command that only reads; its output and exit status count."""
    clock: PositiveCount | None = None
    """How far the host's clock may be from the controller's, s; one that is farther off counts."""


class RoleEntry(Noun):
    """One entry of roles.yaml, whose head says what each means."""

    name: str
    stage: Stage
    hosts: list[HostSet]
    needs: list[str] = []
    disruption: Literal["none", "reload", "reboot", "recreate"] = "none"


class RoleList(Noun):
    """roles.yaml."""

    facts: list[str]
    roles: list[RoleEntry]


_KEY = re.compile(r"^ +([a-z_]+):", re.MULTILINE)
_INCLUDED = re.compile(r"(?:include|import)_role:\s+name: ([a-z_]+)")


@dataclass(frozen=True)
class Role:
    """A role that can be run.

    Args:
        entry: what roles.yaml says of it.
        folder: its own, with tasks/main.yml.
    """

    entry: RoleEntry
    folder: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.entry.name

    @cached_property
    def probe(self) -> Probe:
        """What a cheap look at a host looks at; nothing where the role has no probe.yaml.

        Raises:
            InfraKitError: probe.yaml is not valid.
        """
        file = self.folder / "probe.yaml"
        return _read(file, Probe) if file.is_file() else Probe()

    @cached_property
    def digest(self) -> str:
        """`sha256:` over its files, and those of the modules and roles that its tasks use: a role that has changed is run again."""
        total = hashlib.sha256()
        for file in _files(self.folder):
            total.update(f"{file.relative_to(self.folder.parent).as_posix()}\0".encode())
            total.update(hashlib.sha256(file.read_bytes()).digest())
        for file in self._used:
            total.update(hashlib.sha256(file.read_bytes()).digest())
        return f"sha256:{total.hexdigest()}"

    @property
    def _used(self) -> list[Path]:
        playbooks = self.folder.parent.parent
        tasks = "".join(file.read_text(encoding="utf-8") for file in sorted(self.folder.glob("tasks/*.yml")))
        words = set(_KEY.findall(tasks))
        modules = [file for kind in ("library", "action_plugins") for file in (playbooks / kind).glob("*.py") if file.stem in words]
        included = [self.folder.parent / name for name in set(_INCLUDED.findall(tasks)) if name != self.name]
        return sorted([*modules, *(file for folder in included for file in _files(folder))])

    def is_for(self, site: Site, server: Server) -> bool:
        """Whether that server of the site gets it."""
        return all(_has(site, need) for need in self.entry.needs) and any(_in(each, site, server) for each in self.entry.hosts)

    def variables(self, facts: HostFacts) -> dict[str, Any]:
        """The role's variables on a host, with `Secret` where a value is one."""
        if find_spec(f"{_VARIABLES}.{self.name}") is None:
            return {}
        found: dict[str, Any] = import_module(f"{_VARIABLES}.{self.name}").build(facts)
        return found


def _files(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.is_file() and "__pycache__" not in each.parts)


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles, in the order in which a host gets them."""

    facts: tuple[str, ...]
    """Subsets of `ansible.builtin.setup` that a run gathers."""
    roles: tuple[Role, ...]
    folder: Path
    """`playbooks/`, with `roles/`, and modules and plugins of our own."""


@cache
def shipped_roles() -> Roles:
    """The roles that ship with infra-kit.

    Raises:
        InfraKitError: roles.yaml or the installation is damaged.
    """
    return load_roles(_FILE, shipped.folder("playbooks"))


def load_roles(file: Path, playbooks: Path) -> Roles:
    """The roles that a file lists and whose folders are there.

    Args:
        file: roles.yaml.
        playbooks: the folder that has `roles/`.

    Raises:
        InfraKitError: the file is not valid.
    """
    listed = _read(file, RoleList)
    known = tuple(Role(entry, playbooks / "roles" / entry.name) for entry in listed.roles)
    return Roles(tuple(listed.facts), tuple(role for role in known if (role.folder / "tasks" / "main.yml").is_file()), playbooks)


def _read(file: Path, kind: type[Kind]) -> Kind:
    import yaml

    try:
        return kind.model_validate(yaml.load(file.read_bytes(), Loader=yaml.CSafeLoader))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise InfraKitError(
            f"it cannot be used: {error}", where=str(file), remedy="its head, or layers/hosts/roles.yaml, says what goes where"
        ) from error


def _has(site: Site, need: str) -> bool:
    found: Any = site
    for part in need.split("."):
        found = getattr(found, part, None)
    return bool(found)


def _in(name: HostSet, site: Site, server: Server) -> bool:
    kubernetes = site.kubernetes
    match name:
        case "all":
            return True
        case "control_plane":
            return kubernetes is not None and server.name in kubernetes.control_plane
        case "kubernetes_workers":
            return kubernetes is not None and server.name in kubernetes.workers
        case "gpu":
            return site.profile_by_name[server.profile].gpus is not None
        case _:
            return server.role == name
