"""Where the function of a stack's program is, and what it is called with."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import ProgramError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.stack import Stack

_MODULE = "infra_kit.stacks.{}.program"
_FUNCTION = "program"
_WORKSPACES = "workspaces"


def program_of(stack: Stack, site: Site) -> Callable[[], None]:
    """The program as Pulumi wants it: a function without arguments, which makes resources.

    A program is `program(site)`, or `program(site, parameter)` where the stack has a parameter; ours for the workspaces is told the
    workspace itself.

    Raises:
        ProgramError: there is no such program.
    """
    function = _function(stack)
    arguments = (site, _argument(stack, site)) if stack.parameter else (site,)

    def run() -> None:
        # What a program returns is nothing to Pulumi; a coroutine would be awaited.
        function(*arguments)

    return run


def _argument(stack: Stack, site: Site) -> Any:
    if stack.program != _WORKSPACES or stack.source:
        return stack.parameter
    workspace = site.workspace_by_name.get(stack.parameter)
    if workspace is None:
        raise ProgramError(f"the inventory has no workspace {stack.parameter}", where=str(site.folder))
    return workspace


def _function(stack: Stack) -> Callable[..., Any]:
    file, _, name = stack.source.rpartition(":")
    module = _of_file(Path(file), stack) if file else _own(stack)
    function = getattr(module, name or _FUNCTION, None)
    if not callable(function):
        raise ProgramError(f"the program of stack {stack.name} has no function `{name or _FUNCTION}`", where=str(module.__file__))
    found: Callable[..., Any] = function
    return found


def _own(stack: Stack) -> ModuleType:
    name = _MODULE.format(stack.program)
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not name.startswith(error.name):
            raise
        raise ProgramError(f"there is no program for stack {stack.name}", where=name) from error


def _of_file(file: Path, stack: Stack) -> ModuleType:
    spec = spec_from_file_location(file.stem, file)
    if spec is None or spec.loader is None or not file.is_file():
        raise ProgramError(f"there is no program for stack {stack.name}", where=str(file))
    module = module_from_spec(spec)
    sys.modules[file.stem] = module  # dataclasses look their module up there
    # From its text: Python's cache would take a file written again within a second, at the same size, for the old one.
    exec(compile(file.read_bytes(), file, "exec"), module.__dict__)  # noqa: S102  a program is there to be run
    return module
