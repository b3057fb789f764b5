"""What the site is called, which reference configuration it follows, how it is reached, and the services its devices use."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Address, DomainName, Host, Name, SecretReference


class SiteIdentity(Noun):
    """The head of a site."""

    name: Name
    configuration: Literal[1, 2]
    """1: compute on R6515, HDFS on PowerScale. 2: R7515 workers carry HDFS."""
    access: Literal["live", "lab"]
    """live: the devices' own addresses. lab: only through the endpoints overlay of the site's running lab."""
    domain: DomainName
    timezone: str = "UTC"
    description: str = ""
    contact: str = ""
    location: str = ""
    state_url: SecretReference | None = None
    """Where a team's shared journal and lock are: reference to a postgresql:// URL; without it they are in SQLite beside the site."""


class Services(Noun):
    """The services that every device of the site uses."""

    ntp_servers: list[Host] = []
    dns_servers: list[Address] = []
    dns_search: list[DomainName] = []
    syslog_servers: list[Host] = []


class Trust(Noun):
    """What the devices' certificates and host keys are checked against; paths relative to the site's folder."""

    ca_bundle: str | None = None
    """PEM file of the authorities that signed the devices' certificates; without it the system's own store counts."""
    known_hosts: str | None = None
    """OpenSSH known_hosts file with the devices' pinned host keys."""
