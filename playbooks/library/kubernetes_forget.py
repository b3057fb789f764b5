#!/usr/bin/python
"""The module `kubernetes_forget`: what a cluster still knows of a node that is about to join anew. See kubernetes_forget.yml."""

from __future__ import annotations

import json
import ssl
from typing import Any
from urllib.request import Request, urlopen

from ansible.module_utils.basic import AnsibleModule

PKI = "/etc/kubernetes/pki"
ETCD = "https://127.0.0.1:2379/v3/cluster/member"
SPEC = {
    "name": {"type": "str", "required": True},
    "address": {"type": "str", "default": ""},
    "kubeconfig": {"type": "path", "default": "/etc/kubernetes/admin.conf"},
    "timeout": {"type": "int", "default": 20},
}


class EtcdError(Exception):
    """Why etcd could not be asked."""


class Etcd:
    """The members, by the JSON form of etcd's interface (etcd.io, "gRPC gateway") on this host.

    Args:
        timeout: for each question, s.
    """

    def __init__(self, timeout: int) -> None:
        self.timeout = timeout

    def ask(self, verb: str, **what: Any) -> dict[str, Any]:
        """One question.

        Raises:
            EtcdError: no answer, or a refusal.
        """
        try:
            trust = ssl.create_default_context(cafile=f"{PKI}/etcd/ca.crt")
            trust.load_cert_chain(f"{PKI}/apiserver-etcd-client.crt", f"{PKI}/apiserver-etcd-client.key")
            asked = Request(f"{ETCD}/{verb}", json.dumps(what).encode(), {"Content-Type": "application/json"})  # noqa: S310  a constant
            with urlopen(asked, timeout=self.timeout, context=trust) as answer:  # noqa: S310  the same
                return dict(json.loads(answer.read()))
        except OSError as error:
            raise EtcdError(str(error)) from error


def members_of(members: list[dict[str, Any]], name: str, address: str) -> list[dict[str, Any]]:
    """Those of a node: by its name, or, before etcd has ever run there and told its name, by where it was to be."""
    place = f"https://{address}:2380"
    return [each for each in members if each.get("name") == name or place in each.get("peerURLs", [])]


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    name, address, etcd = module.params["name"], module.params["address"], Etcd(module.params["timeout"])
    try:
        found = members_of(etcd.ask("list").get("members", []), name, address) if address else []
        for each in found if not module.check_mode else []:
            etcd.ask("remove", ID=each["ID"])
    except EtcdError as error:
        module.fail_json(msg=f"what an earlier attempt of {name} to join left among etcd's members cannot be removed: {error}")
    kubectl = ["kubectl", "--kubeconfig", module.params["kubeconfig"], f"--request-timeout={module.params['timeout']}s"]
    code, out, err = module.run_command([*kubectl, "get", "node", name, "--ignore-not-found", "-o", "name"])
    if code == 0 and out.strip() and not module.check_mode:
        code, _, err = module.run_command([*kubectl, "delete", "node", name, "--ignore-not-found", "--wait=false"])
    if code:
        module.fail_json(msg=f"the cluster's earlier node {name} cannot be removed: {err.strip()}")
    gone = [*("etcd member" for _ in found), *(["node"] if out.strip() else [])]
    module.exit_json(changed=bool(gone), forgotten=gone, diff={"before": "".join(f"{each} {name}\n" for each in gone), "after": ""})


if __name__ == "__main__":
    main()
