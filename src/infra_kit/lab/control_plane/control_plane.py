"""The control plane as one device of the lab: brought up in order, ended in order, killed and restarted on demand."""

from __future__ import annotations

import asyncio
import logging
import random
import signal
import socket
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.inventory.errors import LabError
from infra_kit.inventory.nodes import node_shapes
from infra_kit.lab.control_plane import objects
from infra_kit.lab.control_plane.api_client import ApiClient, wait_for
from infra_kit.lab.control_plane.audit_events import AuditEvents
from infra_kit.lab.control_plane.commands import HOST, NODE_LABEL, Commands, Ports
from infra_kit.lab.control_plane.component import Component
from infra_kit.lab.control_plane.credentials import ADMINISTRATOR, Credentials
from infra_kit.lab.faults import ControlPlaneFaults
from infra_kit.lab.private_file import write_private
from infra_kit.lab.programs.program import locate_all

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.control_plane.layout import Layout
    from infra_kit.lab.emulator import Login, TlsFiles

_READY_S = 90.0  # about 7 s on an idle machine
_GRACE_S = 3.0
_FREE_PORTS = range(20000, 32000)  # below Linux's ephemeral ports: no passing connection takes one before its server does
_ATTEMPTS = 3
_PORT_TAKEN = "address already in use"
_log = logging.getLogger("infra_kit.lab")


