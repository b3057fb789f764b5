from __future__ import annotations

from dataclasses import dataclass

from plan_fakes import FakeLayer, Script, Thing, broken

from infra_kit.plan.request import Request
from infra_kit.plan.run import perform
from infra_kit.plan.waiting import NEWS_EVERY_S, SAME_EVERY_S, WaitingRoom


def test_news_are_throttled_and_repetitions_even_more() -> None:
    heard, now = [], 0.0
    room = WaitingRoom(heard.append, {"a": "device"}, lambda: now)
    room.say("a", "0 of 2")
    room.say("a", "1 of 2")
    assert [event.message for event in heard] == ["0 of 2"]
    now = NEWS_EVERY_S
    room.say("a", "0 of 2")
    room.say("a", "1 of 2")
    room.say("b", "0 of 1")
    assert [(event.moment, event.resource, event.device, event.message) for event in heard[1:]] == [
        ("waiting", "a", "device", "1 of 2"),
        ("waiting", "b", "", "0 of 1"),
    ]
    now = SAME_EVERY_S
    room.say("a", "1 of 2")
    assert len(heard) == 3
    now += NEWS_EVERY_S
    room.say("a", "1 of 2")
    assert len(heard) == 4


def test_consents_and_progress_reach_the_step_and_are_kept(site, world, access) -> None:
    seen = []

    @dataclass(frozen=True)
    class Waiting(Thing):
        def apply(self, observed, diff, context):
            seen.append((context.take, context.force, context.takes("bmc/a/1"), context.takes("bmc/b/1")))
            context.progress(self.id, "1 of 2 replicas are available")
            if not context.resumed:
                broken()()
            return super().apply(observed, diff, context)

    layer = FakeLayer("bmc", [Waiting("bmc/a/1", "w1", world)])
    script = Script()
    assert perform(site, [layer], access, Request(take=("bmc/a/*",), force=True), script).exit_code == 1
    (waiting,) = [event for event in script.events if event.moment == "waiting"]
    assert (waiting.resource, waiting.device, waiting.message) == ("bmc/a/1", "w1", "1 of 2 replicas are available")
    (log,) = (site.folder / ".infra-kit" / "runs").glob("*/run.log")
    assert "1 of 2 replicas are available" in log.read_text()
    assert perform(site, [layer], access, Request(resume=True), Script()).exit_code == 0
    assert seen == [(("bmc/a/*",), True, True, False)] * 2
