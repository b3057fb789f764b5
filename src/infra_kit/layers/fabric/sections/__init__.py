"""The sections of a switch's configuration. A new one is a module here with `SECTION`, and its template."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.layers.fabric.section import Section


@cache
def sections() -> tuple[Section, ...]:
    """Every section; their order means nothing, the dump's own order is in os10.yaml."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return tuple(module.SECTION for module in modules)
