"""Where the control plane of a site's lab keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.folder import LabFolder


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one control plane; every folder is closed to others.

    Args:
        lab: the lab's folder of the site.
        state: the folder of what the cluster remembers; `lab up --reset` forgets it.
    """

    lab: LabFolder
    state: Path

    @property
    def run(self) -> Path:
        """What is made anew at each start: settings and logs of the components."""
        return self.lab.root / "kubernetes"

    @property
    def etcd(self) -> Path:
        """The data of etcd."""
        return self.state / "etcd"

    @property
    def encryption(self) -> Path:
        """The key that Secrets are encrypted with in etcd, as an EncryptionConfiguration (mode 0600)."""
        return self.state / "encryption.yaml"

    @property
    def service_accounts(self) -> Path:
        """The key that signs service-account tokens (mode 0600)."""
        return self.state / "service-accounts.key"

    @property
    def audit_log(self) -> Path:
        """Who did what, one JSON document a line."""
        return self.run / "audit.log"

    @property
    def admin(self) -> Path:
        """The administrator's kubeconfig (mode 0600)."""
        return self.lab.kubeconfig

    @property
    def trust(self) -> Path:
        """The authority of client certificates."""
        return self.lab.trust / "kubernetes"

    @property
    def etcd_trust(self) -> Path:
        """The authority of etcd, apart: whoever may talk to the API server may not read its store."""
        return self.lab.trust / "etcd"

    def setting(self, name: str) -> Path:
        """A settings file of a component."""
        return self.run / name

    def log(self, component: str) -> Path:
        """What a component says."""
        return self.run / f"{component}.log"

    def make(self) -> None:
        """Create the folders."""
        for folder in (self.run, self.state, self.etcd):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.chmod(0o700)
