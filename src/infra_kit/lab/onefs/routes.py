"""Which resource a path of the platform API names, and whether this release answers the version in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from infra_kit.lab.onefs import readings
from infra_kit.lab.onefs.collection import Collection
from infra_kit.lab.onefs.data_services import Exports, NodePools, Quotas, Schedules
from infra_kit.lab.onefs.hdfs import HdfsGlobal, HdfsSettings, HdfsZoneSettings, ProxyUserMembers, ProxyUsers, Racks, Settings
from infra_kit.lab.onefs.identities import GroupMembers, Groups, Roles, Users
from infra_kit.lab.onefs.network import AllPools, AllRules, AllSubnets, Groupnets, Pools, Rules, Subnets
from infra_kit.lab.onefs.refusal import Refusal
from infra_kit.lab.onefs.zones import Zones

if TYPE_CHECKING:
    from infra_kit.lab.onefs.cluster import Cluster
    from infra_kit.lab.onefs.collection import Place

_COLLECTIONS: tuple[type[Collection], ...] = (Zones, Groupnets, Subnets, Pools, Rules, Groups, Users, Roles, ProxyUsers, Racks)
_DATA_SERVICES: tuple[type[Collection], ...] = (Quotas, Exports, Schedules, NodePools)
_MEMBERS = "auth/groups/{group}/members"
_PROXY_MEMBERS = "protocols/hdfs/proxyusers/{proxyuser}/members"


class _StoragepoolSettings(Collection):
    kind = "storagepool-settings"
    listing = "settings"


class _ClusterIdentity(Collection):
    kind = "cluster-identity"
    listing = "identity"


class _Identity(Settings):
    """Name and message of the day, at the top of the answer."""

    def list(self, place: Place) -> dict[str, Any]:
        """Without a key around it."""
        name = self.collection.cluster.state["cluster"]["name"]
        return {"name": name, "logon": {"motd": "", "motd_header": ""}, "mttdl_level_msg": "none", **self.current(place)}


class _AuthCache:
    """Flushing the cache of identities: there is none, so it is always empty."""

    methods = frozenset({"POST"})

    def create(self, place: Place, body: Any) -> dict[str, Any]:
        """Flush."""
        del place
        if not isinstance(body, dict) or not {"all", "type", "zone", "ids"} & set(body):
            raise Refusal(400, "One of all, type, zone, ids is required")
        return {}


class Routes:
    """Every resource of the emulated cluster, by its path."""

    def __init__(self, cluster: Cluster) -> None:
        """Make the resources."""
        self._versions = cluster.versions
        self.resources: dict[str, Any] = {}
        for kind in (*_COLLECTIONS, *_DATA_SERVICES):
            collection = kind(cluster)
            self.resources[collection.schema.path] = collection
        self.resources |= {
            "network/subnets": AllSubnets(cluster),
            "network/pools": AllPools(cluster),
            "network/rules": AllRules(cluster),
            _MEMBERS: GroupMembers(cluster),
            _PROXY_MEMBERS: ProxyUserMembers(cluster),
            "protocols/hdfs/settings": HdfsZoneSettings(HdfsSettings(cluster), "settings"),
            "protocols/hdfs/settings/global": Settings(HdfsGlobal(cluster), "global_settings"),
            "storagepool/settings": Settings(_StoragepoolSettings(cluster), "settings"),
            "cluster/identity": _Identity(_ClusterIdentity(cluster), "identity"),
            "cluster/config": readings.Reading(cluster, readings.config),
            "cluster/version": readings.Reading(cluster, readings.version),
            "cluster/nodes": readings.Reading(cluster, readings.nodes),
            "license/licenses": readings.Licences(cluster),
            "auth/cache": _AuthCache(),
            **{
                f"auth/providers/{kind}": readings.Reading(cluster, readings.providers(kind))
                for kind in ("local", "file", "ads", "ldap", "krb5")
            },
        }

    def find(self, version: int, path: str) -> tuple[Any, dict[str, str], str | None]:
        """The resource, the variables of its path, and the name of the one object that is meant.

        Args:
            version: the number in the path.
            path: what follows it, still percent-encoded.

        Raises:
            Refusal: no such resource, or not in that version.
        """
        parts = [unquote(part) for part in path.split("/")]
        for name, candidate in ((None, parts), (parts[-1], parts[:-1])):
            for template, resource in self.resources.items():
                variables = _match(template.split("/"), candidate)
                if variables is not None:
                    if not self._versions.answers(template, version):
                        raise Refusal(404, f"Path not found: /platform/{version}/{path}")
                    return resource, variables, name
        raise Refusal(404, f"Path not found: /platform/{version}/{path}")


def _match(template: list[str], parts: list[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    variables: dict[str, str] = {}
    for wanted, part in zip(template, parts, strict=True):
        if wanted.startswith("{"):
            variables[wanted.strip("{}")] = part
        elif wanted != part:
            return None
    return variables
