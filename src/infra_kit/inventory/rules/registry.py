"""Every rule, by id."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from infra_kit.inventory.findings import Severity
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index
    from infra_kit.inventory.rules.problem import Problem

    Check = Callable[[Site, Index], Iterable[Problem]]

_NOT_FAMILIES = frozenset({"capacity", "engine", "index", "needs", "problem", "registry", "estimates"})
_RULES: dict[str, Rule] = {}


@dataclass(frozen=True, slots=True)
class Rule:
    """One check. Without `check` the loader itself finds it."""

    id: str
    severity: Severity
    family: str
    summary: str
    check: Check | None = None


def rule(rule_id: str, severity: Severity = "error") -> Callable[[Check], Check]:
    """Register a generator function as a rule; its docstring is the summary and its module the family.

    Args:
        rule_id: the stable id, such as IK1203.
        severity: of its findings, unless a problem says otherwise (an unconfirmed catalogue figure only ever warns).
    """

    def register(check: Check) -> Check:
        family = check.__module__.rpartition(".")[2]
        enter(Rule(rule_id, severity, family, (check.__doc__ or "").strip(), check))
        return check

    return register


def enter(entry: Rule) -> None:
    """Add a rule.

    Raises:
        ValueError: the id is taken, or there is no docstring: a defect of the code, seen at the first import.
    """
    if entry.id in _RULES or not entry.summary:
        raise ValueError(f"rule {entry.id} is registered twice or has no docstring")
    _RULES[entry.id] = entry


def every_rule() -> list[Rule]:
    """All rules in the order of their ids."""
    package = __name__.rpartition(".")[0]
    for module in iter_modules(import_module(package).__path__):
        if module.name not in _NOT_FAMILIES:
            import_module(f"{package}.{module.name}")
    return [_RULES[rule_id] for rule_id in sorted(_RULES)]
