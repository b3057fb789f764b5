"""The running control plane: what it is, what it refuses, what it keeps secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conftest import RunningControlPlane


def test_every_node_is_ready(control_plane: RunningControlPlane) -> None:
    said = control_plane.kubectl("get", "nodes", "--no-headers").stdout.splitlines()
    assert len(said) == 11
    assert {line.split()[1] for line in said} == {"Ready"}
