"""What is inside an emulated server, as its profile in the inventory says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish.paths import CHASSIS, MANAGER, SYSTEM
from infra_kit.lab.redfish.reply import refuse

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import Disks
    from infra_kit.lab.redfish.bmc import EmulatedBmc

OK = {"Health": "OK", "State": "Enabled"}
_PROTOCOLS = {"hdd": "SAS", "ssd": "SATA", "nvme": "NVMe", "m.2": "SATA"}


def processors(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """Sockets and GPUs by id."""
    profile = bmc.profile
    fitted = {
        f"CPU.Socket.{number}": {
            "ProcessorType": "CPU",
            "Manufacturer": "AMD",
            "Model": profile.processors.model,
            "TotalCores": profile.processors.cores,
            "TotalThreads": profile.processors.cores * 2,
            "Socket": f"CPU.Socket.{number}",
        }
        for number in range(1, profile.processors.count + 1)
    }
    gpus = profile.gpus
    for slot in range(1, gpus.count + 1) if gpus else ():
        fitted[f"Video.Slot.{slot}-1"] = {"ProcessorType": "GPU", "Model": gpus.model if gpus else "", "Socket": f"Slot {slot}"}
    return fitted


def memory(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """DIMMs by id."""
    fitted = bmc.profile.memory
    sockets = bmc.profile.processors.count
    return {
        f"DIMM.Socket.{'AB'[number % sockets]}{number // sockets + 1}": {
            "CapacityMiB": fitted.dimm_gib * 1024,
            "MemoryDeviceType": "DDR4",
            "MemoryType": "DRAM",
        }
        for number in range(fitted.dimms)
    }


def network(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """Ports of the network cards by id."""
    return {
        f"NIC.Integrated.1-{number}-1": {
            "MACAddress": nic.mac.upper(),
            "PermanentMACAddress": nic.mac.upper(),
            "SpeedMbps": nic.speed_gbps * 1000,
            "LinkStatus": "LinkUp",
        }
        for number, nic in enumerate(bmc.server.nics, 1)
    }


def storage(bmc: EmulatedBmc) -> dict[str, dict[str, Any]]:
    """Storage controllers by id, each with its drives."""
    shelves: dict[str, list[Disks]] = {}
    for group in bmc.profile.disks:
        shelves.setdefault("AHCI.SL.3-1" if group.bay == "boss" else "RAID.Integrated.1-1", []).append(group)
    return {
        controller: {
            "Drives": [{"@odata.id": f"{SYSTEM}/Storage/{controller}/Drives/{drive}"} for drive in drives(bmc, controller)],
            "StorageControllers": [{"MemberId": controller, "Name": controller, "Status": OK}],
        }
        for controller in shelves
    }


def drives(bmc: EmulatedBmc, controller: str) -> dict[str, dict[str, Any]]:
    """The drives behind one controller by id."""
    boss = controller.startswith("AHCI")
    fitted = [group for group in bmc.profile.disks if (group.bay == "boss") == boss for _ in range(group.count)]
    return {
        f"Disk.{'Direct' if boss else 'Bay'}.{number}:{controller}": {
            "CapacityBytes": group.size_gb * 10**9,
            "MediaType": "HDD" if group.media == "hdd" else "SSD",
            "Protocol": _PROTOCOLS[group.media],
        }
        for number, group in enumerate(fitted)
    }


def drive(bmc: EmulatedBmc, path: str, controller: str, identity: str) -> dict[str, Any]:
    """One drive."""
    return entry(path, "#Drive.v1_9_0.Drive", identity, drives(bmc, controller))


def entry(path: str, kind: str, identity: str, fitted: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """One part out of `fitted` as a resource."""
    if identity not in fitted:
        raise refuse("not-found", path)
    return {"@odata.id": path, "@odata.type": kind, "Id": identity, "Name": identity, "Status": OK, **fitted[identity]}


def chassis(bmc: EmulatedBmc) -> dict[str, Any]:
    """The chassis."""
    return {
        "@odata.id": CHASSIS,
        "@odata.type": "#Chassis.v1_15_0.Chassis",
        "ChassisType": "RackMount",
        "Id": "System.Embedded.1",
        "Links": {"ComputerSystems": [{"@odata.id": SYSTEM}], "ManagedBy": [{"@odata.id": MANAGER}]},
        "Manufacturer": "Dell Inc.",
        "Model": bmc.state.model,
        "Name": "Computer System Chassis",
        "Power": {"@odata.id": f"{CHASSIS}/Power"},
        "PowerState": bmc.state.power,
        "SKU": bmc.state.service_tag,
        "Status": {**OK, "HealthRollup": "OK"},
        "Thermal": {"@odata.id": f"{CHASSIS}/Thermal"},
    }


def power(bmc: EmulatedBmc) -> dict[str, Any]:
    """Power supplies and what the server draws."""
    path = f"{CHASSIS}/Power"
    watts = bmc.profile.psu_w
    return {
        "@odata.id": path,
        "@odata.type": "#Power.v1_5_0.Power",
        "Id": "Power",
        "Name": "Power",
        "PowerControl": [
            {
                "@odata.id": f"{path}#/PowerControl/0",
                "MemberId": "PowerControl",
                "Name": "System Power Control",
                "PowerCapacityWatts": watts,
                "PowerConsumedWatts": watts // 3 if bmc.state.power == "On" else 12,
            }
        ],
        "PowerSupplies": [
            {"@odata.id": f"{path}#/PowerSupplies/{bay}", "MemberId": f"PSU.Slot.{bay + 1}", "PowerCapacityWatts": watts, "Status": OK}
            for bay in range(2)
        ],
    }


def thermal(bmc: EmulatedBmc) -> dict[str, Any]:
    """Inlet temperature and fans."""
    path = f"{CHASSIS}/Thermal"
    on = bmc.state.power == "On"
    return {
        "@odata.id": path,
        "@odata.type": "#Thermal.v1_6_0.Thermal",
        "Id": "Thermal",
        "Name": "Thermal",
        "Fans": [
            {
                "@odata.id": f"{path}#/Fans/{fan}",
                "MemberId": f"Fan.Embedded.{fan + 1}",
                "Reading": 7200 if on else 0,
                "ReadingUnits": "RPM",
                "Status": OK,
            }
            for fan in range(6)
        ],
        "Temperatures": [
            {
                "@odata.id": f"{path}#/Temperatures/0",
                "MemberId": "SystemBoardInletTemp",
                "Name": "System Board Inlet Temp",
                "ReadingCelsius": 23,
                "Status": OK,
            }
        ],
    }
