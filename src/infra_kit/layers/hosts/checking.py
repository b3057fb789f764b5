"""Check mode: what roles would change on hosts, told by Ansible itself, without changing anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.errors import InfraKitError
from infra_kit.layers.hosts.collector import Collector
from infra_kit.layers.hosts.fault import error_of
from infra_kit.layers.hosts.ordering import Ordered, names_of, ordered
from infra_kit.layers.hosts.runner.run import run
from infra_kit.plan.resource import Observed, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from infra_kit.layers.hosts.knowledge import Knowledge
    from infra_kit.layers.hosts.result import RoleResult
    from infra_kit.layers.hosts.wanted import RoleOnHost, Standing
    from infra_kit.plan.resource import ReadContext

_CHECKED = "checked: as intended"
_MOVED = "no longer as it was applied"


def check(  # noqa: PLR0913  what it asks, of what, and whom it tells
    knowledge: Knowledge,
    resources: Sequence[RoleOnHost],
    standings: Mapping[str, Standing],
    context: ReadContext,
    told: Callable[[RoleOnHost, Observed | Unknown], None],
    called_off: Callable[[], bool],
) -> None:
    """Ask Ansible what it would change, in one run.

    Args:
        knowledge: theirs.
        resources: what is asked about.
        standings: id -> how it stands, by the look.
        context: site and connections.
        told: told each resource and what was found.
        called_off: whether to end it before its time.

    Raises:
        InfraKitError: Ansible could not be run at all.
    """
    order = ordered(knowledge, resources, context, check=True)
    for each, error in order.refused:
        told(each, Unknown(str(error)))
    by_place = {(each.host, each.role.name): each for each in order.resources}

    def ended(host: str, role: str, result: RoleResult) -> None:
        resource = by_place[host, role]
        if result.unreachable is not None or collector.out(host) == "":  # not even its facts could be had
            told(resource, Unknown(str(error_of(host, role, result, names_of(knowledge, resource, context)))))
        else:
            told(resource, _observed(standings[resource.id], result))

    if not order.resources:
        return
    collector = Collector(order.wanted, order.roles, ended, check=True)
    done = run(order.order, collector.hear, called_off)
    _account_for_the_rest(order, collector, done.printed, by_place, told)


def _observed(standing: Standing, result: RoleResult) -> Observed | Unknown:
    state = {**result.state(), "standing": "applied" if standing == "moved" else standing}
    if standing in {"applied", "moved"} and not result.changes:
        # What was applied in this very form, and would not be changed as far as can be told: whether it still stands is not known.
        if result.unknown:
            return Unknown(f"task {result.unknown[0]!r} cannot tell in check mode whether it would change anything")
        if result.failure is not None:
            return Unknown(f"check mode: {state['failed']}")
    return Observed(state, remark=_CHECKED if standing != "moved" or not result.changes else _MOVED)


def _account_for_the_rest(
    order: Ordered,
    collector: Collector,
    printed: str,
    by_place: Mapping[tuple[str, str], RoleOnHost],
    told: Callable[[RoleOnHost, Observed | Unknown], None],
) -> None:
    for host, role in collector.left:
        dropped = collector.out(host)
        reason = f"its host dropped out in role {dropped}" if dropped else f"Ansible ended before it: {' '.join(printed.split())[-600:]}"
        told(by_place[host, role], Unknown(reason))
    if len(collector.left) == len(by_place) > 0 and printed and not any(collector.out(host) for host in order.wanted):
        raise InfraKitError(
            f"Ansible could not be run: {' '.join(printed.split())[-600:]}", remedy="`infra-kit doctor` says what is missing"
        )
