"""Which resource answers at which path."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish import attributes, bios, boot, hardware, jobs, power, services, system
from infra_kit.lab.redfish.accounts import SESSIONS
from infra_kit.lab.redfish.paths import CHASSIS, MANAGER, ROOT, SYSTEM
from infra_kit.lab.redfish.reply import Reply, refuse

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.redfish.bmc import EmulatedBmc

    Resource = Callable[[EmulatedBmc, str, str], dict[str, Any]]
    """Gives a resource from the device, the path, and what the path's `{}` stands for (parts joined by `/`)."""
    Change = Callable[[EmulatedBmc, str, str, dict[str, Any]], Reply]
    """The same with the request's body."""
    Members = Callable[[EmulatedBmc], list[str]]

QUEUES = (f"{MANAGER}/Jobs", jobs.QUEUE)
ATTRIBUTES = (f"{MANAGER}/Attributes", services.ATTRIBUTES)


def _plain(give: Callable[[EmulatedBmc], dict[str, Any]]) -> Resource:
    return lambda bmc, _path, _rest: give(bmc)


def _part(path: str, kind: str, fitted: Callable[[EmulatedBmc], dict[str, dict[str, Any]]]) -> dict[str, Resource]:
    """A collection of parts, and its members."""
    return {
        path: _collection(lambda bmc: [f"{path}/{identity}" for identity in fitted(bmc)]),
        f"{path}/{{}}": lambda bmc, own, identity: hardware.entry(own, kind, identity, fitted(bmc)),
    }


def _collection(members: Members) -> Resource:
    def give(bmc: EmulatedBmc, path: str, _rest: str) -> dict[str, Any]:
        return collection(path, members(bmc))

    return give


def collection(path: str, members: list[str]) -> dict[str, Any]:
    """A collection resource."""
    return {
        "@odata.id": path,
        "@odata.type": "#Collection.Collection",
        "Name": f"{path.rsplit('/', 1)[-1]} Collection",
        "Members": [{"@odata.id": member} for member in members],
        "Members@odata.count": len(members),
    }


def _log(bmc: EmulatedBmc, path: str, _rest: str) -> dict[str, Any]:
    return {**collection(path, []), "Members": list(bmc.state.log), "Members@odata.count": len(bmc.state.log)}


def _queue(bmc: EmulatedBmc, path: str, _rest: str) -> dict[str, Any]:
    return {**collection(path, jobs.queue(bmc, path)), "Id": "JobQueue", "Name": "JobQueue"}


RESOURCES: dict[str, Resource] = {
    "/redfish": lambda _bmc, _path, _rest: {"v1": "/redfish/v1/"},
    ROOT: _plain(services.root),
    f"{ROOT}/SessionService": _plain(services.session_service),
    SESSIONS: _collection(lambda bmc: [f"{SESSIONS}/{identity}" for identity in bmc.accounts.sessions()]),
    f"{SESSIONS}/{{}}": lambda bmc, _path, identity: bmc.accounts.session(identity),
    f"{ROOT}/AccountService": _plain(services.account_service),
    f"{ROOT}/AccountService/Accounts": _collection(lambda _bmc: [f"{ROOT}/AccountService/Accounts/{slot}" for slot in "123"]),
    f"{ROOT}/AccountService/Accounts/{{}}": services.account,
    f"{ROOT}/Systems": _collection(lambda _bmc: [SYSTEM]),
    SYSTEM: _plain(system.system),
    bios.PATH: _plain(bios.current),
    f"{bios.PATH}/Settings": _plain(bios.settings),
    f"{bios.PATH}/BiosRegistry": lambda bmc, _path, _rest: attributes.registry(bmc.state.bios),
    f"{SYSTEM}/BootOptions": _collection(boot.options),
    f"{SYSTEM}/BootOptions/{{}}": boot.option,
    boot.SOURCES: lambda bmc, path, _rest: boot.sources(bmc, path),
    f"{boot.SOURCES}/Settings": lambda bmc, path, _rest: boot.sources(bmc, path),
    **_part(f"{SYSTEM}/Processors", "#Processor.v1_13_0.Processor", hardware.processors),
    **_part(f"{SYSTEM}/Memory", "#Memory.v1_14_0.Memory", hardware.memory),
    **_part(f"{SYSTEM}/EthernetInterfaces", "#EthernetInterface.v1_8_0.EthernetInterface", hardware.network),
    **_part(f"{SYSTEM}/Storage", "#Storage.v1_12_0.Storage", hardware.storage),
    f"{SYSTEM}/Storage/{{}}/Drives/{{}}": lambda bmc, path, rest: hardware.drive(bmc, path, *rest.split("/")),
    f"{ROOT}/Chassis": _collection(lambda _bmc: [CHASSIS]),
    CHASSIS: _plain(hardware.chassis),
    f"{CHASSIS}/Power": _plain(hardware.power),
    f"{CHASSIS}/Thermal": _plain(hardware.thermal),
    f"{ROOT}/Managers": _collection(lambda _bmc: [MANAGER]),
    MANAGER: _plain(services.manager),
    **_part(f"{MANAGER}/EthernetInterfaces", "#EthernetInterface.v1_8_0.EthernetInterface", services.manager_network),
    **dict.fromkeys(ATTRIBUTES, lambda bmc, path, _rest: services.manager_attributes(bmc, path)),
    **dict.fromkeys(QUEUES, _queue),
    **{f"{queue}/{{}}": jobs.job_resource for queue in QUEUES},
    jobs.SERVICE: _plain(jobs.service),
    f"{MANAGER}/LogServices": _collection(lambda _bmc: [f"{MANAGER}/LogServices/Lclog"]),
    f"{MANAGER}/LogServices/Lclog": _plain(services.log_service),
    f"{MANAGER}/LogServices/Lclog/Entries": _log,
    f"{ROOT}/UpdateService": _plain(services.update_service),
    **_part(f"{ROOT}/UpdateService/FirmwareInventory", "#SoftwareInventory.v1_2_3.SoftwareInventory", services.firmware),
    f"{ROOT}/TaskService": _plain(services.task_service),
    jobs.TASKS: _queue,
    f"{jobs.TASKS}/{{}}": jobs.task_resource,
    f"{ROOT}/Registries": _collection(lambda _bmc: []),
}
"""GET."""

