"""The services beside the server: root, sessions, accounts, the iDRAC itself, updates, tasks, registries."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish.accounts import SESSIONS
from infra_kit.lab.redfish.jobs import QUEUE, SERVICE, TASKS
from infra_kit.lab.redfish.paths import MANAGER, SYSTEM
from infra_kit.lab.redfish.reply import Reply, accomplished, refuse

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc

ATTRIBUTES = f"{MANAGER}/Oem/Dell/DellAttributes/iDRAC.Embedded.1"
FIRMWARE = "6.10.30.00"
OK = {"Health": "OK", "State": "Enabled"}
_SETTABLE: dict[str, str | int] = {"NTPConfigGroup.1.NTP1": "", "NTPConfigGroup.1.NTPEnable": "Disabled", "Time.1.Timezone": "UTC"}


def root(bmc: EmulatedBmc) -> dict[str, Any]:
    """The service root; needs no login."""
    services = ("AccountService", "Chassis", "Managers", "Registries", "SessionService", "Systems", "UpdateService")
    return {
        "@odata.context": "/redfish/v1/$metadata#ServiceRoot.ServiceRoot",
        "@odata.id": "/redfish/v1",
        "@odata.type": "#ServiceRoot.v1_8_0.ServiceRoot",
        **{name: {"@odata.id": f"/redfish/v1/{name}"} for name in services},
        "Description": "Root Service",
        "Id": "RootService",
        "Links": {"Sessions": {"@odata.id": SESSIONS}},
        "Name": "Root Service",
        "Oem": {"Dell": {"IsBranded": 0, "ManagerMACAddress": bmc.server.bmc.mac or "", "ServiceTag": bmc.state.service_tag}},
        "Product": "Integrated Dell Remote Access Controller",
        "ProtocolFeaturesSupported": {
            "ExpandQuery": {"ExpandAll": True, "Levels": True, "Links": True, "MaxLevels": 1, "NoLinks": True},
            "FilterQuery": True,
            "SelectQuery": True,
        },
        "RedfishVersion": "1.14.0",
        "Tasks": {"@odata.id": "/redfish/v1/TaskService"},
        "Vendor": "Dell",
    }


def session_service(_bmc: EmulatedBmc) -> dict[str, Any]:
    """The session service."""
    return {
        "@odata.id": "/redfish/v1/SessionService",
        "@odata.type": "#SessionService.v1_1_8.SessionService",
        "Id": "SessionService",
        "Name": "Session Service",
        "ServiceEnabled": True,
        "SessionTimeout": 1800,
        "Sessions": {"@odata.id": SESSIONS},
        "Status": OK,
    }


def account_service(bmc: EmulatedBmc) -> dict[str, Any]:
    """The account service."""
    return {
        "@odata.id": "/redfish/v1/AccountService",
        "@odata.type": "#AccountService.v1_10_0.AccountService",
        "AccountLockoutDuration": int(bmc.accounts.PENALTY_S),
        "AccountLockoutThreshold": bmc.accounts.LIMIT,
        "Accounts": {"@odata.id": "/redfish/v1/AccountService/Accounts"},
        "Id": "AccountService",
        "Name": "Account Service",
        "ServiceEnabled": True,
        "Status": OK,
    }


def account(bmc: EmulatedBmc, path: str, identity: str) -> dict[str, Any]:
    """One of the account slots; only slot 2 is used."""
    if identity not in ("1", "2", "3"):
        raise refuse("not-found", path)
    used = identity == "2"
    return {
        "@odata.id": path,
        "@odata.type": "#ManagerAccount.v1_8_0.ManagerAccount",
        "Enabled": used,
        "Id": identity,
        "Locked": False,
        "Name": "User Account",
        "Password": None,
        "RoleId": "Administrator" if used else "None",
        "UserName": bmc.accounts.user if used else "",
    }


def manager(_bmc: EmulatedBmc) -> dict[str, Any]:
    """The iDRAC."""
    return {
        "@odata.id": MANAGER,
        "@odata.type": "#Manager.v1_15_0.Manager",
        "Actions": {
            "#Manager.Reset": {"ResetType@Redfish.AllowableValues": ["GracefulRestart"], "target": f"{MANAGER}/Actions/Manager.Reset"}
        },
        "DateTime": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "DateTimeLocalOffset": "+00:00",
        "Description": "BMC",
        "EthernetInterfaces": {"@odata.id": f"{MANAGER}/EthernetInterfaces"},
        "FirmwareVersion": FIRMWARE,
        "Id": "iDRAC.Embedded.1",
        "Links": {
            "ManagerForServers": [{"@odata.id": SYSTEM}],
            "Oem": {
                "Dell": {
                    "DellAttributes": [{"@odata.id": ATTRIBUTES}],
                    "DellJobService": {"@odata.id": SERVICE},
                    "Jobs": {"@odata.id": QUEUE},
                }
            },
        },
        "LogServices": {"@odata.id": f"{MANAGER}/LogServices"},
        "ManagerType": "BMC",
        "Model": "15G Monolithic",
        "Name": "Manager",
        "PowerState": "On",
        "Status": OK,
    }


def reset_manager(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """Manager.Reset: the iDRAC restarts, the server does not; every session is gone."""
    if body.get("ResetType") != "GracefulRestart":
        raise refuse("value-not-in-list", str(body.get("ResetType")), "ResetType")
    bmc.accounts.expire()
    return Reply(204)


def manager_network(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """The iDRAC's own port by id."""
    return {
        "NIC.1": {
            "IPv4Addresses": [{"Address": str(bmc.server.bmc.address), "AddressOrigin": "Static"}],
            "MACAddress": bmc.server.bmc.mac or "",
            "PermanentMACAddress": bmc.server.bmc.mac or "",
            "SpeedMbps": 1000,
        }
    }


