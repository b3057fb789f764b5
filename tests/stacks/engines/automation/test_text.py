"""What Pulumi's provider cannot send is said before anything is sent."""

from __future__ import annotations

import pytest

from infra_kit.inventory.errors import RefusedError
from infra_kit.stacks.engines.automation.text import require_sendable
from infra_kit.stacks.stack import ObjectKey

KEY = ObjectKey("", "ConfigMap", "a", "x")


@pytest.mark.parametrize(
    ("manifest", "where"),
    [
        ({"data": {"text": "a\x7fb"}}, "data.text holds the character U+007F"),
        ({"data": {"text": "a\x85b"}}, "data.text holds the character U+0085"),
        ({"metadata": {"annotations": {"a\x80": "b"}}}, "metadata.annotations.a\x80 holds the character U+0080"),
        ({"spec": {"args": ["a", {"b": "\uffff"}]}}, "spec.args[1].b holds the character U+FFFF"),
    ],
)
def test_it_is_named_with_its_place(manifest, where):
    with pytest.raises(RefusedError, match=r"engine server-side can send it") as caught:
        require_sendable(KEY, manifest)
    assert f"ConfigMap/a/x: {where}" in str(caught.value)


def test_everything_else_passes():
    require_sendable(KEY, {"data": {"text": "\x00\x1b\n\t ~ \xa0 ü 漢 🚀 \u2028 \ufeff"}, "spec": {"replicas": 1, "paused": None}})