CHANGES: dict[tuple[str, str], Change] = {
    ("POST", SESSIONS): lambda bmc, _path, _rest, body: bmc.accounts.open(body),
    ("DELETE", f"{SESSIONS}/{{}}"): lambda bmc, _path, identity, _body: bmc.accounts.close(identity),
    ("PATCH", SYSTEM): lambda bmc, path, _rest, body: boot.change(bmc, path, body),
    ("POST", f"{SYSTEM}/Actions/ComputerSystem.Reset"): lambda bmc, path, _rest, body: power.reset(bmc, path, body),
    ("PATCH", f"{bios.PATH}/Settings"): lambda bmc, path, _rest, body: bios.change(bmc, path, body),
    ("POST", f"{bios.PATH}/Settings/Actions/Oem/DellManager.ClearPending"): lambda bmc, path, _rest, body: bios.clear_pending(
        bmc, path, body
    ),
    ("POST", f"{bios.PATH}/Actions/Bios.ResetBios"): lambda bmc, path, _rest, body: bios.reset_bios(bmc, path, body),
    ("PATCH", f"{boot.SOURCES}/Settings"): lambda bmc, path, _rest, body: boot.change_sources(bmc, path, body),
    ("POST", f"{jobs.SERVICE}/Actions/DellJobService.DeleteJobQueue"): lambda bmc, path, _rest, body: jobs.delete_queue(bmc, path, body),
    ("POST", f"{MANAGER}/Actions/Manager.Reset"): lambda bmc, path, _rest, body: services.reset_manager(bmc, path, body),
    **{("PATCH", path): lambda bmc, path, _rest, body: services.change_manager_attributes(bmc, path, body) for path in ATTRIBUTES},
    **{("POST", queue): lambda bmc, path, _rest, body: jobs.create(bmc, path, body) for queue in QUEUES},
    **{("DELETE", f"{queue}/{{}}"): lambda bmc, path, identity, _body: jobs.delete(bmc, path, identity) for queue in QUEUES},
}
"""Everything else."""


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    known = {*RESOURCES, *(path for _, path in CHANGES)}
    return [(re.compile(re.escape(path).replace(r"\{\}", "([^/]+)")), path) for path in known if "{}" in path]


def place(path: str) -> tuple[str, str]:
    """The route of a path, and what its `{}` stand for.

    Raises:
        Refusal: 404.
    """
    if path in RESOURCES or any(path == known for _, known in CHANGES):
        return path, ""
    for pattern, route in _patterns():
        found = pattern.fullmatch(path)
        if found:
            return route, "/".join(found.groups())
    raise refuse("not-found", path)
