import pytest

from infra_kit.lab.faults import Events, Faults


def test_faults_are_set_by_name():
    faults = Faults()
    faults.update({"latency_s": 0.5, "stuck_jobs": True})
    assert faults.as_dict()["latency_s"] == 0.5
    assert faults.stuck_jobs


def test_an_unknown_fault_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no such fault: latency .*server_errors"):
        Faults().update({"latency": 1})


def test_events_keep_their_order():
    events = Events()
    events.add("GET", "/a")
    events.add("line", "hostname x")
    assert events.entries == [("GET", "/a"), ("line", "hostname x")]
