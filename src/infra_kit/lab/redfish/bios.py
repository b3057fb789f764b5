"""The BIOS resource, its pending settings, and its actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish import jobs
from infra_kit.lab.redfish.attributes import defect
from infra_kit.lab.redfish.paths import SYSTEM
from infra_kit.lab.redfish.reply import Refusal, Reply, accomplished, refuse

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc

PATH = f"{SYSTEM}/Bios"
APPLY_TIMES = ("OnReset", "AtMaintenanceWindowStart", "InMaintenanceWindowOnReset")


def current(bmc: EmulatedBmc) -> dict[str, Any]:
    """The attributes in effect."""
    return {
        "@odata.id": PATH,
        "@odata.type": "#Bios.v1_2_0.Bios",
        "@Redfish.Settings": {
            "@odata.type": "#Settings.v1_3_3.Settings",
            "SettingsObject": {"@odata.id": f"{PATH}/Settings"},
            "SupportedApplyTimes": list(APPLY_TIMES),
        },
        "Actions": {
            "#Bios.ChangePassword": {"target": f"{PATH}/Actions/Bios.ChangePassword"},
            "#Bios.ResetBios": {"target": f"{PATH}/Actions/Bios.ResetBios"},
        },
        "AttributeRegistry": "BiosAttributeRegistry.v1_0_0",
        "Attributes": dict(bmc.state.bios),
        "Description": "BIOS Configuration Current Settings",
        "Id": "Bios",
        "Name": "BIOS Configuration Current Settings",
    }


def settings(bmc: EmulatedBmc) -> dict[str, Any]:
    """The attributes that wait for a job and a reset."""
    return {
        "@odata.id": f"{PATH}/Settings",
        "@odata.type": "#Bios.v1_2_0.Bios",
        "@Redfish.SettingsApplyTime": {
            "@odata.type": "#Settings.v1_3_3.PreferredApplyTime",
            "ApplyTime": None,
            "ApplyTime@Redfish.AllowableValues": list(APPLY_TIMES),
        },
        "Actions": {"Oem": {"#DellManager.ClearPending": {"target": f"{PATH}/Settings/Actions/Oem/DellManager.ClearPending"}}},
        "AttributeRegistry": "BiosAttributeRegistry.v1_0_0",
        "Attributes": dict(bmc.state.pending),
        "Description": "BIOS Configuration Pending Settings. These settings will be applied on next system reboot.",
        "Id": "Settings",
        "Name": "BIOS Configuration Pending Settings",
    }


def change(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """PATCH of the settings: all attributes are taken, or none. With an apply time a job is made at once."""
    wanted = body.get("Attributes")
    if not isinstance(wanted, dict) or not wanted:
        raise refuse("property-missing", "Attributes")
    apply_time = wanted_apply_time(body)
    if jobs.open_job(bmc.state) is not None:
        raise refuse("already-committed", next(iter(wanted)), related=f"#/Attributes/{next(iter(wanted))}")
    state = bmc.state
    judged_by = state.bios if state.strict_dependencies else {**state.bios, **state.pending, **wanted}
    defects = [found for name, value in wanted.items() if (found := defect(name, value, judged_by))]
    if defects:
        raise Refusal(*defects)
    state.pending |= wanted
    return committed(bmc, apply_time)


def wanted_apply_time(body: dict[str, Any]) -> str:
    """The apply time a request asks for; empty where it asks for none."""
    requested = body.get("@Redfish.SettingsApplyTime")
    if requested is None:
        return ""
    apply_time = requested.get("ApplyTime") if isinstance(requested, dict) else None
    if apply_time not in APPLY_TIMES:
        raise refuse("value-not-in-list", str(apply_time), "ApplyTime")
    return str(apply_time)


def committed(bmc: EmulatedBmc, apply_time: str) -> Reply:
    """The answer to a change of settings: 202 with the job when a job was asked for, 200 when the values only wait."""
    if not apply_time:
        return accomplished()
    identity = jobs.schedule(bmc.state)
    return accomplished(status=202, headers={"Location": f"{jobs.TASKS}/{identity}"})


def clear_pending(bmc: EmulatedBmc, _path: str, _body: dict[str, Any]) -> Reply:
    """Forget values that no job has taken yet."""
    if jobs.open_job(bmc.state) is not None:
        raise refuse("already-committed")
    jobs.discard(bmc.state)
    return accomplished()


def reset_bios(bmc: EmulatedBmc, _path: str, _body: dict[str, Any]) -> Reply:
    """Back to the defaults at the next boot."""
    bmc.state.defaults_at_boot = True
    return accomplished()
