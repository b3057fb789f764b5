"""The Kubernetes nodes that servers become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.load import load_site
from infra_kit.inventory.nodes import Taint, node_shapes
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.capacity import allocatable

if TYPE_CHECKING:
    from pathlib import Path


def test_every_node_of_the_cluster_has_a_shape(reference_site: Path) -> None:
    site = load_site(reference_site)
    assert site.kubernetes
    shapes = node_shapes(site)
    assert [shape.name for shape in shapes] == [*site.kubernetes.control_plane, *site.kubernetes.workers]
    for shape in shapes:
        assert shape.labels["kubernetes.io/hostname"] == shape.name
        assert shape.labels["topology.kubernetes.io/zone"] == shape.server.rack
        assert shape.capacity["pods"] == str(site.kubernetes.max_pods)
        assert shape.capacity.keys() == shape.allocatable.keys()
        kept = millicores(shape.capacity["cpu"]) - millicores(shape.allocatable["cpu"])
        assert kept == millicores(site.kubernetes.reserved.cpu)
        assert in_bytes(shape.capacity["ephemeral-storage"]) > in_bytes(shape.allocatable["ephemeral-storage"])


def test_the_workers_give_what_the_rules_count_with(reference_site: Path) -> None:
    site = load_site(reference_site)
    workers = [shape for shape in node_shapes(site) if "worker" in shape.roles]
    counted = allocatable(site)
    assert sum(millicores(shape.allocatable["cpu"]) for shape in workers) == counted.millicores
    assert sum(in_bytes(shape.allocatable["memory"]) for shape in workers) == counted.memory_bytes
    assert sum(shape.gpus for shape in workers) == counted.gpus


def test_roles_decide_labels_and_taints(site_folder: Path) -> None:
    shapes = {shape.name: shape for shape in node_shapes(load_site(site_folder))}
    master, worker, gpu = shapes["master01"], shapes["worker01"], shapes["gpu01"]
    assert (master.roles, worker.roles, gpu.roles) == (("control-plane",), ("worker",), ("worker", "gpu"))
    assert master.taints == (Taint("node-role.kubernetes.io/control-plane", "", "NoSchedule"),)
    assert worker.taints == ()
    assert gpu.taints == (Taint("nvidia.com/gpu", "present", "NoSchedule"),)
    assert gpu.labels["nvidia.com/gpu.product"] == "A100-80GB"
    assert gpu.capacity["nvidia.com/gpu"] == "2"
    assert "nvidia.com/gpu" not in worker.capacity
    assert worker.capacity["cpu"] == "128"
    assert worker.labels["infra-kit.dev/server-model"] == "R6515"


def test_a_site_without_a_cluster_has_no_nodes(site_folder: Path) -> None:
    site = load_site(site_folder)
    assert node_shapes(site.model_copy(update={"kubernetes": None})) == []
