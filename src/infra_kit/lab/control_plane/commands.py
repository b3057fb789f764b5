"""The command lines of the control plane's programs. No secret is among the arguments: files hold them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.inventory.models.kubernetes import Kubernetes
    from infra_kit.lab.control_plane.credentials import Credentials
    from infra_kit.lab.control_plane.layout import Layout
    from infra_kit.lab.emulator import TlsFiles

HOST = "127.0.0.1"
_DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the two servers listen on loopback."""

    api: int
    etcd: int


@dataclass(frozen=True, slots=True)
class Commands:
    """Everything that the command lines are made of.

    Args:
        programs: name -> the program's file.
        kubernetes: the site's cluster.
        layout: where files are.
        credentials: certificates and keys.
        tls: what the API server presents.
        ports: where the servers listen.
        tokens: the token file.
        kubeconfigs: user -> file.
    """

    programs: dict[str, Path]
    kubernetes: Kubernetes
    layout: Layout
    credentials: Credentials
    tls: TlsFiles
    ports: Ports
    tokens: Path
    kubeconfigs: dict[str, Path]

    def etcd(self) -> list[str]:
        """The store."""
        server = self.credentials.etcd_server()
        url = f"https://{HOST}:{self.ports.etcd}"
        peer = f"https://{HOST}:0"  # nobody ever calls: there is one member
        return self._line(
            "etcd",
            {
                "name": "lab",
                "data-dir": self.layout.etcd,
                "listen-client-urls": url,
                "advertise-client-urls": url,
                "listen-peer-urls": peer,
                "initial-advertise-peer-urls": peer,
                "initial-cluster": f"lab={peer}",
                "cert-file": server.certificate,
                "key-file": server.key,
                "trusted-ca-file": self.credentials.etcd_ca,
                "client-cert-auth": True,
                "peer-cert-file": server.certificate,
                "peer-key-file": server.key,
                "peer-trusted-ca-file": self.credentials.etcd_ca,
                "peer-client-cert-auth": True,
                "enable-grpc-gateway": False,
                # A kill loses nothing by it; a power cut ends the lab anyway.
                "unsafe-no-fsync": True,
                "log-level": "warn",
            },
        )

    def api_server(self) -> list[str]:
        """The API server: RBAC, encrypted Secrets, audit, nobody anonymous; it calls nobody beyond etcd."""
        client = self.credentials.etcd_client()
        return self._line(
            "kube-apiserver",
            {
                "etcd-servers": f"https://{HOST}:{self.ports.etcd}",
                "etcd-cafile": self.credentials.etcd_ca,
                "etcd-certfile": client.certificate,
                "etcd-keyfile": client.key,
                "bind-address": HOST,
                "secure-port": self.ports.api,
                "advertise-address": HOST,
                # A loopback address may not be an endpoint of the service `kubernetes`; no pod runs that would use it.
                "endpoint-reconciler-type": "none",
                # Calls to pods, nodes and services (webhooks, aggregated APIs, logs) end at a socket that is not there.
                "egress-selector-config-file": self.layout.setting("egress.yaml"),
                "tls-cert-file": self.tls.certificate,
                "tls-private-key-file": self.tls.key,
                "client-ca-file": self.credentials.client_ca,
                "token-auth-file": self.tokens,
                "anonymous-auth": False,
                "authorization-mode": "Node,RBAC",
                "enable-admission-plugins": "NodeRestriction",
                "allow-privileged": True,
                "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
                "service-account-key-file": self.layout.service_accounts,
                "service-account-signing-key-file": self.layout.service_accounts,
                "service-cluster-ip-range": self.kubernetes.service_cidr,
                "encryption-provider-config": self.layout.encryption,
                "audit-policy-file": _DATA / "audit-policy.yaml",
                "audit-log-path": self.layout.audit_log,
                "audit-log-maxsize": 200,
                "audit-log-maxbackup": 1,
                "profiling": False,
            },
        )

    def controller_manager(self) -> list[str]:
        """All controllers."""
        kubeconfig = self.kubeconfigs["system:kube-controller-manager"]
        return self._line(
            "kube-controller-manager",
            {
                "kubeconfig": kubeconfig,
                "secure-port": 0,
                "controllers": "*",
                "use-service-account-credentials": True,
                "service-account-private-key-file": self.layout.service_accounts,
                "root-ca-file": self.credentials.server_ca,
                "allocate-node-cidrs": False,
                "cluster-cidr": self.kubernetes.pod_cidr,
                "leader-elect": False,
                # Its defaults, 20 and 30, would keep hundreds of namespaces waiting for their service accounts.
                "kube-api-qps": 300,
                "kube-api-burst": 600,
                "profiling": False,
            },
        )

    def scheduler(self) -> list[str]:
        """The default scheduler."""
        return self._line(
            "kube-scheduler",
            {
                "kubeconfig": self.kubeconfigs["system:kube-scheduler"],
                "secure-port": 0,
                "leader-elect": False,
                "profiling": False,
            },
        )

    def kwok(self) -> list[str]:
        """What keeps the nodes alive and their pods running."""
        return self._line(
            "kwok",
            {
                "kubeconfig": self.kubeconfigs["system:kwok"],
                "config": _DATA / "stages.yaml",
                "manage-nodes-with-label-selector": f"{NODE_LABEL}=true",
                "node-ip": HOST,
                "cidr": self.kubernetes.pod_cidr,
                "node-lease-duration-seconds": 40,
                "v": "WARN",
            },
        )

    def _line(self, program: str, options: dict[str, object]) -> list[str]:
        return [str(self.programs[program]), *(f"--{name}={_text(value)}" for name, value in options.items())]


NODE_LABEL = "infra-kit.dev/lab-node"
"""Label of the nodes that kwok plays; one without it is left to somebody else."""


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
