"""Emulated BMCs of a small site, served from a thread: what the tests of the lab, the layer and `discover` share."""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from infra_kit.inventory.access import Access
from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.models.site import Site
from infra_kit.lab.emulator import Login
from infra_kit.lab.redfish import build
from infra_kit.lab.redfish.bmc import Timing
from infra_kit.lab.trust import Authority
from infra_kit.plan.connections import Connections

ROOT = "/redfish/v1"
SYSTEM = f"{ROOT}/Systems/System.Embedded.1"
BIOS = f"{SYSTEM}/Bios"
RESET = f"{SYSTEM}/Actions/ComputerSystem.Reset"
JOBS = f"{ROOT}/Managers/iDRAC.Embedded.1/Oem/Dell/Jobs"
ON_RESET = {"@Redfish.SettingsApplyTime": {"ApplyTime": "OnReset"}}

USER = "root"
PASSWORD = "bench-Calvin-9"

BIOS_PROFILES = [
    {"name": "control", "base": "virtualization", "attributes": {"SysProfile": "PerfOptimized"}},
    {"name": "virtualization", "attributes": {"LogicalProc": "Enabled", "ProcVirtualization": "Enabled"}},
    {
        "name": "hadoop",
        "base": "virtualization",
        "attributes": {
            "SysProfile": "Custom",
            "ProcPwrPerf": "MaxPerf",
            "ProcCStates": "Disabled",
            "DeterminismSlider": "PerformanceDeterminism",
        },
    },
    {"name": "odd", "attributes": {"NoSuchAttribute": "1", "LogicalProc": "Disabled"}},
    {"name": "locked", "attributes": {"Proc1Brand": "Z80", "LogicalProc": "Disabled"}},
]


def profile(name: str, model: str, bios: str, boot: list[str], count: int = 1) -> dict:
    return {
        "name": name,
        "model": model,
        "processors": {"model": "AMD EPYC 7313P 16-Core Processor", "count": count, "cores": 16},
        "memory": {"dimms": 8, "dimm_gib": 32},
        "disks": [
            {"purpose": "boot", "bay": "boss", "media": "m.2", "count": 2, "size_gb": 480, "raid": "raid1"},
            {"purpose": "data", "bay": "2.5", "media": "hdd", "count": 4, "size_gb": 2400},
        ],
        "psu_w": 700,
        "bios_profile": bios,
        "boot_order": boot,
    }


def server(name: str, role: str, profile_name: str, number: int) -> dict:
    high, low = divmod(number, 200)
    return {
        "name": name,
        "role": role,
        "profile": profile_name,
        "service_tag": f"TAG{number:04d}",
        "rack": "r1",
        "unit": number % 40 + 1,
        "bmc": {"address": f"10.9.{high}.{low + 10}", "mac": f"02:00:00:00:{high:02x}:{low:02x}", "credential": "bmc"},
        "nics": [
            {
                "name": f"eth{port}",
                "mac": f"02:01:{port:02x}:00:{high:02x}:{low:02x}",
                "speed_gbps": 25,
                "switch": "leaf01a",
                "port": f"1/1/{port + 1}",
            }
            for port in range(2)
        ],
        "bonds": [],
    }


def site_value(servers: list[dict], access: str = "lab") -> dict:
    return {
        "site": {"name": "bench", "configuration": 1, "access": access, "domain": "bench.example"},
        "services": {},
        "credentials": [{"name": "bmc", "user": "somebody-else", "password": "env:NOT_SET_ANYWHERE"}],
        "networks": [{"name": "oob", "purpose": "out-of-band", "subnet": "10.9.0.0/16", "mtu": 1500}],
        "racks": [{"name": "r1", "feeds": [{"name": "a", "budget_w": 10000}]}],
        "server_profiles": [
            profile("master", "R6515", "control", ["Hdd", "Pxe"]),
            profile("worker", "R6515", "hadoop", ["Hdd"]),
            profile("gpu", "R7525", "hadoop", [], count=2),
            profile("odd", "R6515", "odd", []),
            profile("locked", "R6515", "locked", []),
        ],
        "servers": servers,
        "fabric": {},
        "switches": [],
        "operating_system": {"family": "debian", "release": "12", "mirror": "https://mirror.bench.example/debian", "ssh_credential": "bmc"},
        "bios_profiles": BIOS_PROFILES,
    }


