"""Four real hosts of a lab under names of the first reference site, roles of the tests' own, and an engine over them."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import Access
from infra_kit.inventory.load import load_site
from infra_kit.lab.emulator import Login
from infra_kit.lab.hosts.device import HostDevice
from infra_kit.lab.hosts.hosts import Hosts
from infra_kit.lab.hosts.specification import Attachment, FabricSpec, HostSpec, NetworkSpec
from infra_kit.lab.trust import host_key, known_hosts_line
from infra_kit.layers.hosts.layer import HostsLayer
from infra_kit.layers.hosts.role import Role, Roles, load_roles, shipped_roles
from infra_kit.layers.hosts.secret import Secret
from infra_kit.plan.connections import Connections
from infra_kit.plan.planning import Plan, make_plan
from infra_kit.plan.request import Report, Request
from infra_kit.plan.resource import ReadContext
from infra_kit.plan.run import perform

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
LOGIN = Login("ansible", "login{{ 4711 }}pass")
NOTE_PASSWORD = "note-{{ 0815 }}-password"
SERVICES = IPv4Address("10.10.0.80")
"""Where a mirror may listen for the hosts."""
NAMES = ("master01", "master02", "worker01", "worker02", "utility01")


class Dialogue:
    """Agrees, and listens."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.on_event = lambda event: None

    def notice(self, text: str) -> None: ...

    def planned(self, plan: Plan) -> None: ...

    def agrees(self, plan: Plan) -> bool:
        return True

    def event(self, event: Any) -> None:
        self.events.append(event)
        self.on_event(event)


@dataclass
class Bench:
    """Hosts, and a site that has these alone.

    `values` are what the roles' variables are made from: (role, host) -> more variables.
    """

    folder: Path
    hosts: Hosts
    loop: Any
    devices: dict[str, HostDevice]
    overlay: Path
    values: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    names: tuple[str, ...] = NAMES
    roles: Roles | None = None
    """Other roles than the tests' own of roles.yaml."""

    @property
    def site(self):
        whole = load_site(self.folder / "site")
        servers = [server for server in whole.servers if server.name in self.names]
        control_plane = [name for name in whole.kubernetes.control_plane if name in self.names]
        kubernetes = whole.kubernetes.model_copy(update={"control_plane": control_plane})
        site = whole.model_copy(update={"servers": servers, "kubernetes": kubernetes})
        site._folder, site._digest, site._catalog = whole.folder, whole.digest, whole.catalog
        return site

    def access(self) -> Access:
        return Access(self.site, self.overlay)

    def layer(self) -> HostsLayer:
        return HostsLayer(self.roles or load_roles(HERE / "playbooks" / "roles.yaml", HERE / "playbooks"))

    def plan(self, *, full: bool = False) -> dict[str, Any]:
        """Id -> the plan's entry."""
        with Connections(self.access(), read_only=True) as connections:
            plan = make_plan([self.layer()], ReadContext(self.site, connections, full=full))
        return {entry.id: entry for entry in plan.entries}

    def apply(self, dialogue: Dialogue | None = None, **request: Any) -> Report:
        return perform(self.site, [self.layer()], self.access(), Request(**request), dialogue or Dialogue())

    def on(self, host: str, command: str) -> str:
        """Run a command at the host's console."""
        return self.run(self.hosts.hosts[host].execute(command))

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(120)

    def reset(self) -> None:
        """Hosts, site and engine as at the beginning."""
        self.values.clear()
        self.names = NAMES
        self.roles = None
        shutil.rmtree(self.folder / "site" / ".infra-kit", ignore_errors=True)
        for name in NAMES:
            self.on(name, "rm -rf /var/lib/infra-kit /etc/note* /etc/unsure /etc/fickle /etc/loud /etc/reboot* /etc/first")


def own_roles(file: str, *names: str) -> Roles:
    """Some of the tests' own roles, which a file beside roles.yaml lists."""
    return _only(load_roles(HERE / "playbooks" / file, HERE / "playbooks"), names)


def shipped(*names: str) -> Roles:
    """Some of the roles that ship with infra-kit."""
    return _only(shipped_roles(), names)


def _only(roles: Roles, names: tuple[str, ...]) -> Roles:
    return Roles(roles.facts, tuple(role for role in roles.roles if role.name in names), roles.folder)


def variables(bench: Bench):
    """What `Role.variables` is while the bench is there; the shipped roles keep their own, for other tests of the same process."""
    shipped = Role.variables

    def of(self: Role, facts: Any) -> dict[str, Any]:
        if HERE not in self.folder.parents:
            return shipped(self, facts)
        own: dict[str, Any] = {
            "note": {"note_text": f"{facts.name} {{{{ braces }}}}", "note_password": Secret("env:NOTE_PASSWORD")},
            "fickle": {"fickle_seconds": 0, "fickle_fails": False},
            "loud": {"loud_text": "quiet", "loud_fails": False},
            "first": {"first_fails": False},
        }.get(self.name, {})
        return own | bench.values.get((self.name, facts.name), {})

    return of


@contextmanager
def bench(folder: Path, reference: Path) -> Iterator[Bench]:
    """Five hosts, up."""
    shutil.copytree(reference, folder / "site", ignore=shutil.ignore_patterns(".infra-kit"))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    specs = [
        HostSpec(name, (Attachment("bond0", "data", IPv4Address(f"10.21.1.{11 + number}")),), LOGIN, host_key(folder / "keys" / name))
        for number, name in enumerate(NAMES)
    ]
    fabric = FabricSpec((NetworkSpec("data", IPv4Network("10.21.1.0/24"), IPv4Address("10.21.1.1"), 9000),), services=(SERVICES,))
    hosts = Hosts(folder / "state", specs, fabric)

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(120)

    run(hosts.start())
    devices = {name: HostDevice(f"{name}:ssh", hosts.hosts[name], hosts.namespace) for name in NAMES}
    try:
        ports = {name: run(device.start("127.0.0.1", 0)) for name, device in devices.items()}
        known = "".join(known_hosts_line(hosts.hosts[name].spec.host_key, "127.0.0.1", port) for name, port in ports.items())
        (folder / "known_hosts").write_text(known)
        trust = f"known_hosts: known_hosts, user: {LOGIN.user}, password: 'env:HOSTS_LOGIN'"
        lines = [f"  {name}: {{ssh: {{host: 127.0.0.1, port: {port}, {trust}}}}}" for name, port in ports.items()]
        stand_in = "hosts: {family: debian, release: '12', packages: 'http://10.10.0.80/debian', registry: '10.10.0.80:5000'}"
        (folder / "endpoints.yaml").write_text("\n".join(["devices:", *lines, stand_in, ""]))
        yield Bench(folder, hosts, loop, devices, folder / "endpoints.yaml")
    finally:
        for device in devices.values():
            run(device.stop())
        run(hosts.stop())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def processes_that_say(*secrets: str) -> list[str]:
    """Command lines and environments of this machine's processes in which any of these stand; our own process is not looked at."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            for name in ("cmdline", "environ"):
                try:
                    text = (folder / name).read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if any(secret in text for secret in secrets):
                    found.append(f"{folder.name}/{name}: {text[:200]!r}")
    return found
