"""What can only be read: configuration, version and nodes of the cluster, licences, providers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.lab.onefs.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from infra_kit.lab.onefs.cluster import Cluster
    from infra_kit.lab.onefs.collection import Place

_BYTES_A_TB = 10**12


class Reading:
    """One read-only resource."""

    methods = frozenset({"GET"})

    def __init__(self, cluster: Cluster, answer: Callable[[Cluster, Place], dict[str, Any]]) -> None:
        """Answer with what the function says."""
        self._cluster = cluster
        self._answer = answer

    def list(self, place: Place) -> dict[str, Any]:
        """The resource."""
        return self._answer(self._cluster, place)


class Licences:
    """Licences, by number of application or one by name."""

    methods = frozenset({"GET"})

    def __init__(self, cluster: Cluster) -> None:
        """Work on this cluster."""
        self._cluster = cluster

    def list(self, place: Place) -> dict[str, Any]:
        """All of them."""
        del place
        held = [_licence(name, status) for name, status in sorted(self._cluster.state["licences"].items())]
        return {
            "licenses": held,
            "total": len(held),
            "resume": None,
            "activation_incomplete_alert": False,
            "base_only_licenses": [],
            "evaluatable": [],
            "swid": "SW000000001",
            "guid": self._cluster.state["cluster"]["guid"],
            "valid_signature": True,
        }

    def get(self, place: Place, name: str) -> dict[str, Any]:
        """One of them."""
        for licence in self.list(place)["licenses"]:
            if name.upper() in (licence["id"], licence["name"].upper()):
                return {"licenses": [licence]}
        raise Refusal(404, f"License '{name}' not found")


def _licence(name: str, status: str) -> dict[str, Any]:
    return {
        "id": name.upper().replace(" ", "_"),
        "name": name,
        "status": status,
        "expiration": None,
        "days_to_expiry": None,
        "days_since_expiry": None,
        "expired_alert": False,
        "expiring_alert": False,
        "tiers": [],
    }


def version(cluster: Cluster, place: Place) -> dict[str, Any]:
    """The release that each node runs."""
    del place
    release = _onefs_version(cluster)
    nodes = [
        {"id": node["lnn"], "lnn": node["lnn"], "status": 200, "error": None, **{name: release[name] for name in _NODE_VERSION}}
        for node in cluster.state["cluster"]["nodes"]
    ]
    return {"nodes": nodes, "errors": [], "total": len(nodes)}


_NODE_VERSION = ("build", "release", "revision", "type", "version")


def config(cluster: Cluster, place: Place) -> dict[str, Any]:
    """The cluster's configuration."""
    del place
    state = cluster.state["cluster"]
    nodes = state["nodes"]
    return {
        "name": state["name"],
        "description": "",
        "guid": state["guid"],
        "devices": [{"devid": node["lnn"], "guid": node["serial"], "is_up": True, "lnn": node["lnn"]} for node in nodes],
        "encoding": "utf-8",
        "has_quorum": True,
        "is_compliance": False,
        "is_virtual": False,
        "is_vonefs": False,
        "is_powerscale_ve": False,
        "availability_zone": "",
        "region": "",
        "node_id": "",
        "join_mode": "Manual",
        "local_devid": 1,
        "local_lnn": 1,
        "local_serial": nodes[0]["serial"] if nodes else "",
        "onefs_version": {**_onefs_version(cluster), "copyright": "", "reldate": 0},
        "timezone": {"abbreviation": "GMT", "custom": "", "name": "Greenwich Mean Time", "path": "GMT"},
        "upgrade_type": None,
    }


def _onefs_version(cluster: Cluster) -> dict[str, str]:
    major, minor = cluster.versions.release
    release = f"v{major}.{minor}.0.0"
    return {
        "build": f"B_{major}_{minor}_0_0(RELEASE)",
        "release": release,
        "revision": str((major << 56) | (minor << 48) | (5 << 36)),
        "type": "Isilon OneFS",
        "version": f"Isilon OneFS {release} B_{major}_{minor}_0_0(RELEASE)",
    }


def nodes(cluster: Cluster, place: Place) -> dict[str, Any]:
    """Hardware and drives of each node."""
    del place
    state = cluster.state["cluster"]
    found = [_node(state["model"], node) for node in state["nodes"]]
    return {"nodes": found, "errors": [], "total": len(found)}


def _node(model: str, node: dict[str, Any]) -> dict[str, Any]:
    capacity = node["drives"] * node["drive_tb"]
    drives = [
        {
            "baynum": bay,
            "chassis": 1,
            "devname": f"da{bay}",
            "logical_block_length": 512,
            "media_type": "HDD",
            "blocks": int(node["drive_tb"] * _BYTES_A_TB / 512),
            "present": True,
            "ui_state": "HEALTHY",
        }
        for bay in range(1, node["drives"] + 1)
    ]
    return {
        "id": node["lnn"],
        "lnn": node["lnn"],
        "internal_ip_address": f"128.221.252.{node['lnn']}",
        "drives": drives,
        "hardware": {
            "product": f"{model}-4U-Single-256GB-1x1GE-2x25GE SFP+-{capacity:g}TB",
            "family_code": "H",
            "storage_class": "hybrid",
            "series": "hybrid",
            "chassis_code": "4U",
            "serial_number": node["serial"],
            "top_level_assembly_serial_number": node["serial"],
            "node_slot_id": (node["lnn"] - 1) % 4 + 1,
            "sled_drive_count": 4,
        },
        "status": {"product": model, "version": "", "uptime": 1},
    }


def providers(kind: str) -> Callable[[Cluster, Place], dict[str, Any]]:
    """The authentication providers of a kind: the local ones are the zones', the others are not set up."""

    def answer(cluster: Cluster, place: Place) -> dict[str, Any]:
        del place
        zones = [zone["name"] for zone in cluster.objects("zones").values()] if kind in ("local", "file") else []
        return {
            kind: [
                {"id": zone, "name": zone, "zone_name": zone, "status": "active"} for zone in zones if kind == "local" or zone == "System"
            ]
        }

    return answer
