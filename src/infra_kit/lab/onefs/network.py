"""Groupnets, subnets, address pools and their provisioning rules."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any

from infra_kit.lab.onefs.collection import Collection, Place
from infra_kit.lab.onefs.refusal import Refusal

FIRST_PRIORITY = 10
_IPV4_BITS = 32


class Groupnets(Collection):
    """Groupnets: name servers for the zones and subnets in them."""

    kind = "groupnets"
    listing = "groupnets"
    title = "Groupnet"

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With the names of its subnets."""
        return {**super().view(scope, item, query), "subnets": list(self.cluster.objects("subnets", item["name"]))}

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """At most three servers, six domains; no rename while in use."""
        del scope
        for server in item["dns_servers"]:
            _address(server, "dns_servers")
        for name, most in (("dns_servers", 3), ("dns_search", 6)):
            if len(item[name]) > most:
                raise Refusal(400, f"Property '{name}' has more than {most} items", name)
        if before is not None and item["name"] != before["name"]:
            self.removable("", before)

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not the built-in one, not while a subnet or a zone is in it."""
        del scope
        if item["name"] == "groupnet0":
            raise Refusal(400, "The built-in groupnet 'groupnet0' cannot be deleted")
        subnets = self.cluster.objects("subnets", item["name"])
        zones = [zone["name"] for zone in self.cluster.objects("zones").values() if zone["groupnet"] == item["name"]]
        if subnets or zones:
            users = [f"subnet '{each}'" for each in subnets] + [f"access zone '{each}'" for each in zones]
            raise Refusal(409, f"Groupnet '{item['name']}' is in use by {', '.join(users)}")


class Subnets(Collection):
    """Subnets of a groupnet."""

    kind = "subnets"
    listing = "subnets"
    title = "Subnet"

    def scope(self, place: Place) -> str:
        """The groupnet, which must exist."""
        return _groupnet(self, place)

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """By name or by full id."""
        return super().find(scope, name.removeprefix(f"{scope}."))

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With its full id and its pools."""
        del query
        base = _subnet_network(item)
        return {
            "id": f"{scope}.{item['name']}",
            "groupnet": scope,
            "pools": list(self.cluster.objects("pools", f"{scope}.{item['name']}")),
            "base_addr": str(base.network_address) if base else "0.0.0.0",  # noqa: S104  the array's own answer
            "firewall_policy": "default_subnets_policy",
            "linklayer": "ethernet",
            **item,
        }

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Addresses lie in the subnet; VLAN tagging has its id; gateway priorities are unique."""
        if item["addr_family"] != "ipv4":
            raise Refusal(400, "IPv6 is not enabled on this cluster", "addr_family")
        if item["prefixlen"] > _IPV4_BITS:
            raise Refusal(400, f"Prefix length {item['prefixlen']} is too long for ipv4", "prefixlen")
        if item["vlan_enabled"] and "vlan_id" not in item:
            raise Refusal(400, "vlan_id is required when VLAN tagging is enabled", "vlan_id")
        if before is not None and item["name"] != before["name"] and self.cluster.objects("pools", f"{scope}.{before['name']}"):
            raise Refusal(409, f"Subnet '{before['name']}' has pools and cannot be renamed", "name")
        self._addresses(item)
        others = {each["gateway_priority"] for _, each in self.cluster.everywhere("subnets") if each is not before and each.get("gateway")}
        if item.get("gateway") and item["gateway_priority"] in others:
            if before is not None:
                raise Refusal(400, f"Gateway priority {item['gateway_priority']} is already in use", "gateway_priority")
            item["gateway_priority"] = max(others) + FIRST_PRIORITY

    @staticmethod
    def _addresses(item: dict[str, Any]) -> None:
        base = _subnet_network(item)
        if base is None:
            return
        for span in item["sc_service_addrs"]:
            _span(span, base, "sc_service_addrs")

    def removable(self, scope: str, item: dict[str, Any]) -> None:
        """Not while it has pools."""
        pools = self.cluster.objects("pools", f"{scope}.{item['name']}")
        if pools:
            raise Refusal(409, f"Subnet '{scope}.{item['name']}' is in use by pool '{next(iter(pools))}'")


class Pools(Collection):
    """Address pools of a subnet."""

    kind = "pools"
    listing = "pools"
    title = "Pool"

    def scope(self, place: Place) -> str:
        """The subnet, which must exist."""
        groupnet = _groupnet(self, place)
        subnet = place.path["subnet"].removeprefix(f"{groupnet}.")
        if subnet not in self.cluster.objects("subnets", groupnet):
            raise Refusal(404, f"Subnet '{groupnet}.{subnet}' not found", "subnet")
        return f"{groupnet}.{subnet}"

    def find(self, scope: str, name: str) -> dict[str, Any]:
        """By name or by full id."""
        return super().find(scope, name.removeprefix(f"{scope}."))

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With its full id and place."""
        del query
        groupnet, _, subnet = scope.partition(".")
        return {
            "id": f"{scope}.{item['name']}",
            "groupnet": groupnet,
            "subnet": subnet,
            "addr_family": "ipv4",
            "firewall_policy": "default_pools_policy",
            "linklayer": "ethernet",
            "rules": list(self.cluster.objects("rules", f"{scope}.{item['name']}")),
            "sc_suspended_nodes": [],
            **item,
        }

    def admit(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        """Zone in the same groupnet, ranges in the subnet and free, interfaces that exist, policies that are licensed."""
        zone = self.cluster.zone(item["access_zone"])
        if zone["groupnet"] != scope.partition(".")[0]:
            raise Refusal(400, f"Access zone '{zone['name']}' is not in groupnet '{scope.partition('.')[0]}'", "access_zone")
        if item["alloc_method"] == "dynamic" or {item["sc_connect_policy"], item["sc_failover_policy"]} != {"round_robin"}:
            self.cluster.require("SmartConnect Advanced")
        if before is not None and item["name"] != before["name"] and self.cluster.objects("rules", f"{scope}.{before['name']}"):
            raise Refusal(409, f"Pool '{before['name']}' has rules and cannot be renamed", "name")
        if item["sc_subnet"] and item["sc_subnet"] not in self.cluster.objects("subnets", scope.partition(".")[0]):
            raise Refusal(400, f"SmartConnect service subnet '{item['sc_subnet']}' does not exist", "sc_subnet")
        self._ranges(scope, item, before)
        self._interfaces(item)
        for parent, other in self.cluster.everywhere("pools"):
            if other is not before and item["sc_dns_zone"] and other["sc_dns_zone"].lower() == item["sc_dns_zone"].lower():
                raise Refusal(
                    409, f"SmartConnect zone '{item['sc_dns_zone']}' is already used by '{parent}.{other['name']}'", "sc_dns_zone"
                )

    def _ranges(self, scope: str, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        groupnet, _, subnet = scope.partition(".")
        base = _subnet_network(self.cluster.objects("subnets", groupnet)[subnet])
        spans = [_span(span, base, "ranges") for span in item["ranges"]]
        for parent, other in self.cluster.everywhere("pools"):
            if other is before or parent.partition(".")[0] != groupnet:
                continue
            for low, high in (_span(span, None, "ranges") for span in other["ranges"]):
                if any(first <= high and low <= last for first, last in spans):
                    raise Refusal(409, f"IP range overlaps the range of pool '{parent}.{other['name']}'", "ranges")

    def _interfaces(self, item: dict[str, Any]) -> None:
        nodes = {node["lnn"]: set(node["interfaces"]) for node in self.cluster.state["cluster"]["nodes"]}
        for each in item["ifaces"]:
            if each.get("lnn") not in nodes:
                raise Refusal(400, f"Node {each.get('lnn')} does not exist", "ifaces")
            if each.get("iface") not in nodes[each["lnn"]]:
                raise Refusal(400, f"Interface '{each.get('iface')}' does not exist on node {each['lnn']}", "ifaces")

    def removed(self, scope: str, item: dict[str, Any]) -> None:
        """Its rules go with it."""
        self.cluster.state["objects"].get("rules", {}).pop(f"{scope}.{item['name']}", None)


class Rules(Collection):
    """Provisioning rules of a pool."""

    kind = "rules"
    listing = "rules"
    title = "Rule"

    def scope(self, place: Place) -> str:
        """The pool, which must exist."""
        pools = Pools(self.cluster)
        scope = pools.scope(place)
        return f"{scope}.{pools.find(scope, place.path['pool'])['name']}"

    def view(self, scope: str, item: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """With its full id and place."""
        del query
        groupnet, subnet, pool = scope.split(".")
        return {"id": f"{scope}.{item['name']}", "groupnet": groupnet, "subnet": subnet, "pool": pool, **item}


class AllSubnets(Subnets):
    """The subnets of every groupnet, read-only."""

    methods = frozenset({"GET"})

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """All of them."""
        del place
        return self.cluster.everywhere("subnets")


class AllPools(Pools):
    """The pools of every subnet, read-only."""

    methods = frozenset({"GET"})

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """All of them, or those of one zone."""
        zone = place.query.get("access_zone", "").lower()
        return [(scope, item) for scope, item in self.cluster.everywhere("pools") if zone in ("", item["access_zone"].lower())]


class AllRules(Rules):
    """The rules of every pool, read-only."""

    methods = frozenset({"GET"})

    def items(self, place: Place) -> list[tuple[str, dict[str, Any]]]:
        """All of them."""
        del place
        return self.cluster.everywhere("rules")


def _groupnet(collection: Collection, place: Place) -> str:
    name = place.path["groupnet"]
    if name not in collection.cluster.objects("groupnets"):
        raise Refusal(404, f"Groupnet '{name}' not found", "groupnet")
    return name


def _address(text: str, field: str) -> IPv4Address:
    try:
        return IPv4Address(text)
    except AddressValueError as error:
        raise Refusal(400, f"'{text}' is not a valid IP address", field) from error


def _subnet_network(subnet: dict[str, Any]) -> IPv4Network | None:
    """A subnet has no base address of its own: the first address that is configured in it fixes it."""
    first = subnet.get("gateway") or next((span["low"] for span in subnet["sc_service_addrs"]), None)
    if not first:
        return None
    return IPv4Network((_address(first, "gateway"), subnet["prefixlen"]), strict=False)


def _span(span: dict[str, Any], base: IPv4Network | None, field: str) -> tuple[IPv4Address, IPv4Address]:
    low, high = _address(span["low"], field), _address(span["high"], field)
    if low > high:
        raise Refusal(400, f"IP range {low}-{high} is not in order", field)
    if base is not None and (low not in base or high not in base):
        raise Refusal(400, f"IP range {low}-{high} is not in subnet {base}", field)
    return low, high
