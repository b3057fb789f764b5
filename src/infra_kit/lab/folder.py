"""Where a site's lab keeps its things: everything under `.infra-kit/lab` beside the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.access import LAB_FOLDER
from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class LabFolder:
    """The lab's folder of one site.

    Args:
        site: the site's folder.
    """

    site: Path

    @property
    def root(self) -> Path:
        """The folder itself (mode 0700)."""
        return self.site.resolve() / LAB_FOLDER

    @property
    def record(self) -> Path:
        """Who runs the lab and where its control call answers; there only while everything listens."""
        return self.root / "lab.json"

    @property
    def lock(self) -> Path:
        """Held by the running lab for as long as it lives, however it ends."""
        return self.root / "lab.lock"

    @property
    def log(self) -> Path:
        """What the lab in the background says."""
        return self.root / "lab.log"

    @property
    def endpoints(self) -> Path:
        """The endpoints overlay; there only while everything listens."""
        return self.root / "endpoints.yaml"

    @property
    def known_hosts(self) -> Path:
        """The host keys of the emulated switches, pinned to where they listen."""
        return self.root / "known_hosts"

    @property
    def ports(self) -> Path:
        """Where each device listened last, so that it is found there again."""
        return self.root / "ports.json"

    @property
    def token(self) -> Path:
        """The control call's bearer token (mode 0600)."""
        return self.root / "control.token"

    @property
    def trust(self) -> Path:
        """The lab's certificate authority and the devices' certificates."""
        return self.root / "trust"

    @property
    def secrets(self) -> Path:
        """Passwords and keys made for this lab alone."""
        return self.root / "secrets"

    @property
    def state(self) -> Path:
        """What each device remembers."""
        return self.root / "state"

    @property
    def hosts(self) -> Path:
        """What the hosts have written."""
        return self.state / "hosts"

    @property
    def exports(self) -> Path:
        """The exports that hosts mount, as paths beneath this folder."""
        return exports(self.hosts)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig of the lab's Kubernetes cluster (mode 0600)."""
        return self.root / "kubeconfig"

    def host_key(self, device: str) -> Path:
        """The SSH host key of one device."""
        return self.root / "host-keys" / device

    def make(self) -> None:
        """Create the folder, closed to others.

        Raises:
            LabError: it cannot be made.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.root.parent.chmod(0o700)
            self.root.chmod(0o700)
        except (FileExistsError, NotADirectoryError) as error:
            raise LabError(
                "the lab's folder cannot be made: a file is in its place", where=str(self.root), remedy="move it away"
            ) from error
        except OSError as error:
            raise LabError(
                f"the lab's folder cannot be made: {error.strerror}", where=str(self.root), remedy="give infra-kit a writable folder"
            ) from error


def exports(hosts: Path) -> Path:
    """Where the exports are that hosts mount, beside what the hosts have written."""
    return hosts / ".nfs"  # no host's name
