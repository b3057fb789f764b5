"""A cluster as it comes from its first-boot wizard: the nodes of the inventory's chassis, and nothing configured."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import ArrayNode, Chassis, Storage

_KNOWN_LICENCES = ("HDFS", "SmartConnect Advanced", "SmartQuotas", "SnapshotIQ", "SmartPools", "SyncIQ", "SmartDedupe", "CloudPools")
_PROTECTION = "+2d:1n"
_USERS = (("root", 0, "wheel"), ("admin", 10, "admin"), ("nobody", 65534, "nobody"), ("Guest", 1501, "Guests"))
_GROUPS = (
    ("wheel", 0),
    ("admin", 10),
    ("nobody", 65534),
    ("Administrators", 1544),
    ("Users", 1545),
    ("Guests", 1546),
    ("Isilon Users", 1800),
)
_ROLES = ("AuditAdmin", "BackupAdmin", "SecurityAdmin", "StatisticsAdmin", "SystemAdmin")


def fresh(site: Site) -> dict[str, Any]:
    """The state of the site's array before anybody has configured it.

    Raises:
        ValueError: the site has no array.
    """
    storage = site.storage
    if storage is None:
        msg = f"site {site.site.name} has no array"
        raise ValueError(msg)
    model = site.catalog.arrays.get(storage.model)
    drives = model.drives_per_node.value if model else 0
    cluster: dict[str, Any] = {
        "name": storage.name,
        "release": storage.onefs,
        "model": storage.model,
        "guid": hashlib.sha256(storage.name.encode()).hexdigest()[:36],
        "nodes": [_node(chassis, node, drives) for chassis in storage.chassis for node in chassis.nodes],
    }
    lnns = [node["lnn"] for node in cluster["nodes"]]
    pool = _nodepool(storage, lnns)
    return {
        "cluster": cluster,
        "licences": {name: "Licensed" if name in storage.licences else "Unlicensed" for name in {*_KNOWN_LICENCES, *storage.licences}},
        "counters": {"zone": 1, "rid": 0, "quota": 0, "schedule": 0, "export": 0},
        "ignores": {},
        "directories": {path: {"mode": "0755", "owner": "UID:0", "group": "GID:0"} for path in ("/ifs", "/ifs/data", "/ifs/home")},
        "objects": {
            "groupnets": {"": {"groupnet0": _groupnet()}},
            "subnets": {"groupnet0": {"subnet0": _subnet(storage)}},
            "pools": {"groupnet0.subnet0": {"pool0": _pool(storage, lnns)}},
            "zones": {"": {"System": _system_zone()}},
            "groups": {"System": {name: _group(name, gid) for name, gid in _GROUPS}},
            "users": {"System": {name: _user(name, uid, group) for name, uid, group in _USERS}},
            "roles": {"System": {name: _role(name) for name in _ROLES}},
            "nodepools": {"": {pool["name"]: pool}},
        },
    }


def _node(chassis: Chassis, node: ArrayNode, drives: int) -> dict[str, Any]:
    ports = [port.interface for port in node.ports]
    families = sorted({port.rpartition("-")[0] for port in ports})
    return {
        "lnn": node.lnn,
        "interfaces": [*ports, *(f"{family}-agg-1" for family in families), "mgmt-1"],
        "serial": f"{chassis.service_tag}-{node.lnn:04}",
        "drives": drives,
        "drive_tb": chassis.drive_tb,
    }


def _groupnet() -> dict[str, Any]:
    return {
        "name": "groupnet0",
        "description": "Initial groupnet",
        "dns_servers": [],
        "dns_search": [],
        "dns_options": [],
        "dns_cache_enabled": True,
        "allow_wildcard_subdomains": True,
        "server_side_dns_search": True,
    }


def _subnet(storage: Storage) -> dict[str, Any]:
    return {
        "name": "subnet0",
        "description": "Initial subnet",
        "addr_family": "ipv4",
        "prefixlen": 24,
        "gateway": str(storage.management.address - int(storage.management.address) % 256 + 1),
        "gateway_priority": 1,
        "mtu": 1500,
        "dsr_addrs": [],
        "sc_service_addrs": [],
        "sc_service_name": "",
        "vlan_enabled": False,
    }


def _pool(storage: Storage, lnns: list[int]) -> dict[str, Any]:
    address = str(storage.management.address)
    return {
        "name": "pool0",
        "description": "Initial pool",
        "access_zone": "System",
        "aggregation_mode": "roundrobin",
        "alloc_method": "static",
        "ifaces": [{"iface": "mgmt-1", "lnn": lnn} for lnn in lnns],
        "ranges": [{"low": address, "high": address}],
        "rebalance_policy": "auto",
        "sc_auto_unsuspend_delay": 0,
        "sc_connect_policy": "round_robin",
        "sc_failover_policy": "round_robin",
        "sc_dns_zone": "",
        "sc_dns_zone_aliases": [],
        "sc_subnet": "",
        "sc_ttl": 0,
        "static_routes": [],
        "ipv6_perform_dad": False,
        "nfsv3_rroce_only": False,
        "nfs_rroce_only": False,
    }


def _system_zone() -> dict[str, Any]:
    return {
        "name": "System",
        "path": "/ifs",
        "groupnet": "groupnet0",
        "auth_providers": ["lsa-local-provider:System", "lsa-file-provider:System"],
        "zone_id": 1,
        "system": True,
        "home_directory_umask": 63,
        "map_untrusted": "",
        "skeleton_directory": "/usr/share/skel",
        "user_mapping_rules": [],
        "ifs_restricted": [],
        "cache_entry_expiry": 14400,
        "negative_cache_entry_expiry": 60,
    }


def _group(name: str, gid: int) -> dict[str, Any]:
    return {"name": name, "gid": gid, "sid": f"S-1-22-2-{gid}", "members": [], "built_in": True}


def _user(name: str, uid: int, group: str) -> dict[str, Any]:
    return {
        "name": name,
        "uid": uid,
        "sid": f"S-1-22-1-{uid}",
        "primary_group": group,
        "enabled": name in ("root", "admin"),
        "password_expires": False,
        "prompt_password_change": False,
        "home_directory": f"/ifs/home/{name}",
        "shell": "/bin/zsh",
        "email": "",
        "gecos": "",
        "has_password": True,
        "built_in": True,
    }


def _role(name: str) -> dict[str, Any]:
    return {"name": name, "description": "", "members": [], "privileges": [], "built_in": True}


def _nodepool(storage: Storage, lnns: list[int]) -> dict[str, Any]:
    family = storage.model.lower()
    drive = storage.chassis[0].drive_tb if storage.chassis else 0
    return {
        "id": 1,
        "name": f"{family}_{drive:g}tb",
        "lnns": lnns,
        "protection_policy": _PROTECTION,
        "l3": True,
        "tier": None,
        "manual": False,
        "node_type_ids": [1],
        "health_flags": [],
        "transfer_limit_state": "default",
        "sjm_enabled": False,
    }
