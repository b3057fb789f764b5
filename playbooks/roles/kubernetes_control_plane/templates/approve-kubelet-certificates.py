#!/usr/bin/env python3
"""Approves the serving certificates that the cluster's kubelets ask for: each for its own node's name and addresses alone.

A kubelet asks when it starts and each time it renews. The cluster's controller signs what is approved.
"""

import argparse
import base64
import json
import re
import subprocess
import sys
import time

KUBECTL = ["kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf", "--request-timeout=20s"]
NODES = "/etc/kubernetes/infra-kit/nodes.json"
SIGNER = "kubernetes.io/kubelet-serving"


def asked_names(request):
    """The names and addresses in a certificate signing request."""
    command = ["openssl", "req", "-noout", "-text"]
    text = subprocess.run(command, input=base64.b64decode(request), stdout=subprocess.PIPE, check=True).stdout.decode()
    found = re.search(r"Subject Alternative Name:[^\n]*\n\s*([^\n]*)", text)
    return {each.strip().split(":", 1)[1] for each in found.group(1).split(",")} if found else set()


def requests(nodes):
    """Each open request for a kubelet's serving certificate: its own name, the node, and whether the node may have it."""
    listed = subprocess.run([*KUBECTL, "get", "csr", "-o", "json"], stdout=subprocess.PIPE, check=True).stdout
    for each in json.loads(listed)["items"]:
        spec = each["spec"]
        if spec["signerName"] != SIGNER or each.get("status", {}).get("conditions"):
            continue
        node = spec["username"][len("system:node:") :] if spec["username"].startswith("system:node:") else ""
        allowed = node in nodes and asked_names(spec["request"]) <= {node, *nodes[node]}
        yield each["metadata"]["name"], node, allowed


def main():
    """Approve what is asked for now, or wait until one node has asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--node", help="only this node's; it is an error if it has not asked in time")
    parser.add_argument("--wait", type=float, default=0, help="seconds for it to ask")
    parser.add_argument("--look", action="store_true", help="only say what would be approved")
    options = parser.parse_args()
    with open(NODES) as file:
        nodes = json.load(file)
    end = time.monotonic() + options.wait
    while True:
        mine = [each for each in requests(nodes) if options.node in (None, each[1])]
        if mine or time.monotonic() >= end:
            break
        time.sleep(0.5)
    for name, node, allowed in mine:
        if not allowed:
            print(f"{name}: asks for {node or 'no node'} what it may not have: left open", file=sys.stderr)
        elif options.look:
            print(f"{name}: for {node}")
        else:
            subprocess.run([*KUBECTL, "certificate", "approve", name], check=True)
    return 1 if options.node and any(not allowed for _, _, allowed in mine) else 0


if __name__ == "__main__":
    sys.exit(main())
