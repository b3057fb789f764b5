"""What is compared, kind by kind: desired, observed, expected changes, as data."""

from pathlib import Path

import array_bench
import pytest
import yaml

from infra_kit.layers.storage.layer import LAYER
from infra_kit.plan.resource import Observed

FILES = sorted(Path(__file__).with_name("cases").glob("*.yaml"))
CASES = [pytest.param(case, id=f"{file.stem}: {case['case']}") for file in FILES for case in yaml.safe_load(file.read_text())]


@pytest.mark.parametrize("case", CASES)
def test_case(case, tmp_path):
    site = array_bench.make_site(tmp_path, array_bench.storage(**case.get("storage", {})))
    resource = next(each for each in LAYER.resources(site) if each.id == case["id"])
    kind, item = resource.kind, case["item"]
    state = {"present": False}
    if kind.settings or kind.key(item) == resource.place.key:
        values = kind.fields(item)
        state = {"present": True, "fields": {name: values.get(name) for name in resource.wanted.values}}
    diff = resource.diff(Observed(state))
    assert diff.action == case["action"]
    assert diff.disruption == case.get("disruption", "none")
    if "changes" in case:
        assert {change.path: [change.before, change.after] for change in diff.changes} == case["changes"]


def test_every_kind_has_a_case():
    from infra_kit.layers.storage.kinds import KINDS

    assert {case.values[0]["id"].split("/")[1] for case in CASES} == {kind.name for kind in KINDS}
