"""The emulated cluster itself: its state, its directories, its licences, and the lies it was told to tell."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from infra_kit.lab.onefs.refusal import Refusal
from infra_kit.lab.onefs.schema import Schema
from infra_kit.lab.onefs.versions import Versions

if TYPE_CHECKING:
    from infra_kit.lab.faults import Faults

ACTIVE = frozenset({"Licensed", "Evaluation"})


class Cluster:
    """What every collection works on.

    Args:
        state: the JSON-able whole; changed in place.
        faults: misbehaviour asked for.
    """

    def __init__(self, state: dict[str, Any], faults: Faults) -> None:
        """Nothing is checked: the state comes from the factory or from this class."""
        self.state = state
        self.faults = faults
        self.versions = Versions(state["cluster"]["release"])

    def objects(self, kind: str, scope: str = "") -> dict[str, dict[str, Any]]:
        """The objects of a kind in a scope, by id."""
        found: dict[str, dict[str, Any]] = self.state["objects"].setdefault(kind, {}).setdefault(scope, {})
        return found

    def everywhere(self, kind: str) -> list[tuple[str, dict[str, Any]]]:
        """All objects of a kind with their scope."""
        scopes = self.state["objects"].get(kind, {})
        return [(scope, each) for scope, held in scopes.items() for each in held.values()]

    def schema(self, kind: str) -> Schema:
        """The kind's schema in this release."""
        return Schema(kind, self.versions.release)

    def number(self, counter: str) -> int:
        """The next number of a counter."""
        self.state["counters"][counter] += 1
        taken: int = self.state["counters"][counter]
        return taken

    def zone(self, name: str) -> dict[str, Any]:
        """The access zone of that name; names are not case-sensitive."""
        for each in self.objects("zones").values():
            if each["name"].lower() == name.lower():
                return each
        raise Refusal(404, f'Access Zone "{name}" not found.', "zone")

    def require(self, licence: str) -> None:
        """Refuse unless the licence is active."""
        if self.state["licences"].get(licence) not in ACTIVE:
            raise Refusal(
                403,
                f"The {licence} application is not currently installed. Please contact your Isilon account team for "
                f"more information on evaluating and purchasing {licence}.",
            )

    def directory(self, path: str, field: str = "path") -> str:
        """The path in its plain form; refused unless it is a directory below /ifs."""
        plain = posixpath.normpath(path)
        if plain != "/ifs" and not plain.startswith("/ifs/"):
            raise Refusal(400, f"Path '{path}' must begin with /ifs", field)
        if plain not in self.state["directories"]:
            raise Refusal(400, f"Path '{path}' does not exist", field)
        return plain

    def make_directory(self, path: str, mode: str = "0755") -> None:
        """Create it and whatever is missing above it."""
        parent = posixpath.dirname(path)
        if parent not in self.state["directories"] and parent != "/":
            self.make_directory(parent, mode)
        self.state["directories"].setdefault(path, {"mode": mode, "owner": "UID:0", "group": "GID:0"})

    def taken_in(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """What really takes effect of an accepted body: all of it, unless a fault says otherwise."""
        ignored = self.state["ignores"].get(kind, ())
        kept = {name: value for name, value in body.items() if name not in ignored}
        if self.faults.half_apply:
            self.faults.half_apply = False
            kept = dict(list(kept.items())[: (len(kept) + 1) // 2])
        return kept


def inside(path: str, root: str) -> bool:
    """Whether a path is a directory or below it."""
    return path == root or path.startswith(root.rstrip("/") + "/")
