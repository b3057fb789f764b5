"""Which engine carries a stack out: never another than the one that owns it without a word."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.selection import choose
from infra_kit.stacks.stack import Stack

FRAUD = Stack("workspaces", "workspaces", "fraud")


@pytest.mark.parametrize(
    ("wanted", "owner", "has_pulumi", "chosen"),
    [
        ("automatic", None, False, "server-side"),
        ("automatic", None, True, "automation"),
        ("automatic", "server-side", True, "server-side"),
        ("automatic", "automation", True, "automation"),
        ("server-side", None, True, "server-side"),
        ("server-side", "server-side", True, "server-side"),
        ("automation", None, True, "automation"),
        ("automation", "automation", True, "automation"),
    ],
)
def test_the_engine_is_the_owner_then_the_site_s_then_what_there_is(wanted, owner, has_pulumi, chosen):
    assert choose(FRAUD, wanted, owner, has_pulumi=has_pulumi) == chosen


@pytest.mark.parametrize(
    ("wanted", "owner", "words"),
    [
        ("server-side", "automation", r"workspaces\.fraud belongs to the engine automation, and the site asks for server-side.*destroy"),
        ("automation", "server-side", r"belongs to the engine server-side, and the site asks for automation.*engine: server-side"),
        ("automation", None, "is to be carried out by the engine automation, which needs the `pulumi` program"),
        ("automatic", "automation", "belongs to the engine automation, which needs the `pulumi` program"),
    ],
)
def test_a_silent_change_is_refused(wanted, owner, words):
    with pytest.raises(RefusedError, match=words):
        choose(FRAUD, wanted, owner, has_pulumi=False)
