#!/usr/bin/python
"""The module `control_plane_manifests`: the static pods and certificates of a master. What it takes and gives is in its .yml."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule

FOLDER = "/etc/kubernetes/manifests"
PATCHES = "/etc/kubernetes/infra-kit/patches"
ADMIN = "/etc/kubernetes/admin.conf"
SERVER_CERTIFICATE = "/etc/kubernetes/pki/apiserver"
PARTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
MEMBERS = re.compile(r"^ *- --initial-cluster(?:-state)?=.*\n", re.MULTILINE)
DAY = 86400
SPEC = {
    "config": {"type": "str", "required": True},
    "patches": {"type": "dict", "default": {}},
    "node": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "renew_days": {"type": "int", "default": 60},
    "timeout": {"type": "int", "default": 240},
}


class RefusedError(Exception):
    """What cannot be done, in the words for whoever reads the task's result."""


class Master:
    """One control-plane node.

    Args:
        module: the running module, whose parameters say what is wanted.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.params = module.params
        self.patches = os.path.join(module.tmpdir, "patches")
        self.config = os.path.join(module.tmpdir, "kubeadm.yaml")
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(self.params["config"].replace(PATCHES, self.patches))

    def kubeadm(self, *words: str, **environment: str) -> str:
        """Run kubeadm with the wanted configuration.

        Returns:
            Its output.

        Raises:
            RefusedError: it fails.
        """
        code, out, err = self.module.run_command(["kubeadm", *words, "--config", self.config], environ_update=environment)
        if code:
            raise RefusedError(f"`kubeadm {' '.join(words)}` failed: {(err or out).strip()}")
        return str(out)

    def kubectl(self, *words: str) -> tuple[int, str]:
        """Run kubectl as administrator: exit status and output."""
        code, out, err = self.module.run_command(["kubectl", "--kubeconfig", ADMIN, "--request-timeout=5s", *words])
        return code, (out or err).strip()

    def wanted(self, restart: str = "") -> dict[str, str]:
        """Component -> the manifest that kubeadm makes for it.

        Args:
            restart: a word whose change restarts what does not read renewed certificates by itself; empty: as the last time.
        """
        patches, made = self.patches, os.path.join(self.module.tmpdir, "made")
        for folder in (patches, made):
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder, 0o700)
        own = {name for name in os.listdir(PATCHES) if "1+" in name} if os.path.isdir(PATCHES) else set()
        for name in own:
            shutil.copy(os.path.join(PATCHES, name), patches)
        if restart:
            for name, text in restart_patches(restart).items():
                with open(os.path.join(patches, name), "w", encoding="utf-8") as file:
                    file.write(text)
        for name, text in self.params["patches"].items():
            with open(os.path.join(patches, name), "w", encoding="utf-8") as file:
                file.write(text)
        for phase in (("control-plane", "all"), ("etcd", "local")):
            self.kubeadm("init", "phase", *phase, "--dry-run", KUBEADM_INIT_DRYRUN_DIR=made)
        found = {part: read(os.path.join(made, f"{part}.yaml")) for part in PARTS}
        found["etcd"] = with_members(found["etcd"], read(self.path("etcd")))
        return found

    @staticmethod
    def path(part: str) -> str:
        """Where a component's manifest is."""
        return os.path.join(FOLDER, f"{part}.yaml")

    def expiring(self) -> dict[str, int]:
        """Certificate -> days that it has left, of those that are to be renewed."""
        said = json.loads(self.kubeadm("certs", "check-expiration", "-o", "json"))
        # Only the first master has a super-admin.conf.
        own = [each for each in said["certificates"] if not (each.get("externallyManaged") or each.get("missing"))]
        left = {each["name"]: int(each.get("residualTime", 0)) // DAY for each in own}
        return {name: days for name, days in left.items() if days < self.params["renew_days"]}

    def missing_names(self) -> list[str]:
        """The wanted names of the API server that its certificate does not have."""
        words = ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", f"{SERVER_CERTIFICATE}.crt"]
        out = self.module.run_command(words)[1]
        has = {each.strip().split(":", 1)[1] for each in out.splitlines()[-1].split(",") if ":" in each} if out else set()
        return [name for name in self.params["names"] if name not in has]

    def run(self) -> dict[str, Any]:
        """Bring the master to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: kubeadm refuses, or a component does not come back.
        """
        expiring, names = self.expiring(), self.missing_names()
        restart = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()) if expiring else ""
        wanted = self.wanted(restart)
        present = {part: read(self.path(part)) for part in PARTS}
        changed = [part for part in PARTS if wanted[part] != present[part]]
        result: dict[str, Any] = {"changed": bool(changed or expiring or names), "components": changed, "renewed": sorted(expiring)}
        diff = [{"before": present[part], "after": wanted[part], **headers(self.path(part))} for part in changed]
        if expiring:
            before = "".join(f"{name}: {days} days\n" for name, days in sorted(expiring.items()))
            diff.append({"before": before, "after": "renewed\n", **headers("certificates")})
        if names:
            diff.append({"before": "", "after": "".join(f"{name}\n" for name in names), **headers(f"{SERVER_CERTIFICATE}.crt")})
        if not self.module.check_mode:
            self.apply(wanted, changed, expiring, restart, names)
        return {**result, "diff": diff}

    def apply(self, wanted: dict[str, str], changed: list[str], expiring: dict[str, int], restart: str, names: list[str]) -> None:
        """Renew, name, write and wait."""
        if expiring:
            self.kubeadm("certs", "renew", "all")
            for name, text in restart_patches(restart).items():
                write(os.path.join(PATCHES, name), text)
        if names:
            self.name_again()
        if changed or names:
            self.kubeadm("init", "phase", "upload-config", "kubeadm", "--kubeconfig", ADMIN)
        for group in (("etcd",), ("kube-apiserver",), ("kube-controller-manager", "kube-scheduler")):
            self.replace({part: wanted[part] for part in group if part in changed})

    def name_again(self) -> None:
        """Make the API server's certificate anew; it reads it by itself."""
        ends = (".crt", ".key")
        for end in ends:
            os.replace(SERVER_CERTIFICATE + end, SERVER_CERTIFICATE + end + ".old")
        try:
            self.kubeadm("init", "phase", "certs", "apiserver")
        except RefusedError:
            for end in ends:
                os.replace(SERVER_CERTIFICATE + end + ".old", SERVER_CERTIFICATE + end)
            raise

    def replace(self, manifests: dict[str, str]) -> None:
        """Write manifests and wait until the kubelet runs them; put the old one back of any that does not come up."""
        before = {part: (self.hash(part), read(self.path(part))) for part in manifests}
        for part, text in manifests.items():
            write(self.path(part), text)
        waiting = set(manifests)
        end = time.monotonic() + self.params["timeout"]
        while waiting and time.monotonic() < end:
            time.sleep(1)
            waiting -= {part for part in waiting if self.hash(part) not in {"", before[part][0]} and self.is_ready(part)}
        for part in sorted(waiting):
            old = before[part][1]
            if old:
                write(self.path(part), old)
            back = "its former manifest is back" if old else "it had none before"
            raise RefusedError(
                f"{part} did not become ready with its new manifest within {self.params['timeout']} s; {back}. "
                f"See /var/log/pods/kube-system_{part}-{self.params['node']}_*/ on the host"
            )

    def hash(self, part: str) -> str:
        """Which manifest the running pod was made from; empty while nobody answers."""
        where = "jsonpath={.metadata.annotations.kubernetes\\.io/config\\.hash}"
        code, out = self.kubectl("-n", "kube-system", "get", "pod", f"{part}-{self.params['node']}", "-o", where)
        return "" if code else out

    def is_ready(self, part: str) -> bool:
        """Whether the component's pod is ready."""
        where = "jsonpath={.status.conditions[?(@.type=='Ready')].status}"
        return self.kubectl("-n", "kube-system", "get", "pod", f"{part}-{self.params['node']}", "-o", where) == (0, "True")


