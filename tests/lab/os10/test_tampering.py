"""Changes of the emulated switch behind infra-kit's back."""

from __future__ import annotations

import pytest

from infra_kit.lab.os10.tampering import tamper


def test_tampering_says_what_it_cannot_do(make_switch):
    switch = make_switch()
    with pytest.raises(ValueError, match="no such change: nonsense"):
        tamper(switch, {"nonsense": 1})
    with pytest.raises(ValueError, match="frobnicate: % Error"):
        tamper(switch, {"lines": ["frobnicate"]})
    tamper(switch, {"model": "Z9432F-ON", "service_tag": "NEW0001"})
    assert (switch.identity.model, switch.identity.service_tag) == ("Z9432F-ON", "NEW0001")