DEFAULT_SERVERS = [
    server("master01", "master", "master", 1),
    server("master02", "master", "master", 2),
    server("worker01", "worker", "worker", 3),
    server("gpu01", "gpu-worker", "gpu", 4),
]


def make_site(folder: Path, servers: list[dict] | None = None) -> Site:
    """A Site without files behind it."""
    site = Site.model_validate(site_value(servers or DEFAULT_SERVERS))
    site._catalog = shipped()
    site._folder = folder
    site._digest = "sha256:bench"
    return site


class Bench:
    """A site's BMCs on loopback, its overlay, and access through it."""

    def __init__(self, folder: Path, site: Site, *, timing: Timing | None = None) -> None:
        self.folder = folder
        self.site = site
        self.timing = timing or Timing(0.0, 0.0)
        self.emulators = {}
        self.bmcs = {}
        self.ports = {}
        self.authority = Authority(folder / "trust")
        self.overlay = folder / "endpoints.yaml"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        (self.folder / "bmc-password").write_text(PASSWORD + "\n")
        for each in self.site.servers:
            self.plug_in(each.name)
        self.write_overlay()

    def plug_in(self, name: str) -> None:
        tls = self.authority.issue("bench", "127.0.0.1")
        emulator = build(
            self.site, name, login=Login(USER, PASSWORD), tls=tls, host_key=None, state_file=self.folder / "state" / f"{name}.json"
        )
        emulator.bmc.timing = self.timing
        self.emulators[name] = emulator
        self.bmcs[name] = emulator.bmc
        self.ports[name] = self.run(emulator.start("127.0.0.1", self.ports.get(name, 0)))

    def unplug(self, name: str) -> None:
        del self.bmcs[name]
        self.run(self.emulators.pop(name).stop())

    def write_overlay(self, **overrides: str) -> None:
        entry = {"host": "127.0.0.1", "ca": "trust/ca.pem", "user": USER, "password": "file:bmc-password", **overrides}
        devices = {name: {"redfish": {**entry, "port": port}} for name, port in self.ports.items()}
        self.overlay.write_text(yaml.safe_dump({"devices": devices}))

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def access(self) -> Access:
        return Access(self.site, self.overlay)

    def connections(self, *, read_only: bool = True) -> Connections:
        return Connections(self.access(), read_only=read_only)

    def requests(self, name: str) -> list[tuple[str, str]]:
        return list(self.emulators[name].events.entries)

    def stop(self) -> None:
        for emulator in self.emulators.values():
            self.run(emulator.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def bench(folder: Path, servers: list[dict] | None = None, **options):
    """A bench that is up."""
    stand = Bench(folder, make_site(folder, servers), **options)
    stand.start()
    try:
        yield stand
    finally:
        stand.stop()


def client_of(stand, name="worker01", auth=(USER, PASSWORD)):
    trust = ssl.create_default_context(cafile=str(stand.authority.certificate_file))
    return httpx.Client(base_url=f"https://127.0.0.1:{stand.ports[name]}", verify=trust, auth=auth, trust_env=False)


def said(response):
    body = response.json()
    return [(entry["MessageId"].rpartition(".")[2], entry["Message"]) for entry in body.get("error", body)["@Message.ExtendedInfo"]]


def attributes(client):
    return client.get(BIOS).json()["Attributes"]


def stage(client, values, **more):
    return client.patch(f"{BIOS}/Settings", json={"Attributes": values, **more})