def manager_attributes(bmc: EmulatedBmc, path: str) -> dict[str, Any]:
    """The iDRAC's own attributes."""
    told = {"Info.1.HWModel": "iDRAC 9", "Info.1.Version": FIRMWARE, "IPv4.1.Address": str(bmc.server.bmc.address)}
    return {
        "@odata.id": path,
        "@odata.type": "#DellAttributes.v1_0_0.DellAttributes",
        "Attributes": {**_SETTABLE, **bmc.state.idrac, **told},
        "Id": "iDRACAttributes",
        "Name": "OEMAttributeRegistry",
    }


def change_manager_attributes(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """PATCH of the iDRAC's own attributes; they take effect at once."""
    wanted = body.get("Attributes")
    if not isinstance(wanted, dict) or not wanted:
        raise refuse("property-missing", "Attributes")
    for name in wanted:
        if name not in _SETTABLE:
            raise refuse("attribute-unknown", name, related=f"#/Attributes/{name}")
    bmc.state.idrac |= wanted
    return accomplished()


def log_service(_bmc: EmulatedBmc) -> dict[str, Any]:
    """The Lifecycle log."""
    path = f"{MANAGER}/LogServices/Lclog"
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S-00:00", time.gmtime())
    return {
        "@odata.id": path,
        "Id": "LCLog",
        "Name": "LifeCycle Controller Log Service",
        "DateTime": stamp,
        "Entries": {"@odata.id": f"{path}/Entries"},
    }


def update_service(_bmc: EmulatedBmc) -> dict[str, Any]:
    """The update service."""
    return {
        "@odata.id": "/redfish/v1/UpdateService",
        "@odata.type": "#UpdateService.v1_11_0.UpdateService",
        "FirmwareInventory": {"@odata.id": "/redfish/v1/UpdateService/FirmwareInventory"},
        "Id": "UpdateService",
        "Name": "Update Service",
        "ServiceEnabled": True,
        "Status": OK,
    }


def firmware(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """Installed firmware by id."""
    bios = str(bmc.state.bios["SystemBiosVersion"])
    return {
        f"Installed-159-{bios}": {"Name": "BIOS", "Updateable": True, "Version": bios},
        f"Installed-25227-{FIRMWARE}": {"Name": "Integrated Dell Remote Access Controller", "Updateable": True, "Version": FIRMWARE},
    }


def task_service(_bmc: EmulatedBmc) -> dict[str, Any]:
    """The task service."""
    return {
        "@odata.id": "/redfish/v1/TaskService",
        "@odata.type": "#TaskService.v1_1_6.TaskService",
        "Id": "TaskService",
        "Name": "Task Service",
        "ServiceEnabled": True,
        "Tasks": {"@odata.id": TASKS},
    }
