"""Groupnets, subnets and address pools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from infra_kit.layers.storage.kind import Design, Fields, Kind, Place, Wanted, flat

if TYPE_CHECKING:
    from infra_kit.inventory.models.network import Network
    from infra_kit.inventory.models.storage import ArraySubnet, Pool


def _groupnets(design: Design) -> Iterator[Wanted]:
    for each in design.storage.groupnets:
        values = {"dns_servers": [str(server) for server in each.dns_servers], "dns_search": list(each.dns_search)}
        yield Wanted(each.name, values, once={"name": each.name})


GROUPNET = Kind(
    name="groupnet",
    path="network/groupnets",
    answer="groupnets",
    place=Place,
    wanted=_groupnets,
    built_in=frozenset({"groupnet0"}),
)


def _spans(value: Any) -> Any:
    """Address ranges as `low-high`, in order: the array does not keep ours."""
    return sorted(f"{span['low']}-{span['high']}" for span in value)


def _sent_spans(value: list[str]) -> list[dict[str, str]]:
    return [dict(zip(("low", "high"), span.split("-"), strict=True)) for span in value]


def _subnets(design: Design) -> Iterator[Wanted]:
    networks = design.site.network_by_name
    for groupnet in design.storage.groupnets:
        for each in groupnet.subnets:
            yield Wanted(
                f"{groupnet.name}.{each.name}",
                _subnet(each, networks[each.network], tagged=_is_tagged(design, each.network)),
                (f"groupnet/{groupnet.name}",),
                {"name": each.name},
            )


def _subnet(subnet: ArraySubnet, network: Network, *, tagged: bool) -> Fields:
    service = str(subnet.smartconnect_service_address)
    values: Fields = {
        "addr_family": "ipv4",
        "prefixlen": network.subnet.prefixlen,
        "mtu": subnet.mtu,
        "sc_service_addrs": [f"{service}-{service}"],
        "vlan_enabled": tagged,
    }
    if network.gateway is not None:
        values["gateway"] = str(network.gateway)
    if tagged:
        values["vlan_id"] = network.vlan
    return values


def _is_tagged(design: Design, network: str) -> bool:
    """Whether the switches hand the network to the array's nodes with its VLAN tag: as their side of the cables says."""
    for chassis in design.storage.chassis:
        for node in chassis.nodes:
            for port in node.ports:
                switch = design.site.switch_by_name.get(port.switch)
                for lag in switch.lags if switch else ():
                    if port.port in lag.ports:
                        return network in lag.networks and network != lag.native
    return False


def _subnet_place(name: str) -> Place:
    return Place(name, {"groupnet": name.partition(".")[0]})


def _subnet_fields(item: Mapping[str, Any]) -> Fields:
    return {**flat(item), "sc_service_addrs": _spans(item["sc_service_addrs"])}


def _network_body(values: Fields) -> dict[str, Any]:
    body = {**values}
    for name in ("sc_service_addrs", "ranges"):
        if name in body:
            body[name] = _sent_spans(body[name])
    if "ifaces" in body:
        body["ifaces"] = [dict(zip(("lnn", "iface"), _port(each), strict=True)) for each in body["ifaces"]]
    return body


def _port(text: str) -> tuple[int, str]:
    lnn, _, interface = text.partition(":")
    return int(lnn), interface


SUBNET = Kind(
    name="subnet",
    path="network/groupnets/{groupnet}/subnets",
    answer="subnets",
    place=_subnet_place,
    wanted=_subnets,
    listed_at="network/subnets",
    key=lambda item: f"{item['groupnet']}.{item['name']}",
    fields=_subnet_fields,
    body=_network_body,
    fixed=frozenset({"addr_family"}),
)


def _pools(design: Design) -> Iterator[Wanted]:
    for groupnet in design.storage.groupnets:
        for subnet in groupnet.subnets:
            for each in subnet.pools:
                needs = [f"subnet/{groupnet.name}.{subnet.name}", f"zone/{each.access_zone}"]
                if each.allocation == "dynamic" or each.smartconnect_policy != "round_robin":
                    needs.append("licence/smartconnect-advanced")
                # The SmartConnect name is answered on the service address of the pool's own subnet.
                values = {**_pool(design, each), "sc_subnet": subnet.name}
                yield Wanted(f"{groupnet.name}.{subnet.name}.{each.name}", values, tuple(needs), {"name": each.name})


def _pool(design: Design, pool: Pool) -> Fields:
    nodes = pool.nodes or [node.lnn for chassis in design.storage.chassis for node in chassis.nodes]
    return {
        "access_zone": pool.access_zone,
        "ranges": [f"{pool.first}-{pool.last}"],
        "ifaces": sorted(f"{lnn}:{interface}" for lnn in nodes for interface in pool.interfaces),
        "alloc_method": pool.allocation,
        "aggregation_mode": design.versions.value("aggregation_mode", pool.aggregation),
        "sc_dns_zone": pool.smartconnect_zone,
        "sc_connect_policy": pool.smartconnect_policy,
    }


def _pool_place(name: str) -> Place:
    groupnet, _, rest = name.partition(".")
    return Place(name, {"groupnet": groupnet, "subnet": rest.partition(".")[0]})


def _pool_fields(item: Mapping[str, Any]) -> Fields:
    ports = sorted(f"{each['lnn']}:{each['iface']}" for each in item["ifaces"])
    return {**flat(item), "ranges": _spans(item["ranges"]), "ifaces": ports}


POOL = Kind(
    name="pool",
    path="network/groupnets/{groupnet}/subnets/{subnet}/pools",
    answer="pools",
    place=_pool_place,
    wanted=_pools,
    listed_at="network/pools",
    key=lambda item: f"{item['groupnet']}.{item['subnet']}.{item['name']}",
    fields=_pool_fields,
    body=_network_body,
)
