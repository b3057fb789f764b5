"""Which engine carries a stack out: the one that owns it already, else the one that the site asks for."""

from __future__ import annotations

import shutil
from importlib import import_module
from typing import TYPE_CHECKING

from infra_kit.inventory.access import KUBERNETES
from infra_kit.inventory.errors import RefusedError

if TYPE_CHECKING:
    from infra_kit.plan.resource import ReadContext
    from infra_kit.stacks.engines.engine import Engine, EngineName
    from infra_kit.stacks.stack import Evaluated, Stack

_MODULES: dict[EngineName, str] = {
    "server-side": "infra_kit.stacks.engines.server_side.engine",
    "automation": "infra_kit.stacks.engines.automation.engine",
}
"""Each has a function `open_engine(stack, program, context)`."""
PULUMI = "pulumi"


def open_engine(stack: Stack, program: Evaluated | None, context: ReadContext) -> Engine:
    """The engine of a stack.

    Args:
        stack: which stack.
        program: what its program yields; None where the stack has left the inventory.
        context: the run.

    Raises:
        RefusedError: the site asks for another engine than the one that owns the stack, or for one that is not there.
        DeviceError: the cluster cannot say who owns the stack.
    """
    wanted = context.site.kubernetes.engine if context.site.kubernetes else "automatic"
    name = choose(stack, wanted, owner(stack, context), has_pulumi=shutil.which(PULUMI) is not None)
    engine: Engine = import_module(_MODULES[name]).open_engine(stack, program, context)
    return engine


def owner(stack: Stack, context: ReadContext) -> EngineName | None:
    """Which engine the cluster remembers for a stack; None where there is no such stack.

    Raises:
        DeviceError: it cannot be asked.
    """
    from infra_kit.stacks.engines.server_side.applyset import ApplySet
    from infra_kit.stacks.kubernetes_api.clients import reader

    return ApplySet(stack.name).owner_engine(reader(context))


def remembered(context: ReadContext) -> list[str]:
    """Names of the stacks that the cluster remembers, whichever engine owns them.

    Raises:
        DeviceError: it cannot be asked.
    """
    from infra_kit.stacks.engines.server_side import applyset
    from infra_kit.stacks.kubernetes_api.clients import reader

    return [each.name for each in applyset.stacks(reader(context))]


def choose(stack: Stack, wanted: str, owned_by: EngineName | None, *, has_pulumi: bool) -> EngineName:
    """Decide.

    Args:
        stack: for whom.
        wanted: the site's `kubernetes.engine`.
        owned_by: the engine that owns the stack already.
        has_pulumi: whether the `pulumi` program is found.

    Raises:
        RefusedError: as `open_engine`.
    """
    if owned_by is not None and wanted not in {"automatic", owned_by}:
        raise RefusedError(
            KUBERNETES,
            f"stack {stack.name} belongs to the engine {owned_by}, and the site asks for {wanted}; an engine is not changed silently",
            remedy=f"set `kubernetes: {{engine: {owned_by}}}`; to change it, destroy the stack with {owned_by} first",
        )
    chosen: EngineName = owned_by or (
        "server-side" if wanted == "server-side" or (wanted == "automatic" and not has_pulumi) else "automation"
    )
    if chosen == "automation" and not has_pulumi:
        why = "belongs to the engine automation" if owned_by else "is to be carried out by the engine automation"
        raise RefusedError(
            KUBERNETES,
            f"stack {stack.name} {why}, which needs the `{PULUMI}` program, and it is not on PATH",
            remedy="install Pulumi's command line; `infra-kit doctor` says how",
        )
    return chosen
