from __future__ import annotations

from typing import ClassVar

import pytest

from infra_kit.inventory.access import Access
from infra_kit.inventory.errors import AuthenticationError
from infra_kit.plan.connections import Connections


class Reader:
    can_write: ClassVar[bool] = False

    def __init__(self, endpoint) -> None:
        self.endpoint, self.open = endpoint, True

    def close(self) -> None:
        self.open = False


class Writer(Reader):
    can_write: ClassVar[bool] = True


@pytest.fixture
def access(site) -> Access:
    overlay = site.folder / "endpoints.yaml"
    overlay.write_text("devices: {worker01: {redfish: {host: 127.0.0.1, port: 1}}}\n")
    return Access(site, overlay)


def test_a_device_has_one_client_of_a_kind_and_all_are_closed(access: Access) -> None:
    with Connections(access, read_only=False) as connections:
        reader = connections.client("worker01", "redfish", Reader, Reader)
        writer = connections.client("worker01", "redfish", Writer, Writer)
        assert connections.client("worker01", "redfish", Reader, Reader) is reader
        assert writer is not reader
        assert reader.endpoint.port == 1
    assert not reader.open
    assert not writer.open


def test_a_read_only_run_gets_no_writer(access: Access) -> None:
    with Connections(access, read_only=True) as connections, pytest.raises(TypeError, match="Writer can write"):
        connections.client("worker01", "redfish", Writer, Writer)


def test_a_refused_login_is_not_tried_again(access: Access) -> None:
    tried = []

    def refuse(endpoint) -> Reader:
        tried.append(endpoint)
        raise AuthenticationError("worker01", "the login was refused")

    with Connections(access, read_only=True) as connections:
        for _ in range(3):
            with pytest.raises(AuthenticationError):
                connections.client("worker01", "redfish", Reader, refuse)
    assert len(tried) == 1


def test_what_a_run_needs_one_of_is_made_once_and_closed(access: Access) -> None:
    with Connections(access, read_only=True) as connections:
        first = connections.once("fraud", lambda: Reader(None))
        assert connections.once("fraud", lambda: Reader(None)) is first
        assert connections.once("churn", lambda: Reader(None)) is not first
        assert connections.once("empty", lambda: None) is None
    assert not first.open


def test_what_cannot_be_made_is_not_tried_again(access: Access) -> None:
    tried = []

    def make() -> None:
        tried.append(1)
        raise AuthenticationError("kubernetes", "refused")

    with Connections(access, read_only=True) as connections:
        for _ in range(2):
            with pytest.raises(AuthenticationError):
                connections.once("fraud", make)
    assert tried == [1]
