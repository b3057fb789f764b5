"""Whatever two configurations are: the change leads from one to the other, and a second one is empty."""

from __future__ import annotations

import difflib

from hypothesis import given, settings
from hypothesis import strategies as st

from infra_kit.layers.fabric.difference import unified
from infra_kit.layers.fabric.remediation import change_tree, compare
from infra_kit.layers.fabric.tree import parse, print_tree

VLANS = st.integers(2, 30)


def _vlan_list(numbers):
    return ",".join(str(number) for number in sorted(numbers))


PORT_LINES = st.fixed_dictionaries(
    # A setting that is itself a `no` is always wanted one way or the other.
    {"state": st.sampled_from([" shutdown", " no shutdown"])},
    optional={
        "description": st.sampled_from([" description a", ' description "b c"', " description d#e"]),
        "mtu": st.sampled_from([" mtu 1500", " mtu 9216"]),
        "flow": st.sampled_from([" flowcontrol receive on", " flowcontrol receive off"]),
        "edge": st.just(" spanning-tree port type edge"),
        "trunk": st.sets(VLANS, min_size=1, max_size=8).map(lambda numbers: f" switchport trunk allowed vlan {_vlan_list(numbers)}"),
    },
).map(lambda lines: list(lines.values()))
NEIGHBOR = st.tuples(st.integers(1, 4), st.integers(64512, 64515)).map(
    lambda n: [f" neighbor 10.0.0.{n[0]}", f"  remote-as {n[1]}", "  no shutdown"]
)
GLOBALS = st.lists(
    st.sampled_from(
        [
            "ntp server 10.0.0.1",
            "ntp server 10.0.0.2 prefer",
            "ip name-server 10.0.0.3 10.0.0.4",
            "snmp-server contact me",
            "snmp-server contact you",
            "logging server 10.0.0.9",
            "ip route 0.0.0.0/0 10.0.0.8",
        ]
    ),
    unique_by=lambda line: " ".join(line.removeprefix("no ").split()[:2]),
    max_size=6,
)


@st.composite
def configurations(draw):
    lines = ["hostname h", draw(st.sampled_from(["no ip telnet server enable", "ip telnet server enable"])), *draw(GLOBALS)]
    for port in sorted(draw(st.sets(st.integers(1, 5), max_size=5))):
        # An interface is there as long as the hardware is: its block is in both configurations.
        lines += ["!", f"interface port-channel{port}", *draw(PORT_LINES)]
    neighbors = draw(st.lists(NEIGHBOR, unique_by=lambda lines: lines[0], max_size=3))
    if neighbors:
        lines += ["!", "router bgp 64801", *(line for neighbor in neighbors for line in neighbor)]
    return lines


@given(configurations(), configurations())
@settings(max_examples=150, deadline=None)
def test_the_change_leads_there_and_a_second_one_is_empty(running, wanted):
    before, after = parse(running), parse(wanted)
    future = before.future(change_tree(before, after))
    assert compare(future, parse(wanted)).lines == ()
    assert sorted(print_tree(future)) == sorted(print_tree(after))


@given(configurations(), configurations())
@settings(max_examples=100, deadline=None)
def test_the_unified_diff_tells_exactly_what_differs(running, wanted):
    before, after = parse(running), parse(wanted)
    text = unified(before, after)
    gone = sorted(line[1:] for line in text.splitlines()[2:] if line.startswith("-"))
    come = sorted(line[1:] for line in text.splitlines()[2:] if line.startswith("+"))
    plain = list(difflib.ndiff(sorted(print_tree(before)), sorted(print_tree(after))))
    assert [line for line in gone if line not in come] == [
        line for line in gone if line not in come and any(each == f"- {line}" for each in plain)
    ]
    assert bool(text) == bool(compare(before, after).lines)


@given(st.lists(st.text(alphabet=" !#abc\t1,-no«»\x00é", max_size=30), max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_text_at_all_parses_and_prints_to_what_parses_the_same(lines):
    tree = parse(lines)
    again = parse(print_tree(tree))
    assert list(print_tree(again)) == list(print_tree(tree))
