from __future__ import annotations

import datetime as dt
import json
import os
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plan_fakes import FakeLayer, thing, unreachable

from infra_kit import __version__
from infra_kit.inventory.errors import StalePlanError, StateError, UsageError
from infra_kit.plan import planfile
from infra_kit.plan.connections import Connections
from infra_kit.plan.masking import masked
from infra_kit.plan.planning import Plan, make_plan
from infra_kit.plan.resource import ReadContext

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def plan(site, access, world) -> Plan:
    things = [
        thing("bmc/a/1", world, "w1", wanted={"tuple": (1, 2)}, disruption="reboot"),
        thing("bmc/a/2", world, "w2", needs=("bmc/a/1", "bmc/elsewhere/1")),
        thing("bmc/a/3", world, "w3", reading=unreachable("w3")),
    ]
    return make_plan([FakeLayer("bmc", things, world=world)], ReadContext(site, Connections(access, read_only=True)))


def test_the_document_is_the_designs(plan: Plan, site) -> None:
    document = planfile.document(plan, str)
    assert list(document) == ["format", "infra_kit", "created", "expires", "site", "summary", "resources"]
    assert document["format"] == "infra-kit-plan/1"
    assert document["infra_kit"] == __version__
    assert dt.datetime.fromisoformat(document["expires"]) - dt.datetime.fromisoformat(document["created"]) == dt.timedelta(hours=24)
    assert document["site"] == {
        "name": "configuration-1",
        "configuration": 1,
        "digest": site.digest,
        "folder": str(site.folder),
    }
    assert document["summary"] == {"create": 2, "update": 0, "delete": 0, "none": 0, "unknown": 1}
    first, second, third = document["resources"]
    assert first == {
        "id": "bmc/a/1",
        "layer": "bmc",
        "action": "create",
        "reason": "",
        "observed": plan.entries[0].observed.digest,
        "changes": [{"path": "value", "before": None, "after": {"tuple": [1, 2]}}],
        "diff": None,
        "disruption": "reboot",
        "depends_on": [],
    }
    assert second["depends_on"] == ["bmc/a/1"]
    assert (third["action"], third["observed"], third["reason"]) == ("unknown", None, "w3: no connection")


def test_a_file_reads_as_it_was_written_and_is_its_owners_alone(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    planfile.write(planfile.document(plan, str), path)
    assert path.stat().st_mode & 0o777 == 0o600
    read = planfile.read(path)
    assert [each.id for each in read.resources] == ["bmc/a/1", "bmc/a/2", "bmc/a/3"]
    assert read.unknown == {"bmc/a/3": "w3: no connection"}
    assert [each.name for each in tmp_path.iterdir() if "plan.json" in each.name] == ["plan.json"]


def test_a_pipe_gets_the_plan_and_stays_a_pipe(plan: Plan, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()), daemon=True)
    reader.start()
    planfile.write(planfile.document(plan, str), pipe)
    reader.join(timeout=10)
    assert json.loads(got[0])["format"] == "infra-kit-plan/1"
    assert pipe.is_fifo()


def test_a_link_stays_and_what_it_leads_to_gets_the_plan(plan: Plan, tmp_path: Path) -> None:
    link = tmp_path / "plan.json"
    link.symlink_to("dated.json")
    planfile.write(planfile.document(plan, str), link)
    assert link.is_symlink()
    assert len(planfile.read(tmp_path / "dated.json").resources) == 3


def test_no_secret_gets_into_it(plan: Plan) -> None:
    text = json.dumps(planfile.document(plan, lambda text: text.replace("no connection", "«env:X»")), ensure_ascii=False)
    assert "no connection" not in text
    assert "«env:X»" in text


def test_an_expired_file_is_stale(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    planfile.write(planfile.document(plan, str, lifetime=dt.timedelta(0)), path)
    with pytest.raises(StalePlanError, match="the plan expired at 20"):
        planfile.read(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "no JSON in it"),
        ("[]", "its format is None"),
        ('{"format": "infra-kit-plan/2"}', "its format is 'infra-kit-plan/2', expected 'infra-kit-plan/1'"),
        ('{"format": "infra-kit-plan/1"}', "damaged at infra_kit"),
        ('{"format": "infra-kit-plan/1", "infra_kit": 7}', "damaged at infra_kit"),
    ],
)
def test_what_is_no_plan_file_is_refused(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=words):
        planfile.read(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        planfile.read(tmp_path / "plan.json")


def test_a_place_that_cannot_be_written_is_named(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="nowhere"):
        planfile.write(planfile.document(plan, str), tmp_path / "nowhere" / "plan.json")


JSON = st.recursive(
    st.none() | st.integers() | st.text("ab "),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("ab "), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@given(JSON)
def test_masking_reaches_every_text(value: object) -> None:
    assert "a" not in json.dumps(masked(value, lambda text: text.replace("a", "")))
    assert json.dumps(masked(value, str)) == json.dumps(value)
