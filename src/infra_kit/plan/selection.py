"""Which resources a command is about: layers, id globs, and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Self

from infra_kit.inventory.errors import UsageError
from infra_kit.plan.scope import WITH_WORKSPACES, workspace


@dataclass(frozen=True, slots=True)
class Selection:
    """Empty means everything.

    Args:
        layers: names of layers.
        targets: id globs; a resource that matches one is in.
        ignored: id globs; a resource that matches one is out.
        only: exact ids, for what a plan file names.
        workspaces: names; only what belongs to one of these workspaces is in.
    """

    layers: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    only: tuple[str, ...] | None = None
    workspaces: tuple[str, ...] = ()

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes of the named workspaces; empty where none is named."""
        return frozenset(map(workspace, self.workspaces))

    def concerns(self, layer: str) -> bool:
        """Whether anything of the layer can be meant: the others need not even be asked."""
        if (self.layers and layer not in self.layers) or (self.workspaces and layer not in WITH_WORKSPACES):
            return False
        if self.only is not None and not any(each.startswith(f"{layer}/") for each in self.only):
            return False
        return not self.targets or any(fnmatchcase(layer, glob.partition("/")[0]) or "*" in glob.partition("/")[0] for glob in self.targets)

    def includes(self, resource: str, scope: str = "") -> bool:
        """Whether the resource of that id, in that scope, is meant."""
        if self.workspaces and scope not in self.scopes:
            return False
        if self.layers and resource.partition("/")[0] not in self.layers:
            return False
        if self.only is not None and resource not in self.only:
            return False
        if any(fnmatchcase(resource, glob) for glob in self.ignored):
            return False
        return not self.targets or any(fnmatchcase(resource, glob) for glob in self.targets)

    def require_matches(self, resources: Iterable[str]) -> None:
        """Refuse targets that match nothing: a misspelt glob must not look like "nothing to do".

        Raises:
            UsageError: naming the first such glob.
        """
        known = list(resources)
        for glob in self.targets:
            if not any(fnmatchcase(resource, glob) for resource in known):
                example = f", such as `{known[0]}`" if known else ""
                raise UsageError(f"no resource matches --target `{glob}`", remedy=f"ids have the form layer/kind/name{example}")

    def require_workspaces(self, known: Iterable[str], unasked: Iterable[str] = ()) -> None:
        """Refuse workspaces that nobody knows: a misspelt name must not look like "nothing to do".

        Args:
            known: names of all that there are: in the inventory, or only remembered.
            unasked: why some of those that would remember more could not be asked.

        Raises:
            UsageError: naming the first such workspace.
        """
        names = sorted(set(known))
        for name in self.workspaces:
            if name not in names:
                near = get_close_matches(name, names, 1)
                guess = f"did you mean {near[0]}? " if near else ""
                rest = "".join(f"; {reason}" for reason in unasked)
                raise UsageError(
                    f"there is no workspace {name}, neither in the inventory nor of what infra-kit has created",
                    remedy=f"{guess}known: {', '.join(names) or 'none at all'}{rest}",
                )

    @property
    def complete(self) -> bool:
        """Whether it leaves nothing out: of its workspaces, where it names some, else of the site."""
        return not (self.layers or self.targets or self.ignored) and self.only is None

    def as_dict(self) -> dict[str, Any]:
        """For the journal."""
        return {
            "layers": list(self.layers),
            "targets": list(self.targets),
            "ignored": list(self.ignored),
            "only": None if self.only is None else list(self.only),
            "workspaces": list(self.workspaces),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Self:
        """From the journal."""
        only = value["only"]
        return cls(
            tuple(value["layers"]),
            tuple(value["targets"]),
            tuple(value["ignored"]),
            None if only is None else tuple(only),
            tuple(value.get("workspaces", ())),
        )


EVERYTHING = Selection()
