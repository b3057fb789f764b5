"""Runs every rule over a site and gives each problem its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.rules.index import Index
from infra_kit.inventory.rules.registry import every_rule

if TYPE_CHECKING:
    from infra_kit.inventory.document import PathKeys
    from infra_kit.inventory.loaded import Loaded
    from infra_kit.inventory.models.site import Site


def check(loaded: Loaded) -> None:
    """Add every rule's findings to a site that could be typed."""
    site = loaded.site
    if site is None:
        return
    index = Index(site)
    paths: dict[int, PathKeys] = {}
    for rule in every_rule():
        if rule.check is None:
            continue
        for problem in rule.check(site, index):
            paths = paths or places(site)
            field = (problem.field,) if isinstance(problem.field, str) else problem.field
            path = (*paths[id(problem.at)], *(key for key in field if key != ""))
            loaded.find(rule.id, path, problem.message, problem.hint, severity=problem.severity or rule.severity)


def places(site: Site) -> dict[int, PathKeys]:
    """The path of every noun of the site, by the object's identity."""
    found: dict[int, PathKeys] = {}
    stack: list[tuple[PathKeys, object]] = [((), site)]
    while stack:
        path, value = stack.pop()
        if isinstance(value, Noun):
            found[id(value)] = path
            stack.extend(((*path, name), getattr(value, name)) for name in type(value).model_fields)
        elif isinstance(value, list):
            stack.extend(((*path, position), item) for position, item in enumerate(value) if isinstance(item, Noun))
    return found
