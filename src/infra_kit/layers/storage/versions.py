"""The platform-API version table: which number stands in a resource's path on which OneFS release."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yaml

from infra_kit.inventory.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TABLE = Path(__file__).parent / "data" / "versions.yaml"


@cache
def _table() -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(_TABLE.read_bytes(), Loader=yaml.CSafeLoader)
    return document


def parse(onefs: str) -> tuple[int, ...]:
    """`9.10` or `v9.10.0.3` as numbers, so that 9.10 sorts behind 9.9.

    Raises:
        ValueError: it is no release.
    """
    return tuple(int(part) for part in onefs.strip().removeprefix("v").split("."))


class Versions:
    """The table, seen from one release.

    Args:
        onefs: the release of the inventory, such as 9.5.

    Raises:
        UsageError: a release that the table does not know.
    """

    def __init__(self, onefs: str) -> None:
        """Look the release up."""
        table = _table()
        try:
            self._release = parse(onefs)[:2]
        except ValueError:
            self._release = ()
        if self._release not in {parse(each) for each in table["releases"]}:
            raise UsageError(
                f"OneFS {onefs} is not in the version table of the platform API",
                remedy=f"write one of {', '.join(table['releases'])} as `onefs` of the array",
            )
        self._resources: dict[str, dict[str, int]] = table["resources"]
        self._values: dict[str, dict[str, dict[str, str]]] = table["values"]

    def path(self, resource: str, variables: Mapping[str, str] | None = None, name: str = "") -> str:
        """The path of a resource, or of one object in it.

        Args:
            resource: a resource of the table, such as `network/groupnets/{groupnet}/subnets`.
            variables: what stands in its braces.
            name: the object's id; empty for the resource itself.
        """
        version = self._since(self._resources[resource])
        parts = resource.format_map({key: quote(value, safe="") for key, value in (variables or {}).items()})
        return f"/platform/{version}/{parts}" + (f"/{quote(name, safe='')}" if name else "")

    def value(self, field: str, value: str) -> str:
        """What this release calls a value of the inventory."""
        steps = self._values.get(field, {}).get(value, {})
        known = [step for step in steps if parse(step) <= self._release]
        return steps[max(known, key=parse)] if known else value

    def _since(self, steps: dict[str, int]) -> int:
        return steps[max((step for step in steps if parse(step) <= self._release), key=parse)]