def restart_patches(word: str) -> dict[str, str]:
    """Patches that restart the components which read their certificates only when they start."""
    patch = json.dumps([{"op": "add", "path": "/metadata/annotations/infra-kit.dev~1certificates", "value": word}])
    return {
        "kube-apiserver1+json.json": patch,
        **{
            f"{part}1+json.json": json.dumps(
                [{"op": "add", "path": "/metadata/annotations", "value": {"infra-kit.dev/certificates": word}}]
            )
            for part in ("kube-controller-manager", "kube-scheduler")
        },
    }


def with_members(wanted: str, present: str) -> str:
    """The manifest of etcd with the members that were there when this one joined: kubeadm makes that of a first one."""
    lines = MEMBERS.findall(present)
    if not lines:
        return wanted
    place = MEMBERS.search(wanted)
    rest = MEMBERS.sub("", wanted)
    return rest if place is None else rest[: place.start()] + "".join(lines) + rest[place.start() :]


def headers(path: str) -> dict[str, str]:
    """The heads of a diff."""
    return {"before_header": path, "after_header": path}


def read(path: str) -> str:
    """A file's text; empty where there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def write(path: str, text: str) -> None:
    """Put a file in place by one rename, readable to root alone. The kubelet ignores names that begin with a dot."""
    staged = os.path.join(os.path.dirname(path), "." + os.path.basename(path))
    with open(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(staged, path)


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Master(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
