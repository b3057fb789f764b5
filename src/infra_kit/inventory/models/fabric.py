"""What all switches of the fabric share: QoS, AAA, SNMP, spanning tree, MTU, users."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Host, Mtu, Name, SecretReference


class Qos(Noun):
    """Lossless class for RoCE-type traffic by priority flow control, and the shares of the egress queues."""

    lossless_priority: int
    """The 802.1p priority that is never dropped (0 to 7)."""
    lossless_bandwidth_percent: int
    control_bandwidth_percent: int


class Tacacs(Noun):
    """TACACS+ servers; local accounts stay as the fallback."""

    servers: list[Host]
    key: SecretReference


class SnmpTrapReceiver(Noun):
    """Where traps go."""

    host: Host
    port: int = 162


class Snmp(Noun):
    """Read-only SNMP v2c and traps."""

    community: SecretReference
    trap_receivers: list[SnmpTrapReceiver] = []


class SwitchUser(Noun):
    """A local account on every switch."""

    name: str
    role: Literal["sysadmin", "secadmin", "netadmin", "netoperator"]
    password_hash: SecretReference
    """Reference to a crypt(3) SHA-512 hash ($6$...), as the switch itself shows it."""


class Fabric(Noun):
    """Settings common to all switches."""

    mtu: Mtu = 9216
    spanning_tree: Literal["rstp", "rapid-pvst", "mst"] = "rstp"
    bgp_maximum_paths: int = 8
    bfd: bool = False
    vlt_delay_restore_s: int = 120
    banner: str = ""
    qos: Qos | None = None
    tacacs: Tacacs | None = None
    snmp: Snmp | None = None
    users: list[SwitchUser] = []
    ssh_max_auth_tries: int = 3
    management_gateway_network: Name | None = None
    """The out-of-band network whose gateway is the switches' management default route."""
    management_vrf: bool = False
    """Whether the management port is in a VRF of its own. OS10 moves it there only from the console: never switch it over SSH."""
