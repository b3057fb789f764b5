from pathlib import Path

import bmc_bench
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra_kit.layers.bmc.bios import Bios
from infra_kit.layers.bmc.target import Target
from infra_kit.plan.resource import Observed

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "bios.yaml").read_text())
SERVER = bmc_bench.make_site(Path()).server_by_name["worker01"]


def bios(wanted):
    return Bios(Target(SERVER, "R6515"), wanted)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"].replace(" ", "-"))
def test_cases(case):
    diff = bios(case["wanted"]).diff(Observed(case["observed"]))
    assert diff.action == case["action"]
    assert {change.path: [change.before, change.after] for change in diff.changes} == case.get("changes", {})
    assert diff.reason == case.get("reason", "")
    assert diff.disruption == ("reboot" if diff.changes else "none")


VALUES = st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(["1", "2", 1, 2]))


@given(VALUES, VALUES, VALUES)
def test_nothing_is_to_be_done_only_where_now_and_after_the_next_reset_all_is_as_wanted(wanted, attributes, pending):
    diff = bios(wanted).diff(Observed({"attributes": attributes, "pending": pending, "job": None}))
    now = all(name in attributes and attributes[name] == value for name, value in wanted.items())
    later = all({**attributes, **pending}.get(name) == value for name, value in wanted.items())
    assert (diff.action == "none") == (now and later)


@given(VALUES, VALUES)
def test_after_the_changes_nothing_is_left(wanted, attributes):
    diff = bios(wanted).diff(Observed({"attributes": attributes, "pending": {}}))
    after = attributes | {change.path.removeprefix("attributes."): change.after for change in diff.changes}
    assert bios(wanted).diff(Observed({"attributes": after, "pending": {}})).action == "none"
