"""What the tests of the workspace commands share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="module")
def control_plane(fresh_control_plane):
    """A cluster of their own: the platform is one a cluster."""
    return fresh_control_plane
