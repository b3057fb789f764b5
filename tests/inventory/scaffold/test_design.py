"""What every derived site has in common, whatever its counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_kit.inventory.catalog.load import shipped
from infra_kit.inventory.scaffold.counts import Counts
from infra_kit.inventory.scaffold.design import design
from infra_kit.inventory.scaffold.racking import FEED_BUDGET_W

COUNTS = st.builds(Counts, st.sampled_from([1, 2]), st.integers(3, 700), st.integers(0, 295))


def spans(site):
    """(rack, units filled) of everything."""
    catalog = shipped()
    models = {profile.name: profile.model for profile in site.profiles}
    things = [(server.rack, server.unit, catalog.servers[models[server.profile]].rack_units.value) for server in site.servers]
    things += [(switch.rack, switch.unit, catalog.switches[switch.model].rack_units.value) for switch in site.switches]
    if site.storage:
        height = catalog.arrays[site.storage.model].rack_units.value
        things += [(chassis.rack, chassis.unit, height) for chassis in site.storage.chassis]
    return things


@settings(max_examples=25, deadline=None)
@given(COUNTS)
def test_every_port_address_and_rack_unit_is_used_once(counts):
    site = design("site", counts, "lab")
    ports = [(nic.switch, nic.port) for server in site.servers for nic in server.nics]
    ports += [(switch.name, link.port) for switch in site.switches for link in switch.links]
    if site.storage:
        ports += [(p.switch, p.port) for chassis in site.storage.chassis for node in chassis.nodes for p in node.ports]
    core = [lag for lag in site.switches[0].lags if lag.description == "data-centre core"]
    ports += [("leaf01a", port) for port in core[0].ports]
    addresses = [server.bmc.address for server in site.servers] + [switch.management.address for switch in site.switches]
    addresses += [address.address for server in site.servers for bond in server.bonds for address in bond.addresses]
    addresses += [vlan.address for switch in site.switches for vlan in switch.vlans]
    addresses += [link.address.ip for switch in site.switches for link in switch.links]
    addresses += [network.gateway for network in site.networks if network.gateway]
    addresses += [switch.bgp.router_id for switch in site.switches]
    units = [(rack, unit) for rack, first, height in spans(site) for unit in range(first, first + height)]
    for values in (ports, addresses, units):
        assert [value for value, count in Counter(values).items() if count > 1] == []
    assert all(1 <= unit <= 42 for _, unit in units)


@settings(max_examples=25, deadline=None)
@given(COUNTS)
def test_racks_stay_within_one_feed(counts):
    site = design("site", counts, "lab")
    drawn = defaultdict(int)
    supplies = {profile.name: profile.psu_w for profile in site.profiles}
    for server in site.servers:
        drawn[server.rack] += supplies[server.profile]
    for switch in site.switches:
        drawn[switch.rack] += shipped().switches[switch.model].max_w.value
    assert max(drawn.values()) <= FEED_BUDGET_W
    assert set(drawn) == {rack.name for rack in site.racks}


@settings(max_examples=10, deadline=None)
@given(COUNTS)
def test_links_have_two_ends_that_agree(counts):
    site = design("site", counts, "lab")
    ends = {(switch.name, link.port): link for switch in site.switches for link in switch.links}
    for (name, port), link in ends.items():
        other = ends[link.peer, link.peer_port]
        assert (other.peer, other.peer_port) == (name, port)
        assert link.address.network == other.address.network
        assert link.address != other.address
        assert link.optic == other.optic


@pytest.mark.parametrize("counts", [Counts(1, 6, 2), Counts(2, 8, 2), Counts(1, 200, 30)])
def test_masters_stand_in_different_racks_and_share_a_pair(counts):
    masters = [server for server in design("site", counts, "lab").servers if server.role == "master"]
    assert all(one.rack != other.rack for one, other in combinations(masters, 2))
    assert len({nic.switch for master in masters for nic in master.nics}) == 2


def test_a_pair_carries_no_more_servers_than_its_budget():
    counts = Counts(1, 900, 95)
    site = design("site", counts, "lab")
    seats = Counter(server.nics[0].switch for server in site.servers)
    assert max(seats.values()) == 44
    assert seats["leaf01a"] == 40


def test_chassis_follow_the_compute_nodes_and_serve_only_their_own_pair():
    site = design("site", Counts(1, 900, 95), "lab")
    assert len(site.storage.chassis) == 10
    nodes = {node.lnn: {port.switch for port in node.ports} for chassis in site.storage.chassis for node in chassis.nodes}
    networks = {network.name: network for network in site.networks}
    for subnet in site.storage.groupnets[0].subnets:
        pair = networks[subnet.network].leaf_pair
        for pool in subnet.pools:
            assert [nodes[lnn] for lnn in pool.nodes] == [{f"{pair}a", f"{pair}b"}] * 4
    assert sorted(lnn for subnet in site.storage.groupnets[0].subnets for lnn in subnet.pools[0].nodes) == sorted(nodes)
