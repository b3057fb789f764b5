#!/usr/bin/python
"""The module `kubernetes_facts`: what a host is as a Kubernetes node. What it takes and gives is in kubernetes_facts.yml."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPSConnection
from typing import Any

from ansible.module_utils.basic import AnsibleModule

KUBELET_CONFIG = "/etc/kubernetes/kubelet.conf"
ADMIN_CONFIG = "/etc/kubernetes/admin.conf"
SERVER_MANIFEST = "/etc/kubernetes/manifests/kube-apiserver.yaml"
SERVING_CERTIFICATE = "/var/lib/kubelet/pki/kubelet-server-current.pem"
BEGUN = "/etc/kubernetes/infra-kit/begun"
PROGRAMS = {"kubelet": ["--version"], "kubeadm": ["version", "-o", "short"], "kubectl": ["version", "--client"]}
SPEC = {
    "node": {"type": "str", "required": True},
    "masters": {"type": "dict", "default": {}},
    "port": {"type": "int", "default": 6443},
    "sysctls": {"type": "list", "elements": "str", "default": []},
    "modules": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
    "programs": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "float", "default": 3.0},
}


def versions(module: AnsibleModule) -> dict[str, str]:
    """Program -> its version without the `v`; empty where it is not installed."""
    found = {}
    for program, arguments in PROGRAMS.items():
        path = shutil.which(program)
        out = module.run_command([path, *arguments])[1] if path else ""
        match = re.search(r"v(\d+\.\d+\.\d+\S*)", out)
        found[program] = match[1] if match else ""
    return found


def serves(address: str, port: int, timeout: float) -> bool:
    """Whether an API server at that address says that it is ready. Not verified: it decides only whom to ask, by SSH."""
    connection = HTTPSConnection(address, port, timeout=timeout, context=ssl._create_unverified_context())  # noqa: S323, SLF001
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200  # noqa: PLR2004
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def node(module: AnsibleModule, name: str) -> dict[str, Any] | None:
    """The node's object as the node itself may read it; None where there is none, or no API server answers."""
    if not (os.path.exists(KUBELET_CONFIG) and shutil.which("kubectl")):
        return None
    command = ["kubectl", "--kubeconfig", KUBELET_CONFIG, "--request-timeout=10s", "get", "node", name, "-o", "json"]
    code, out, _ = module.run_command(command)
    if code:
        return None
    found = json.loads(out)
    conditions = {each["type"]: each["status"] for each in found.get("status", {}).get("conditions", [])}
    return {
        "labels": found["metadata"].get("labels", {}),
        "annotations": {key: text for key, text in found["metadata"].get("annotations", {}).items() if key.startswith("infra-kit.dev/")},
        "taints": [
            {"key": each["key"], "value": each.get("value", ""), "effect": each["effect"]} for each in found["spec"].get("taints", [])
        ],
        "pod_cidr": found["spec"].get("podCIDR", ""),
        "unschedulable": found["spec"].get("unschedulable", False),
        "version": found["status"]["nodeInfo"]["kubeletVersion"].lstrip("v"),
        "ready": conditions.get("Ready") == "True",
    }


def sysctl(key: str) -> str:
    """The value of a kernel parameter on one line; empty where the kernel has none of that name."""
    try:
        with open("/proc/sys/" + key.replace(".", "/"), encoding="ascii") as file:
            return " ".join(file.read().split())
    except OSError:
        return ""


def unit(module: AnsibleModule, name: str) -> dict[str, bool]:
    """Whether a unit runs, and whether it will after a boot."""
    out = module.run_command(["systemctl", "show", "--property=ActiveState,UnitFileState", name])[1]
    return {"active": "ActiveState=active" in out, "enabled": "UnitFileState=enabled" in out}


def running_version() -> str:
    """The version of the API server that this host runs; empty where it runs none."""
    try:
        with open(SERVER_MANIFEST, encoding="utf-8") as file:
            match = re.search(r"image: \S+/kube-apiserver:v(\S+)", file.read())
    except OSError:
        return ""
    return match[1] if match else ""


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = module.params
    with ThreadPoolExecutor(max(1, len(params["masters"]))) as pool:
        answers = pool.map(lambda address: serves(address, params["port"], params["timeout"]), params["masters"].values())
        serving = [name for name, answer in zip(params["masters"], answers) if answer]
    facts = {
        "versions": versions(module),
        "joined": os.path.exists(KUBELET_CONFIG) and not os.path.exists(BEGUN),
        "control_plane": all(os.path.exists(path) for path in (ADMIN_CONFIG, SERVER_MANIFEST)) and not os.path.exists(BEGUN),
        "half_done": os.path.exists(BEGUN),
        "running_version": running_version(),
        "certified": os.path.exists(SERVING_CERTIFICATE),
        "serving": serving,
        "node": node(module, params["node"]),
        "sysctls": {key: sysctl(key) for key in params["sysctls"]},
        "missing_modules": [name for name in params["modules"] if not os.path.isdir(f"/sys/module/{name}")],
        "missing_programs": [name for name in params["programs"] if not shutil.which(name)],
        "units": {name: unit(module, name) for name in params["units"]},
    }
    module.exit_json(changed=False, ansible_facts={"kubernetes_host": facts})


if __name__ == "__main__":
    main()