class ControlPlane:
    """etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok for one site.

    Args:
        site: the site.
        name: what the cluster is called among the devices.
        login: the user that infra-kit is, and its bearer token.
        tls: what the API server presents; the lab's authority issued it.
        layout: where files are.
    """

    protocol = "kubernetes"

    def __init__(self, site: Site, name: str, *, login: Login, tls: TlsFiles, layout: Layout) -> None:
        """Nothing is started yet."""
        if site.kubernetes is None:
            msg = f"{site.site.name} has no Kubernetes cluster"
            raise ValueError(msg)
        self.name = name
        self.faults = ControlPlaneFaults()
        self.events = AuditEvents(layout.audit_log, login.user)
        self._kubernetes = site.kubernetes
        self._shapes = node_shapes(site)
        self._login = login
        self._tls = tls
        self._layout = layout
        self._programs = locate_all()
        self._components: dict[str, Component] = {}
        self._credentials = Credentials(layout, layout.lab.trust / "ca.pem")
        self._url = ""

    @property
    def pids(self) -> dict[str, int]:
        """Component -> process, of those that run."""
        return {name: pid for name, each in self._components.items() if (pid := each.pid) is not None}

    async def start(self, host: str, port: int) -> int:
        """Start all of it and wait until nodes are Ready and pods can be made; gives the API server's port.

        Raises:
            LabError: a component ended, or it was not ready in time; nothing is left running then.
        """
        del host  # always loopback
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                await self._start(Ports(api=port or _free_port(), etcd=_free_port()))
            except BaseException as error:
                self._kill_all()
                if attempt == _ATTEMPTS or _PORT_TAKEN not in str(error):
                    raise
                port = 0  # somebody took one between our look and the server's
            else:
                break
        return self._port

    async def stop(self) -> None:
        """End everything in order: who asks first, then who answers, then the store."""
        try:
            for names in (("kwok", "kube-scheduler", "kube-controller-manager"), ("kube-apiserver",), ("etcd",)):
                await asyncio.gather(*(self._components[name].end(_GRACE_S) for name in names if name in self._components))
        finally:
            self._kill_all()

    def tamper(self, change: dict[str, Any]) -> None:
        """Not here: it is a real API server.

        Raises:
            ValueError: always, with the way that there is.
        """
        del change
        msg = "the API server is a real one: change things behind infra-kit's back with `infra-kit lab kubectl SITE ...`"
        raise ValueError(msg)

    async def feel_faults(self) -> None:
        """Kill, freeze, thaw or start the API server again, at its port; ready when this returns, where it shall run.

        To be called in the lab's own loop.

        Raises:
            LabError: it was not ready in time.
        """
        api = self._components["kube-apiserver"]
        if self.faults.unreachable:
            api.kill()
        elif api.pid is None:
            api.start()
            async with self._client() as client:
                await wait_for(lambda: client.get("/readyz"), "the API server's readiness", api.require_alive, _READY_S)
        self._note_pids()
        api.signal(signal.SIGSTOP if self.faults.stopped else signal.SIGCONT)

    async def _start(self, ports: Ports) -> None:
        commands = self._prepare(ports)
        self._run("etcd", commands.etcd())
        self._run("kube-apiserver", commands.api_server())
        async with self._client() as client:
            await wait_for(lambda: client.get("/readyz"), "the API server's readiness", self._require_alive, _READY_S)
            await asyncio.gather(*(client.apply(each) for each in objects.grants(self._login.user)))
            self._run("kube-controller-manager", commands.controller_manager())
            self._run("kube-scheduler", commands.scheduler())
            self._run("kwok", commands.kwok())
            await self._register(client)
            await wait_for(lambda: _usable(client), "nodes being Ready", self._require_alive, _READY_S)
        self._note_pids()
        _log.info("the control plane is ready at %s", self._url)

    def _prepare(self, ports: Ports) -> Commands:
        self._layout.make()
        self._port = ports.api
        self._url = f"https://{HOST}:{ports.api}"
        self._credentials.keep_keys()
        nowhere = {"proxyProtocol": "HTTPConnect", "transport": {"uds": {"udsName": str(self._layout.setting("nowhere.sock"))}}}
        egress = {
            "apiVersion": "apiserver.k8s.io/v1beta1",
            "kind": "EgressSelectorConfiguration",
            "egressSelections": [{"name": "cluster", "connection": nowhere}],
        }
        write_private(self._layout.setting("egress.yaml"), yaml.safe_dump(egress))
        return Commands(
            programs=self._programs,
            kubernetes=self._kubernetes,
            layout=self._layout,
            credentials=self._credentials,
            tls=self._tls,
            ports=ports,
            tokens=self._credentials.write_tokens(self._login),
            kubeconfigs=self._credentials.write_kubeconfigs(self._url),
        )

    def _run(self, name: str, command: list[str]) -> None:
        self._layout.log(name).unlink(missing_ok=True)
        self._components[name] = Component(name, command, self._layout.log(name))
        self._components[name].start()

    def _client(self) -> ApiClient:
        return ApiClient(self._url, self._credentials.server_ca, self._credentials.client(ADMINISTRATOR))

    async def _register(self, client: ApiClient) -> None:
        """Make the nodes that the inventory has, and take away those that left it."""
        wanted = objects.nodes(self._shapes)
        held = await client.get(f"/api/v1/nodes?labelSelector={NODE_LABEL}")
        gone = {each["metadata"]["name"] for each in (held or {"items": []})["items"]} - {each["metadata"]["name"] for each in wanted}
        await asyncio.gather(*(client.delete(f"/api/v1/nodes/{name}") for name in gone), *(self._join(client, each) for each in wanted))

    async def _join(self, client: ApiClient, node: dict[str, Any]) -> None:
        await client.apply({key: value for key, value in node.items() if key != "status"})
        await client.apply({key: node[key] for key in ("apiVersion", "kind", "metadata", "status")}, part="status")

    def _require_alive(self) -> None:
        for component in self._components.values():
            component.require_alive()

    def _note_pids(self) -> None:
        write_private(self._layout.setting("pids"), "".join(f"{name} {pid}\n" for name, pid in self.pids.items()))

    def _kill_all(self) -> None:
        for component in self._components.values():
            component.kill()
        self._layout.setting("pids").unlink(missing_ok=True)


async def _usable(client: ApiClient) -> bool:
    """Whether pods can be made and scheduled: the default service account is there, every node Ready and not held back."""
    if await client.get("/api/v1/namespaces/default/serviceaccounts/default") is None:
        return False
    nodes = await client.get(f"/api/v1/nodes?labelSelector={NODE_LABEL}")
    return nodes is not None and all(_ready(node) for node in nodes["items"])


def _ready(node: dict[str, Any]) -> bool:
    conditions = {each["type"]: each["status"] for each in node["status"].get("conditions", ())}
    held_back = {each["key"] for each in node["spec"].get("taints", ())} & {"node.kubernetes.io/not-ready"}
    return conditions.get("Ready") == "True" and not held_back


def _free_port() -> int:
    for port in random.sample(_FREE_PORTS, 100):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise LabError("no port is free on loopback", where=HOST)
