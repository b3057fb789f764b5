"""The operating-system profile of the hosts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.directory import Ldap
from infra_kit.inventory.types import Host, Name

UnixName = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_-]{0,30}$")]
"""A user or group as useradd(8) takes it."""
UnixId = Annotated[int, Field(ge=1000, le=60000)]
"""Of a regular account (login.defs: UID_MIN, UID_MAX)."""


class HostGroup(Noun):
    """A local group of every host."""

    name: UnixName
    gid: UnixId


class HostUser(Noun):
    """A local account of every host, for people who keep it running; users of the platform are in the directory."""

    name: UnixName
    uid: UnixId
    groups: list[UnixName] = []
    sudo: bool = False
    authorized_keys: list[str] = []
    """Public keys, as in an authorized_keys file."""


class OperatingSystem(Noun):
    """What is installed on the hosts and where its packages come from."""

    family: Literal["rhel", "debian"]
    release: str
    mirror: str
    """URL of the site's package mirror."""
    java: Literal["8", "11", "17"] = "17"
    ssh_credential: Name
    """The login that infra-kit itself uses; it becomes root by sudo with the same password."""
    kerberos_realm: str | None = None
    kerberos_kdcs: list[Host] = []
    packages: list[str] = []
    """Further packages that every host has."""
    groups: list[HostGroup] = []
    users: list[HostUser] = []
    directory: Ldap | None = None
    """Where the other users of the hosts come from, by sssd."""
    ca_certificates: list[str] = []
    """PEM files beside the inventory whose authorities every host trusts."""
    filesystem: Literal["xfs", "ext4"] = "xfs"
    """Of the data disks."""
    firewall: bool = True
    """Let in only what the host's roles serve, and the site's own networks."""
