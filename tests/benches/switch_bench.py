"""Emulated switches of a reference site, served from a thread: what the tests of the lab, the layer and the commands share."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from pathlib import Path

import yaml

from infra_kit.inventory.access import Access
from infra_kit.inventory.load import load_site
from infra_kit.lab.emulator import Login
from infra_kit.lab.os10 import build
from infra_kit.lab.trust import host_key, known_hosts_line
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.resource import SwitchConfiguration
from infra_kit.plan.connections import Connections
from infra_kit.plan.resource import ReadContext, RunContext

USER = "admin"
PASSWORD = "bench-Os10-5"
SECRETS = {
    "switch": PASSWORD,
    "switch-admin-hash": "$6$rounds=5000$benchsalt$" + "x" * 86,
    "tacacs-key": "bench-tacacs-key",
    "snmp-community": "bench-community",
}


class Bench:
    """A site's switches, and what a run needs to talk to them."""

    def __init__(self, folder: Path, site_folder: Path, names: tuple[str, ...]) -> None:
        self.folder = folder
        self.site_folder = site_folder
        self.site = load_site(site_folder)
        secrets = site_folder / ".infra-kit" / "lab" / "secrets"
        secrets.mkdir(parents=True, exist_ok=True)
        for name, value in SECRETS.items():
            (secrets / name).write_text(value)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.emulators = {}
        self.ports = {}
        self.host_keys = {name: host_key(folder / f"{name}.key") for name in names}

    def start(self) -> None:
        self._thread.start()
        for name in self.host_keys:
            self.power_on(name)

    def power_on(self, name: str) -> None:
        emulator = build(
            self.site,
            name,
            login=Login(USER, PASSWORD),
            tls=None,
            host_key=self.host_keys[name],
            state_file=self.folder / f"{name}.json",
        )
        self.emulators[name] = emulator
        self.ports[name] = self._run(emulator.start("127.0.0.1", self.ports.get(name, 0)))
        self._write_overlay()

    def power_off(self, name: str) -> None:
        self._run(self.emulators.pop(name).stop())

    def stop(self) -> None:
        for name in list(self.emulators):
            self.power_off(name)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    @property
    def overlay(self) -> Path:
        return self.folder / "endpoints.yaml"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    def _write_overlay(self) -> None:
        (self.folder / "password").write_text(PASSWORD)
        lines = [known_hosts_line(self.host_keys[name], "127.0.0.1", port) for name, port in self.ports.items()]
        self.known_hosts.write_text("".join(lines))
        entry = {"host": "127.0.0.1", "known_hosts": "known_hosts", "user": USER, "password": "file:password"}
        self.overlay.write_text(yaml.safe_dump({"devices": {name: {"ssh": {**entry, "port": port}} for name, port in self.ports.items()}}))

    def resource(self, name: str) -> SwitchConfiguration:
        return SwitchConfiguration(intent(self.site, self.site.switch_by_name[name]))

    @contextmanager
    def reading(self):
        with Connections(Access(self.site, self.overlay), read_only=True) as connections:
            yield ReadContext(self.site, connections)

    @contextmanager
    def running(self):
        with Connections(Access(self.site, self.overlay), read_only=False) as connections:
            yield RunContext(self.site, connections, self.folder / "run")

    def read(self, name: str):
        with self.reading() as context:
            return self.resource(name).read(context)

    def plan(self, name: str):
        return self.resource(name).diff(self.read(name))

    def apply(self, name: str):
        resource = self.resource(name)
        with self.running() as context:
            observed = resource.read(context)
            outcome = resource.apply(observed, resource.diff(observed), context)
            resource.verify(context)
        return outcome


@contextmanager
def bench(folder: Path, site_folder: Path, *names: str):
    """Those switches of the site, up; `known_hosts` pins their keys."""
    made = Bench(folder, site_folder, names)
    made.start()
    try:
        yield made
    finally:
        made.stop()
