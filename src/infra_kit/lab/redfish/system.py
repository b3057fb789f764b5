"""The ComputerSystem resource of an emulated server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish import boot, power
from infra_kit.lab.redfish.paths import CHASSIS, MANAGER, SYSTEM

if TYPE_CHECKING:
    from infra_kit.lab.redfish.bmc import EmulatedBmc

OK = {"Health": "OK", "HealthRollup": "OK", "State": "Enabled"}


def system(bmc: EmulatedBmc) -> dict[str, Any]:
    """The server: what it is, its power state, its boot settings, and where everything else is."""
    state, profile = bmc.state, bmc.profile
    links = ("Bios", "EthernetInterfaces", "Memory", "Processors", "Storage")
    return {
        "@odata.context": "/redfish/v1/$metadata#ComputerSystem.ComputerSystem",
        "@odata.id": SYSTEM,
        "@odata.type": "#ComputerSystem.v1_16_0.ComputerSystem",
        "Actions": {
            "#ComputerSystem.Reset": {
                "target": f"{SYSTEM}/Actions/ComputerSystem.Reset",
                "ResetType@Redfish.AllowableValues": list(power.RESET_TYPES),
            }
        },
        "AssetTag": state.bios["AssetTag"],
        **{name: {"@odata.id": f"{SYSTEM}/{name}"} for name in links},
        "BiosVersion": state.bios["SystemBiosVersion"],
        "Boot": boot.shown(bmc),
        "BootProgress": {"LastState": power.boot_progress(bmc)},
        "Description": "Computer System which represents a machine (physical or virtual) and the local resources.",
        "HostName": "",
        "Id": "System.Embedded.1",
        "IndicatorLED": "Lit",
        "Links": {
            "Chassis": [{"@odata.id": CHASSIS}],
            "ManagedBy": [{"@odata.id": MANAGER}],
            "Oem": {"Dell": {"DellBootSources": {"@odata.id": boot.SOURCES}}},
        },
        "Manufacturer": "Dell Inc.",
        "MemorySummary": {"Status": OK, "TotalSystemMemoryGiB": profile.memory.total_gib},
        "Model": state.model,
        "Name": "System",
        "Oem": {
            "Dell": {
                "DellSystem": {
                    "ChassisServiceTag": state.service_tag,
                    "NodeID": state.service_tag,
                    "SystemGeneration": "15G Monolithic",
                }
            }
        },
        "PartNumber": "",
        "PowerRestorePolicy": "LastState",
        "PowerState": power.shown(bmc),
        "ProcessorSummary": {
            "Count": profile.processors.count,
            "CoreCount": profile.processors.count * profile.processors.cores,
            "LogicalProcessorCount": profile.processors.count
            * profile.processors.cores
            * (2 if state.bios["LogicalProc"] == "Enabled" else 1),
            "Model": profile.processors.model,
            "Status": OK,
        },
        "SKU": state.service_tag,
        "SerialNumber": f"CN{state.service_tag}0000A",
        "Status": OK,
        "SystemType": "Physical",
        "UUID": f"4c4c4544-0000-0000-8000-{state.service_tag.encode().hex()[-12:]:0>12}",
    }
