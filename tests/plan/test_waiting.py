from __future__ import annotations

from dataclasses import dataclass

from plan_fakes import FakeLayer, Script, Thing, broken

from infra_kit.plan import waiting
from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.waiting import QUIET_S, SAME_EVERY_S, WaitingRoom


def test_who_waits_long_is_heard_and_at_length_heard_again() -> None:
    heard, now = [], 0.0
    room = WaitingRoom(heard.append, {"layer/Pod/a": "device"}, lambda: now)
    room.say("layer/Pod/a", "Pod/a: 0 of 2")
    room.say("layer/Pod/b", "pending")
    room.tell()
    room.leave("layer/Pod/b")
    assert heard == []
    now = QUIET_S
    room.say("layer/Pod/a", "Pod/a: 1 of 2")
    room.tell()
    room.tell()
    assert [(event.moment, event.resource, event.device, event.message) for event in heard] == [
        ("waiting", "layer/Pod/a", "device", "1 of 2")
    ]
    now += SAME_EVERY_S
    room.tell()
    room.say("layer/Pod/a", "2 of 2")
    room.tell()
    assert [event.message for event in heard] == ["1 of 2", "1 of 2", "2 of 2"]
    room.leave("layer/Pod/a")
    now += SAME_EVERY_S
    room.tell()
    assert len(heard) == 3


def test_consents_and_progress_reach_the_step_and_are_kept(site, world, access, wait_until, monkeypatch) -> None:
    monkeypatch.setattr(waiting, "QUIET_S", 0.0)
    monkeypatch.setattr(waiting, "_LOOK_S", 0.01)
    seen, script = [], Script()

    @dataclass(frozen=True)
    class Waiting(Thing):
        def apply(self, observed, diff, context):
            seen.append((context.take, context.force, context.takes("bmc/a/1"), context.takes("bmc/b/1")))
            context.progress(self.id, "1 of 2 replicas are available")
            if not context.resumed:
                wait_until(lambda: any(event.moment == "waiting" for event in script.events))
                broken()()
            return super().apply(observed, diff, context)

    layer = FakeLayer("bmc", [Waiting("bmc/a/1", "w1", world)])
    assert perform(site, [layer], access, Request(take=("bmc/a/*",), force=True), script).exit_code == 1
    (told, *_) = [event for event in script.events if event.moment == "waiting"]
    assert (told.resource, told.device, told.message) == ("bmc/a/1", "w1", "1 of 2 replicas are available")
    (log,) = (site.folder / ".infra-kit" / "runs").glob("*/run.log")
    assert "1 of 2 replicas are available" in log.read_text()
    assert perform(site, [layer], access, Request(resume=True), Script()).exit_code == 0
    assert seen == [(("bmc/a/*",), True, True, False)] * 2
