"""What the Kubernetes modules decide, without a cluster; that they do it is shown by the Molecule scenarios."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "playbooks" / "library"
ETCD = "spec:\n  - command:\n    - etcd\n    - --data-dir=/var/lib/etcd\n{members}    - --name=b\n"
JOINED = "    - --initial-cluster=a=https://10.0.0.1:2380,b=https://10.0.0.2:2380\n    - --initial-cluster-state=existing\n"
GPU = {"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}


def module(name):
    specification = importlib.util.spec_from_file_location(name, LIBRARY / f"{name}.py")
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


def node(labels=None, taints=None, ours=None, our_taints=None):
    notes = {"infra-kit.dev/labels": json.dumps(ours or []), "infra-kit.dev/taints": json.dumps(our_taints or [])}
    return {"metadata": {"labels": labels or {}, "annotations": notes}, "spec": {"taints": taints or []}}


def test_a_joined_etcd_keeps_the_members_that_it_joined():
    made = ETCD.format(members="    - --initial-cluster=b=https://10.0.0.2:2380\n")
    assert module("control_plane_manifests").with_members(made, ETCD.format(members=JOINED)) == ETCD.format(members=JOINED)


def test_another_difference_of_etcds_manifest_is_seen():
    made = ETCD.format(members="    - --initial-cluster=b=https://10.0.0.2:2380\n")
    present = ETCD.format(members=JOINED).replace("/var/lib/etcd", "/elsewhere")
    assert module("control_plane_manifests").with_members(made, present) != present


def test_only_labels_that_were_ours_are_removed():
    found = node(labels={"zone": "a", "old": "x", "theirs": "y"}, ours=["zone", "old"])
    labels, _, _ = module("kubernetes_node_object").differences({"labels": {"zone": "b"}, "taints": []}, found)
    assert labels == {"zone": "b", "old": None}


@pytest.mark.parametrize(
    ("present", "ours", "added", "removed"),
    [
        ([], [], ["nvidia.com/gpu=present:NoSchedule"], []),
        ([GPU, {"key": "theirs", "effect": "NoExecute"}], ["nvidia.com/gpu=present:NoSchedule"], [], []),
        ([GPU, {"key": "old", "effect": "NoExecute"}], ["old:NoExecute"], [], ["old:NoExecute"]),
    ],
)
def test_taints_of_others_stay(present, ours, added, removed):
    found = node(taints=present, our_taints=ours)
    _, taints, gone = module("kubernetes_node_object").differences({"labels": {}, "taints": [GPU]}, found)
    assert (taints, gone) == (added, removed)


def test_a_member_of_etcd_is_known_by_its_name_or_before_it_has_one_by_its_place():
    members = [
        {"ID": "1", "name": "master01", "peerURLs": ["https://10.0.0.1:2380"]},
        {"ID": "2", "peerURLs": ["https://10.0.0.2:2380"], "isLearner": True},
        {"ID": "3", "name": "master03", "peerURLs": ["https://10.0.0.33:2380"]},
    ]
    found = module("kubernetes_forget").members_of
    assert [each["ID"] for each in found(members, "master02", "10.0.0.2")] == ["2"]
    assert [each["ID"] for each in found(members, "master03", "10.0.0.3")] == ["3"]
    assert found(members, "master04", "10.0.0.4") == []


def test_renewed_certificates_restart_what_reads_them_only_once():
    patches = module("control_plane_manifests").restart_patches("now")
    assert {name.partition("1+")[0] for name in patches} == {"kube-apiserver", "kube-controller-manager", "kube-scheduler"}
    assert all("now" in json.dumps(json.loads(text)) for text in patches.values())
