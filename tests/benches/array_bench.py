"""An emulated array of a small site, served from a thread: what the tests of the lab and of the layer share."""

from __future__ import annotations

import asyncio
import copy
import threading
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from infra_kit.inventory.access import Access
from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.models.site import Site
from infra_kit.lab.emulator import Login
from infra_kit.lab.onefs import build
from infra_kit.lab.trust import Authority
from infra_kit.plan.connections import Connections

USER = "root"
PASSWORD = "bench-Onefs-7"
NAME = "array01"

STORAGE = {
    "name": NAME,
    "model": "H5600",
    "onefs": "9.5",
    "management": {"address": "10.9.0.50", "credential": "array"},
    "protection": "+2d:1n",
    "licences": ["HDFS", "SmartConnect Advanced", "SmartQuotas", "SnapshotIQ"],
    "chassis": [
        {
            "name": "array01-chassis1",
            "service_tag": "P000001",
            "rack": "r1",
            "unit": 10,
            "drive_tb": 12.0,
            "nodes": [
                {
                    "lnn": lnn,
                    "lag": 200 + lnn,
                    "ports": [
                        {"interface": f"25gige-{n}", "switch": f"leaf01{side}", "port": f"1/1/{lnn}", "speed_gbps": 25}
                        for n, side in ((1, "a"), (2, "b"))
                    ],
                }
                for lnn in range(1, 5)
            ],
        }
    ],
    "groupnets": [
        {
            "name": "groupnet0",
            "dns_servers": ["10.9.0.2"],
            "dns_search": ["bench.example"],
            "subnets": [
                {
                    "name": "subnet-storage",
                    "network": "storage-01",
                    "mtu": 9000,
                    "smartconnect_service_address": "10.8.0.10",
                    "pools": [
                        {
                            "name": "pool-hdfs",
                            "access_zone": "cdp",
                            "first": "10.8.0.21",
                            "last": "10.8.0.36",
                            "interfaces": ["25gige-agg-1"],
                            "allocation": "dynamic",
                            "aggregation": "lacp",
                            "smartconnect_zone": "hdfs.bench.example",
                        }
                    ],
                }
            ],
        }
    ],
    "access_zones": [
        {
            "name": "cdp",
            "path": "/ifs/data/cdp",
            "groupnet": "groupnet0",
            "hdfs": {"root_directory": "/ifs/data/cdp/hdfs", "authentication": "kerberos_only"},
            "groups": [{"name": "hdfs", "gid": 1025}, {"name": "hadoop", "gid": 1026}, {"name": "supergroup", "gid": 1027}],
            "users": [
                {"name": "hdfs", "uid": 1025, "primary_group": "hdfs", "groups": ["hadoop", "supergroup"]},
                {"name": "yarn", "uid": 1026, "primary_group": "hadoop", "groups": []},
            ],
            "proxy_users": [{"name": "hdfs", "groups": ["hadoop"], "users": ["yarn"]}],
        },
        {"name": "kubernetes", "path": "/ifs/data/kubernetes", "groupnet": "groupnet0"},
    ],
    "quotas": [{"path": "/ifs/data/cdp", "hard_gib": 4000, "soft_gib": 3500, "soft_grace_s": 604800, "advisory_gib": 3000}],
    "nfs_exports": [{"path": "/ifs/data/kubernetes/volumes", "zone": "kubernetes", "clients": ["10.1.0.0/24"], "root_squash": False}],
    "snapshot_schedules": [
        {
            "name": "cdp-daily",
            "path": "/ifs/data/cdp",
            "schedule": "Every day at 01:00",
            "pattern": "cdp-daily_%Y-%m-%d",
            "duration_s": 604800,
        }
    ],
}


def storage(**changes) -> dict:
    """The array of the bench, with some of its top-level values replaced."""
    return {**copy.deepcopy(STORAGE), **changes}


