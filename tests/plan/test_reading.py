from __future__ import annotations

import threading
import time

import pytest
from plan_fakes import broken, thing

from infra_kit.inventory.errors import SecretError
from infra_kit.plan.connections import Connections
from infra_kit.plan.reading import read_all
from infra_kit.plan.resource import Observed, ReadContext, Unknown


@pytest.fixture
def context(site, access) -> ReadContext:
    return ReadContext(site, Connections(access, read_only=True))


def test_devices_are_read_at_once_and_one_device_never_twice_at_once(world, context) -> None:
    meeting = threading.Barrier(4, timeout=10)  # four devices must be inside at the same time, or this breaks
    things = [thing(f"bmc/a/{n}", world, f"device{n}", reading=meeting.wait) for n in range(4)]
    things += [thing(f"bmc/b/{n}", world, f"device{n}", reading=lambda: time.sleep(0.005)) for n in range(4)]
    found = read_all(things, {"bmc": 4}, context)
    assert set(found) == {each.id for each in things}
    assert world.overlaps == []


def test_a_device_in_two_layers_is_read_by_one_at_a_time(world, context) -> None:
    things = [thing(f"{layer}/a/{n}", world, "same", reading=lambda: time.sleep(0.002)) for layer in ("bmc", "hosts") for n in range(5)]
    read_all(things, {"bmc": 4, "hosts": 4}, context)
    assert world.overlaps == []


def test_a_layers_bound_is_kept(world, context) -> None:
    inside = threading.Semaphore(2)

    def enter() -> None:
        assert inside.acquire(blocking=False)
        time.sleep(0.003)
        inside.release()

    read_all([thing(f"bmc/a/{n}", world, reading=enter) for n in range(12)], {"bmc": 2}, context)


def test_what_a_device_says_against_it_is_unknown_with_the_reason(world, context) -> None:
    events = []
    found = read_all([thing("bmc/a/1", world, reading=broken("w1")), thing("bmc/a/2", world)], {"bmc": 4}, context, events.append)
    assert found["bmc/a/1"] == Unknown("w1: it does not want to (ask it again)")
    assert isinstance(found["bmc/a/2"], Observed)
    assert [event.message for event in events if event.moment == "read" and event.message] == ["w1: it does not want to (ask it again)"]


def test_what_is_no_devices_fault_ends_the_reading(world, context) -> None:
    def no_secret() -> None:
        raise SecretError("environment variable X is not set")

    things = [thing("bmc/a/0", world, reading=no_secret), *(thing(f"bmc/a/{n}", world) for n in range(1, 20))]
    with pytest.raises(SecretError):
        read_all(things, {"bmc": 1}, context)
