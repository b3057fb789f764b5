"""A lossless class by priority flow control, and the shares of the egress queues.

The block follows microsoft/AzureStack_Network_Switch_Config_Generator's OS10 form (trust map, queue map, network-qos and queuing policies).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import vlan_ranges
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts

_CONTROL_PRIORITY = 7  # where switches put their own protocols' frames
_PRIORITIES = 8


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue: its number, the priorities it serves and its share in per cent."""

    group: int
    class_name: str
    priorities: str
    percent: int


@dataclass(frozen=True, slots=True)
class Qos:
    """What the QoS template prints."""

    lossless: Queue
    queues: list[Queue]
    trust_map: str = "INFRA_DOT1P"
    queue_map: str = "INFRA_QUEUES"
    lossless_policy: str = "INFRA_PFC"
    queue_policy: str = "INFRA_ETS"


def build(facts: SwitchFacts) -> Qos | None:
    """Three queues: ordinary, lossless, control; the ordinary one gets what the other two leave."""
    wanted = facts.site.fabric.qos
    if wanted is None:
        return None
    lossless, control = wanted.lossless_priority, wanted.control_bandwidth_percent
    special = {lossless, _CONTROL_PRIORITY}
    ordinary = vlan_ranges(set(range(_PRIORITIES)) - special)
    rest = 100 - wanted.lossless_bandwidth_percent - control
    queues = [
        Queue(0, "INFRA_QUEUE0", ordinary, rest),
        Queue(lossless, f"INFRA_QUEUE{lossless}", str(lossless), wanted.lossless_bandwidth_percent),
        Queue(_CONTROL_PRIORITY, f"INFRA_QUEUE{_CONTROL_PRIORITY}", str(_CONTROL_PRIORITY), control),
    ]
    return Qos(Queue(lossless, f"INFRA_LOSSLESS{lossless}", str(lossless), 0), queues)


SECTION = Section(
    "qos",
    build,
    (
        r"(no )?dcbx ",
        r"class-map type (network-qos|queuing) ",
        r"policy-map type (network-qos|queuing) ",
        r"trust dot1p-map ",
        r"qos-map ",
        r"system qos",
    ),
)