def make_site(folder: Path, value: dict | None = None) -> Site:
    """A Site without files behind it."""
    site = Site.model_validate(
        {
            "site": {"name": "bench", "configuration": 1, "access": "lab", "domain": "bench.example"},
            "services": {},
            "credentials": [{"name": "array", "user": "somebody-else", "password": "env:NOT_SET_ANYWHERE"}],
            "networks": [
                {"name": "oob", "purpose": "out-of-band", "subnet": "10.9.0.0/16", "mtu": 1500},
                {
                    "name": "storage-01",
                    "purpose": "storage-front-end",
                    "vlan": 300,
                    "subnet": "10.8.0.0/24",
                    "gateway": "10.8.0.1",
                    "mtu": 9000,
                },
            ],
            "racks": [{"name": "r1", "feeds": [{"name": "a", "budget_w": 10000}]}],
            "server_profiles": [],
            "servers": [],
            "fabric": {},
            "switches": [],
            "operating_system": {
                "family": "debian",
                "release": "12",
                "mirror": "https://mirror.bench.example/debian",
                "ssh_credential": "array",
            },
            "storage": value or STORAGE,
        }
    )
    site._catalog = shipped()
    site._folder = folder
    site._digest = "sha256:bench"
    return site


class Bench:
    """The array on loopback, its overlay, and access through it."""

    def __init__(self, folder: Path, site: Site, *, address: str = "127.0.0.1", port: int = 0) -> None:
        self.folder = folder
        self.site = site
        self.address = address
        self.port = port
        self.authority = Authority(folder / "trust")
        self.overlay = folder / "endpoints.yaml"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        self._thread.start()
        (self.folder / "array-password").write_text(PASSWORD + "\n")
        self.plug_in()
        self.write_overlay()

    def plug_in(self) -> None:
        tls = self.authority.issue("bench", self.address)
        state = self.folder / "state" / "array.json"
        self.array = build(self.site, self.site.storage.name, login=Login(USER, PASSWORD), tls=tls, host_key=None, state_file=state)
        self.port = self.run(self.array.start(self.address, self.port))

    def unplug(self) -> None:
        self.run(self.array.stop())

    def write_overlay(self, **overrides) -> None:
        entry = {
            "host": self.address,
            "port": self.port,
            "ca": "trust/ca.pem",
            "user": USER,
            "password": "file:array-password",
            **overrides,
        }
        self.overlay.write_text(yaml.safe_dump({"devices": {self.site.storage.name: {"papi": entry}}}))

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    def connections(self, *, read_only: bool = True) -> Connections:
        return Connections(Access(self.site, self.overlay), read_only=read_only)

    def http(self, **options) -> httpx.Client:
        """A bare client with basic authentication: the view of somebody who knows nothing of our layer."""
        import ssl

        trust = ssl.create_default_context(cafile=str(self.authority.certificate_file))
        options = {"auth": (USER, PASSWORD), **options}
        return httpx.Client(base_url=f"https://{self.address}:{self.port}", verify=trust, trust_env=False, **options)

    def stop(self) -> None:
        self.run(self.array.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@contextmanager
def bench(folder: Path, value: dict | None = None, **options):
    """A bench that is up."""
    stand = Bench(folder, make_site(folder, value), **options)
    stand.start()
    try:
        yield stand
    finally:
        stand.stop()


def read_all(stand: Bench, site: Site | None = None) -> dict:
    """Read and compare everything with a client that cannot write: id -> (resource, observed, diff)."""
    from infra_kit.layers.storage.layer import LAYER
    from infra_kit.plan.reading import read_one
    from infra_kit.plan.resource import Observed, ReadContext

    site = site or stand.site
    found = {}
    with stand.connections() as connections:
        for each in LAYER.resources(site):
            observed = read_one(each, ReadContext(site, connections))
            found[each.id] = (each, observed, each.diff(observed) if isinstance(observed, Observed) else None)
    return found


def pending(stand: Bench, site: Site | None = None) -> list[str]:
    """The ids that are not as the site wants them."""
    return [id_ for id_, (_, _, diff) in read_all(stand, site).items() if diff is None or diff.action != "none"]


def apply_all(stand: Bench, site: Site | None = None, resources: list | None = None, **consent) -> dict:
    """Read, change and verify one after the other, as the engine does; stops at the first error. Gives id -> record of what was created."""
    from infra_kit.layers.storage.layer import LAYER
    from infra_kit.plan.resource import Observed, RunContext

    site = site or stand.site
    created = {}
    with stand.connections(read_only=False) as connections:
        context = RunContext(site, connections, stand.folder, **consent)
        for each in LAYER.resources(site) if resources is None else resources:
            observed = each.read(context)
            if not isinstance(observed, Observed):
                continue
            diff = each.diff(observed)
            if diff.action == "none":
                continue
            outcome = each.apply(observed, diff, context)
            if diff.action == "create":
                created[each.id] = dict(outcome.record)
            each.verify(context)
    return created
