"""What the control plane's parts prove themselves with: certificates, kubeconfigs, keys, the token file."""

from __future__ import annotations

import base64
import csv
import io
import secrets
from typing import TYPE_CHECKING, Any

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra_kit.lab.private_file import write_private
from infra_kit.lab.trust import Authority

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.control_plane.layout import Layout
    from infra_kit.lab.emulator import Login, TlsFiles

ADMINISTRATOR = "lab-administrator"
"""Who `infra-kit lab kubectl` is: somebody else than infra-kit, as a hand at the console would be."""
CLIENTS: dict[str, tuple[str, ...]] = {
    "system:kube-controller-manager": (),
    "system:kube-scheduler": (),
    "system:kwok": (),
    ADMINISTRATOR: ("system:masters",),
}
"""User -> groups of every client with a certificate of the cluster's authority."""
_KEY_BYTES = 32  # secretbox and AES-256 alike


class Credentials:
    """Made on first use, the same afterwards.

    Args:
        layout: where they are kept.
        server_ca: the authority of the API server's certificate.
    """

    def __init__(self, layout: Layout, server_ca: Path) -> None:
        """Make or load both authorities."""
        self._layout = layout
        self.server_ca = server_ca
        self._clients = Authority(layout.trust)
        self._etcd = Authority(layout.etcd_trust)
        self.client_ca = self._clients.certificate_file
        self.etcd_ca = self._etcd.certificate_file

    def etcd_server(self) -> TlsFiles:
        """What etcd presents."""
        return self._etcd.issue("etcd", "127.0.0.1")

    def etcd_client(self) -> TlsFiles:
        """What the API server proves itself to etcd with."""
        return self._etcd.issue_client("kube-apiserver-etcd-client")

    def client(self, user: str) -> TlsFiles:
        """What a client of the API server proves itself with."""
        return self._clients.issue_client(user, *CLIENTS[user])

    def write_kubeconfigs(self, server: str) -> dict[str, Path]:
        """A kubeconfig for each component, and the administrator's, which is complete in itself.

        Args:
            server: the API server's URL.

        Returns:
            User -> its file.
        """
        files = {user: self._layout.setting(f"{user.removeprefix('system:')}.kubeconfig") for user in CLIENTS}
        files[ADMINISTRATOR] = self._layout.admin
        for user, file in files.items():
            write_private(file, yaml.safe_dump(self._kubeconfig(server, user), sort_keys=False))
        return files

    def _kubeconfig(self, server: str, user: str) -> dict[str, Any]:
        files = self.client(user)
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "lab", "cluster": {"server": server, "certificate-authority-data": _base64(self.server_ca)}}],
            "users": [
                {"name": user, "user": {"client-certificate-data": _base64(files.certificate), "client-key-data": _base64(files.key)}}
            ],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": user}}],
            "current-context": "lab",
        }

    def write_tokens(self, login: Login) -> Path:
        """The API server's token file with infra-kit's own token."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([login.password, login.user, f"lab-{login.user}"])
        file = self._layout.setting("tokens.csv")
        write_private(file, text.getvalue())
        return file

    def keep_keys(self) -> None:
        """The keys that belong to what etcd holds: made once, forgotten with it."""
        if not self._layout.encryption.exists():
            key = {"name": "lab", "secret": base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}
            rule = {"resources": ["secrets"], "providers": [{"secretbox": {"keys": [key]}}, {"identity": {}}]}
            document = {"apiVersion": "apiserver.config.k8s.io/v1", "kind": "EncryptionConfiguration", "resources": [rule]}
            write_private(self._layout.encryption, yaml.safe_dump(document, sort_keys=False))
        if not self._layout.service_accounts.exists():
            private = ec.generate_private_key(ec.SECP256R1())
            pem = private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
            write_private(self._layout.service_accounts, pem)


def _base64(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()
