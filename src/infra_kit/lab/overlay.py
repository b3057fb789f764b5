"""What a running lab publishes: the endpoints overlay and the pinned host keys, whole and only when all listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from infra_kit.lab.private_file import write_private
from infra_kit.lab.secret_files import overlay_reference
from infra_kit.lab.trust import known_hosts_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.devices import LabDevice
    from infra_kit.lab.folder import LabFolder

_HEAD = "# Written by `infra-kit lab up`, removed by `infra-kit lab down`: where the emulated devices of this site listen.\n"


@dataclass(frozen=True, slots=True)
class Listening:
    """A device and where it listens."""

    device: LabDevice
    host: str
    port: int


def publish(site: Site, folder: LabFolder, listening: Sequence[Listening]) -> None:
    """Write known_hosts, then the overlay that refers to it."""
    keys = [known_hosts_line(folder.host_key(each.device.name), each.host, each.port) for each in listening if _by_ssh(each)]
    write_private(folder.known_hosts, "".join(keys))
    devices = {each.device.name: {each.device.protocol: _entry(site, folder, each)} for each in listening}
    write_private(folder.endpoints, _HEAD + yaml.safe_dump({"devices": devices}, sort_keys=False))


def withdraw(folder: LabFolder) -> None:
    """Remove what `publish` wrote, and the control plane's kubeconfig: from now on no command takes this lab for running."""
    for file in (folder.endpoints, folder.known_hosts, folder.record, folder.kubeconfig):
        file.unlink(missing_ok=True)


def _by_ssh(listening: Listening) -> bool:
    return listening.device.protocol == "ssh"


def _entry(site: Site, folder: LabFolder, listening: Listening) -> dict[str, Any]:
    device = listening.device
    trust = {"known_hosts": "known_hosts"} if _by_ssh(listening) else {"ca": "trust/ca.pem"}
    return {
        "host": listening.host,
        "port": listening.port,
        **trust,
        "user": site.credential_by_name[device.credential].user,
        "password": overlay_reference(site, folder, device.credential),
    }
