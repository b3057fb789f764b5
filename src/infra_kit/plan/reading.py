"""Reading devices: many at once, never two reads at once on one device; companies as one."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import DeviceError, NoAnchorError, UnreachableError
from infra_kit.plan.company import company_of
from infra_kit.plan.events import Event, Listener, silent
from infra_kit.plan.resource import Observed, Unknown, never

if TYPE_CHECKING:
    from infra_kit.plan.company import Company
    from infra_kit.plan.resource import ReadContext, Resource


def read_one(resource: Resource, context: ReadContext) -> Observed | Unknown:
    """Read one resource; what the device says against it becomes the reason of an Unknown."""
    try:
        return resource.read(context)
    except DeviceError as error:
        return Unknown(str(error), away=isinstance(error, (UnreachableError, NoAnchorError)))


def read_together(
    company: Company,
    resources: Sequence[Resource],
    context: ReadContext,
    listener: Listener = silent,
    called_off: Callable[[], bool] = never,
) -> dict[str, Observed | Unknown]:
    """Read resources of one company; each has its answer, be it an Unknown.

    Args:
        company: theirs.
        resources: some of it.
        context: site and connections.
        listener: told before and after each resource.
        called_off: whether to end before its time.

    Raises:
        InfraKitError: something that is no device's fault.
    """
    devices = {each.id: each.device for each in resources}
    answers: dict[str, Observed | Unknown] = {}

    def found(resource: str, state: Observed | Unknown) -> None:
        answers[resource] = state
        listener(Event("read", resource, devices[resource], message=state.reason if isinstance(state, Unknown) else ""))

    for each in resources:
        listener(Event("reading", each.id, each.device))
    reason = "it was not told what was found"
    try:
        company.read(resources, context, found, called_off)
    except DeviceError as error:
        reason = str(error)
    for unsaid in devices.keys() - answers.keys():
        found(unsaid, Unknown(reason))
    return answers


def read_all(
    resources: Sequence[Resource], concurrency: Mapping[str, int], context: ReadContext, listener: Listener = silent
) -> dict[str, Observed | Unknown]:
    """Read all resources.

    Args:
        resources: in any order; those of one device are read in the given order.
        concurrency: layer -> how many of its devices are talked to at once.
        context: site and connections.
        listener: told before and after each resource.

    Raises:
        InfraKitError: something that is no device's fault, such as a secret that does not resolve.
    """
    work: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    together: dict[tuple[str, Company], list[Resource]] = defaultdict(list)
    for each in resources:
        layer = each.id.partition("/")[0]
        if (company := company_of(each)) is not None:
            together[layer, company].append(each)
        else:
            work[layer, each.device].append(each)
    guards = {each.device: threading.Lock() for each in resources}
    found: dict[str, Observed | Unknown] = {}
    stop = threading.Event()

    def read_device(of_device: Sequence[Resource]) -> None:
        with guards[of_device[0].device]:
            for each in of_device:
                if stop.is_set():
                    return
                listener(Event("reading", each.id, each.device))
                state = read_one(each, context)
                found[each.id] = state
                listener(Event("read", each.id, each.device, message=state.reason if isinstance(state, Unknown) else ""))

    def read_company(company: Company, of_company: Sequence[Resource]) -> None:
        found.update(read_together(company, of_company, context, listener, stop.is_set))

    with ExitStack() as stack:
        pools = {
            layer: stack.enter_context(ThreadPoolExecutor(max(1, concurrency[layer]), thread_name_prefix=f"read-{layer}"))
            for layer in dict.fromkeys(layer for layer, _ in [*work, *together])
        }
        futures = [pools[layer].submit(read_device, of_device) for (layer, _), of_device in work.items()]
        futures += [pools[layer].submit(read_company, company, of_company) for (layer, company), of_company in together.items()]
        _wait(futures, stop)
    return found


def _wait(futures: Sequence[Future[None]], stop: threading.Event) -> None:
    try:
        for future in as_completed(futures):
            future.result()
    except BaseException:
        stop.set()
        for future in futures:
            future.cancel()
        raise
