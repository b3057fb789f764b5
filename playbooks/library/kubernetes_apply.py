#!/usr/bin/python
"""The module `kubernetes_apply`: manifests of a cluster, from one of its masters. What it takes and gives is in kubernetes_apply.yml."""

from __future__ import annotations

import os
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DIFFERENT = 1  # kubectl diff's exit status
MANAGER = "infra-kit"
SPEC = {
    "files": {"type": "dict", "required": True},
    "generate": {"type": "dict", "default": {}},
    "kubeconfig": {"type": "path", "default": "/etc/kubernetes/admin.conf"},
    "timeout": {"type": "int", "default": 60},
}


def write_folder(module: AnsibleModule) -> str:
    """Put the kustomization's files into the run's own folder, those that a program prints among them."""
    folder = os.path.join(module.tmpdir, "kustomization")
    os.mkdir(folder, 0o700)
    for name, content in module.params["files"].items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(content)
    for name, command in module.params["generate"].items():
        words = [word.replace("%d", folder) for word in shlex.split(command)]
        _, out, _ = module.run_command(words, check_rc=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(out)
    return folder


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    folder = write_folder(module)
    kubectl = ["kubectl", "--kubeconfig", module.params["kubeconfig"], f"--request-timeout={module.params['timeout']}s"]
    ours = ["--server-side", "--force-conflicts", f"--field-manager={MANAGER}", "-k", folder]
    code, out, err = module.run_command([*kubectl, "diff", *ours])
    if code > DIFFERENT:
        module.fail_json(msg=f"the cluster does not say what would change (kubectl diff, exit {code}): {err.strip()}")
    result: dict[str, Any] = {"changed": code == DIFFERENT}
    if module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
        result["diff"] = {"prepared": out}
    if result["changed"] and not module.check_mode:
        code, out, err = module.run_command([*kubectl, "apply", *ours])
        if code:
            module.fail_json(msg=f"the cluster does not take the manifests (kubectl apply, exit {code}): {err.strip()}")
        result["applied"] = out.splitlines()
    module.exit_json(**result)


if __name__ == "__main__":
    main()
