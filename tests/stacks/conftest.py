"""What the tests of stacks share: modules beside this file, clients of the shared control plane, a namespace of each test's own."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.access import KUBERNETES, open_access
from infra_kit.inventory.load import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def cluster_writer(control_plane) -> Iterator[KubernetesWriter]:
    """infra-kit's own client of the shared control plane."""
    from infra_kit.stacks.kubernetes_api.client import KubernetesWriter

    access = open_access(load_site(control_plane.site_folder))
    client = KubernetesWriter(access.endpoint(KUBERNETES, KUBERNETES))
    yield client
    client.close()


@pytest.fixture
def fresh_namespace(cluster_writer) -> Iterator[str]:
    """A namespace with nothing in it; removed afterwards with whatever is."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    cluster_writer.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, manager="test")
    yield name
    cluster_writer.delete("v1", "Namespace", "", name)
