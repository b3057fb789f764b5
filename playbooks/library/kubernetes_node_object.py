#!/usr/bin/python
"""The module `kubernetes_node_object`: a Node as the inventory has it. What it takes and gives is in kubernetes_node_object.yml."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

OWN_LABELS = "infra-kit.dev/labels"
OWN_TAINTS = "infra-kit.dev/taints"
APPROVE = "/usr/local/sbin/approve-kubelet-certificates"
TAINT = {"key": {"type": "str", "required": True}, "value": {"type": "str", "default": ""}, "effect": {"type": "str", "required": True}}
SPEC = {
    "name": {"type": "str", "required": True},
    "labels": {"type": "dict", "default": {}},
    "taints": {"type": "list", "elements": "dict", "options": TAINT, "default": []},
    "pod_cidr": {"type": "str", "default": ""},
    "approve": {"type": "bool", "default": False},
    "wait": {"type": "int", "default": 0},
    "kubeconfig": {"type": "path", "default": "/etc/kubernetes/admin.conf"},
}


class Cluster:
    """kubectl as the cluster's administrator.

    Args:
        module: the running module.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.command = ["kubectl", "--kubeconfig", module.params["kubeconfig"], "--request-timeout=20s"]

    def node(self) -> dict[str, Any]:
        """The Node's object, once it has registered."""
        end = time.monotonic() + self.module.params["wait"]
        name = self.module.params["name"]
        while True:
            code, out, err = self.module.run_command([*self.command, "get", "node", name, "-o", "json"])
            if code == 0:
                return dict(json.loads(out))
            if time.monotonic() >= end:
                said = err.strip()
                self.module.fail_json(msg=f"the cluster knows no node {name}: {said}; see `journalctl -u kubelet` on {name}")
            time.sleep(0.5)

    def change(self, *arguments: str) -> None:
        """Run kubectl with these arguments."""
        code, _, err = self.module.run_command([*self.command, *arguments])
        if code:
            self.module.fail_json(msg=f"`kubectl {arguments[0]}` failed for node {self.module.params['name']}: {err.strip()}")


def taint_text(taint: dict[str, str]) -> str:
    """As kubectl writes it: `key=value:effect`."""
    return f"{taint['key']}{'=' + taint['value'] if taint.get('value') else ''}:{taint['effect']}"


def differences(params: dict[str, Any], found: dict[str, Any]) -> tuple[dict[str, Any], list[str], list[str]]:
    """What to change: labels (None removes one), taints to set, taints to remove. Only what infra-kit itself once set is ever removed."""
    metadata = found["metadata"]
    annotations, present = metadata.get("annotations", {}), metadata.get("labels", {})
    once = json.loads(annotations.get(OWN_LABELS, "[]"))
    labels: dict[str, Any] = {key: value for key, value in params["labels"].items() if present.get(key) != value}
    labels.update({key: None for key in once if key not in params["labels"] and key in present})
    has = {taint_text(each) for each in found["spec"].get("taints", [])}
    wanted = [taint_text(each) for each in params["taints"]]
    gone = [each for each in json.loads(annotations.get(OWN_TAINTS, "[]")) if each not in wanted and each in has]
    return labels, [each for each in wanted if each not in has], gone


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params, cluster = module.params, Cluster(module)
    found = cluster.node()
    name = params["name"]
    labels, taints, gone = differences(params, found)
    notes = {OWN_LABELS: json.dumps(sorted(params["labels"])), OWN_TAINTS: json.dumps(sorted(map(taint_text, params["taints"])))}
    annotations = {key: text for key, text in notes.items() if found["metadata"].get("annotations", {}).get(key) != text}
    patch: dict[str, Any] = {"metadata": {"labels": labels, "annotations": annotations}} if labels or annotations else {}
    if params["pod_cidr"] and not found["spec"].get("podCIDR"):
        patch["spec"] = {"podCIDR": params["pod_cidr"], "podCIDRs": [params["pod_cidr"]]}
    changed = bool(patch or taints or gone)
    if not module.check_mode:
        if patch:
            cluster.change("patch", "node", name, "--type=merge", "--patch", json.dumps(patch))
        if taints:
            cluster.change("taint", "node", name, "--overwrite", *taints)
        if gone:
            cluster.change("taint", "node", name, *(f"{each}-" for each in gone))
    if params["approve"] and os.path.exists(APPROVE):
        command = [APPROVE, "--node", name, "--wait", str(params["wait"]), *(["--look"] if module.check_mode else [])]
        code, out, err = module.run_command(command)
        if code:
            module.fail_json(msg=f"the certificate of {name}'s kubelet is not approved: {(err or out).strip()}")
        changed = changed or bool(out.strip())
    present = found["metadata"].get("labels", {})
    before = {"labels": {key: present.get(key) for key in labels}, "taints": gone}
    after = {"labels": {key: value for key, value in labels.items() if value is not None}, "taints": taints, **patch.get("spec", {})}
    module.exit_json(changed=changed, diff={"before": before, "after": after} if changed else {})


if __name__ == "__main__":
    main()
