"""Boot options, boot order, and the override for the next boots."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.lab.redfish import jobs
from infra_kit.lab.redfish.bios import committed, wanted_apply_time
from infra_kit.lab.redfish.paths import SYSTEM
from infra_kit.lab.redfish.reply import Reply, accomplished, refuse

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc

SOURCES = f"{SYSTEM}/Oem/Dell/DellBootSources"
TARGETS = ("None", "Pxe", "Floppy", "Cd", "Hdd", "BiosSetup", "Utilities", "UefiTarget", "SDCard", "UefiHttp")
_ALLOWED = {
    "BootSourceOverrideEnabled": ("Disabled", "Once", "Continuous"),
    "BootSourceOverrideTarget": TARGETS,
    "BootSourceOverrideMode": ("UEFI", "Legacy"),
}
_FILE = Path(__file__).parent / "data" / "boot.yaml"


@cache
def _options() -> dict[str, dict[str, str]]:
    return {option["reference"]: option for option in yaml.load(_FILE.read_bytes(), Loader=yaml.CSafeLoader)["options"]}


def shown(bmc: EmulatedBmc) -> dict[str, Any]:
    """The Boot object of the System resource."""
    boot = bmc.state.boot
    return {
        "BootOptions": {"@odata.id": f"{SYSTEM}/BootOptions"},
        "BootOrder": list(boot.order),
        "BootOrder@odata.count": len(boot.order),
        "BootSourceOverrideEnabled": boot.override_enabled,
        "BootSourceOverrideMode": "UEFI" if bmc.state.bios["BootMode"] == "Uefi" else "Legacy",
        "BootSourceOverrideTarget": boot.override_target,
        "BootSourceOverrideTarget@Redfish.AllowableValues": list(TARGETS),
        "UefiTargetBootSourceOverride": boot.uefi_target,
    }


def options(bmc: EmulatedBmc) -> list[str]:
    """The paths of the boot options."""
    return [f"{SYSTEM}/BootOptions/{reference}" for reference in sorted(bmc.state.boot.order)]


def option(bmc: EmulatedBmc, path: str, reference: str) -> dict[str, Any]:
    """One boot option."""
    known = _options().get(reference)
    if known is None:
        raise refuse("not-found", path)
    return {
        "@odata.id": path,
        "@odata.type": "#BootOption.v1_0_4.BootOption",
        "BootOptionEnabled": reference not in bmc.state.boot.disabled,
        "BootOptionReference": reference,
        "Description": "Current settings of the UEFI Boot option",
        "DisplayName": known["display"],
        "Id": reference,
        "Name": "Uefi Boot Option",
        "UefiDevicePath": known["path"],
    }


def sources(bmc: EmulatedBmc, path: str) -> dict[str, Any]:
    """Dell's own view of the boot order, in effect or pending."""
    state = bmc.state
    pending = path.endswith("/Settings")
    order = state.pending_order if pending else state.boot.order
    disabled = state.pending_disabled if pending and state.pending_disabled is not None else state.boot.disabled
    rows = [
        {"Enabled": reference not in disabled, "Id": f"BIOS.Setup.1-1#UefiBootSeq#{name}#{reference}", "Index": index, "Name": name}
        for index, reference in enumerate(order)
        for name in [_options()[reference]["source"]]
    ]
    return {
        "@odata.id": path,
        "@odata.type": "#DellBootSources.v1_1_0.DellBootSources",
        "@Redfish.Settings": {"SettingsObject": {"@odata.id": f"{SOURCES}/Settings"}, "SupportedApplyTimes": ["OnReset"]},
        "Attributes": {"UefiBootSeq": rows} if rows or not pending else {},
        "Id": "BootSources",
        "Name": "Boot Sources Configuration",
    }


def change_sources(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """PATCH of Dell's boot sources: order and switched-off options, for the next reset."""
    apply_time = wanted_apply_time(body)
    rows = body.get("Attributes", {}).get("UefiBootSeq") if isinstance(body.get("Attributes"), dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "Name" in row for row in rows):
        raise refuse("property-missing", "UefiBootSeq")
    by_source = {known["source"]: reference for reference, known in _options().items()}
    for row in rows:
        if row["Name"] not in by_source:
            raise refuse("value-not-in-list", str(row["Name"]), "UefiBootSeq")
    ordered = [by_source[row["Name"]] for row in sorted(rows, key=lambda row: row.get("Index", 0))]
    stage_order(bmc, ordered)
    bmc.state.pending_disabled = [by_source[row["Name"]] for row in rows if row.get("Enabled") is False]
    return committed(bmc, apply_time)


def stage_order(bmc: EmulatedBmc, order: list[str]) -> None:
    """Keep a boot order for the next reset; every device must be in it exactly once."""
    if jobs.open_job(bmc.state) is not None:
        raise refuse("already-committed", "BootOrder", related="#/Boot/BootOrder")
    for reference in order:
        if reference not in bmc.state.boot.order:
            raise refuse("value-not-in-list", str(reference), "BootOrder", related="#/Boot/BootOrder")
    if sorted(order) != sorted(bmc.state.boot.order):
        raise refuse("boot-order-incomplete", related="#/Boot/BootOrder")
    bmc.state.pending_order = list(order)


def change(bmc: EmulatedBmc, _path: str, body: dict[str, Any]) -> Reply:
    """PATCH of the System resource: the override at once, the order and the mode by a job at the next reset."""
    for name in body:
        if name not in ("Boot", "AssetTag"):
            raise refuse("property-unknown", name, related=f"#/{name}")
    wanted = body.get("Boot", {})
    if not isinstance(wanted, dict):
        raise refuse("property-missing", "Boot")
    _check(wanted)
    if isinstance(body.get("AssetTag"), str):
        bmc.state.bios["AssetTag"] = body["AssetTag"]
    boot = bmc.state.boot
    needs_job = False
    if "BootOrder" in wanted:
        stage_order(bmc, wanted["BootOrder"])
        needs_job = True
    mode = {"UEFI": "Uefi", "Legacy": "Bios", None: None}[wanted.get("BootSourceOverrideMode")]
    if mode not in (None, bmc.state.bios["BootMode"]):
        if jobs.open_job(bmc.state) is not None:
            raise refuse("already-committed", "BootSourceOverrideMode")
        bmc.state.pending["BootMode"] = mode
        needs_job = True
    boot.override_enabled = wanted.get("BootSourceOverrideEnabled", boot.override_enabled)
    boot.override_target = wanted.get("BootSourceOverrideTarget", boot.override_target)
    boot.uefi_target = wanted.get("UefiTargetBootSourceOverride", boot.uefi_target)
    if needs_job:
        jobs.schedule(bmc.state)
    return accomplished()


def _check(wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        related = f"#/Boot/{name}"
        if name in _ALLOWED:
            if value not in _ALLOWED[name]:
                raise refuse("value-not-in-list", str(value), name, related=related)
        elif name == "BootOrder":
            if not isinstance(value, list):
                raise refuse("attribute-not-string", str(value), name, related=related)
        elif name != "UefiTargetBootSourceOverride":
            raise refuse("property-unknown", name, related=related)
