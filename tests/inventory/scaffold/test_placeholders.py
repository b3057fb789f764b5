from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from infra_kit.inventory.scaffold.placeholders import mac, service_tag


def test_service_tags_are_unique_and_never_look_like_numbers():
    tags = {service_tag(kind, number) for kind in "JLSP" for number in range(1, 1001)}
    assert len(tags) == 4000
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]{6}", tag) for tag in tags)


@given(st.integers(0, 255), st.integers(0, 65535), st.integers(0, 255))
def test_macs_are_locally_administered_unicast(family, number, port):
    address = mac(family, number, port)
    assert re.fullmatch(r"([0-9a-f]{2}:){5}[0-9a-f]{2}", address)
    first = int(address[:2], 16)
    assert first & 0b10
    assert not first & 0b01
