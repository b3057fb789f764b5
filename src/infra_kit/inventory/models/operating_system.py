"""The operating-system profile of the hosts."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Host, Name


class OperatingSystem(Noun):
    """What is installed on the hosts and where its packages come from."""

    family: Literal["rhel", "debian"]
    release: str
    mirror: str
    """URL of the site's package mirror."""
    java: Literal["8", "11", "17"] = "17"
    ssh_credential: Name
    kerberos_realm: str | None = None
    kerberos_kdcs: list[Host] = []
