#!/usr/bin/python
"""The module `packages`: have packages installed, and others not. What it takes and gives is in packages.yml."""

from __future__ import annotations

import fnmatch
import os
import shutil
from typing import Any

from ansible.module_utils.basic import AnsibleModule

SPEC = {
    "names": {"type": "list", "elements": "str", "default": []},
    "absent": {"type": "list", "elements": "str", "default": []},
}
STALE_LISTS = ("Unable to locate package", "has no installation candidate", "404  Not Found", "was not found", "Unable to find a match")
UNREACHABLE = (
    "Unable to connect",
    "Could not connect",
    "Temporary failure resolving",
    "Could not resolve",
    "Connection failed",
    "Curl error",
)
INTERRUPTED = "dpkg was interrupted"
LINES_OF_REASON = 6


class RefusedError(Exception):
    """What cannot be done, in the words for whoever reads the task's result."""


class Apt:
    """Debian's package manager."""

    QUERY = ("dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package} ${Version}\n")
    # The mirror is near: one that does not answer within this many seconds is gone.
    OPTIONS = ("-q", "-y", "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "DPkg::Lock::Timeout=120")
    REFRESH = (
        "apt-get",
        "update",
        "-q",
        "-o",
        "APT::Update::Error-Mode=any",
        "-o",
        "Acquire::Retries=1",
        "-o",
        "Acquire::http::Timeout=20",
    )
    INSTALL = (
        "apt-get",
        "install",
        "--no-install-recommends",
        "--allow-downgrades",
        "--allow-change-held-packages",
        "-o",
        "Dpkg::Options::=--force-confold",
        *OPTIONS,
    )
    REMOVE = ("apt-get", "remove", *OPTIONS)
    MEND = ("dpkg", "--configure", "-a", "--force-confold")
    PIN = "="


class Dnf:
    """The package manager of the RHEL family."""

    QUERY = ("rpm", "--query", "--all", "--queryformat", "installed %{NAME} %{VERSION}-%{RELEASE}\n")
    REFRESH = ("dnf", "makecache", "-q")
    INSTALL = ("dnf", "install", "-y", "-q", "--setopt=install_weak_deps=False")
    REMOVE = ("dnf", "remove", "-y", "-q")
    MEND = ("true",)
    PIN = "-"


class Packages:
    """Compares and changes the host's packages.

    Args:
        module: the running module, whose parameters say what is wanted.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        # Both can be on one host; the family's own database is the one that has a manager beside it.
        self.manager: Any = Apt if shutil.which("apt-get") and os.path.isdir("/var/lib/dpkg") else Dnf
        self.environment = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1", "LC_ALL": "C"}

    def run(self) -> dict[str, Any]:
        """Bring the host to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: the package manager says no.
        """
        installed = self.installed()
        missing = [name for name in dict.fromkeys(self.module.params["names"]) if not self.satisfied(name, installed)]
        removed = [name for name in dict.fromkeys(self.module.params["absent"]) if name in installed]
        if not self.module.check_mode:
            if missing:
                self.install(missing)
            if removed:
                self.change([*self.manager.REMOVE, *removed])
        result = {"changed": bool(missing or removed), "missing": missing, "removed": removed}
        if self.module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
            named = [name.partition("=")[0] for name in [*missing, *removed]]
            before = "".join(f"{name} {installed[name]}\n" for name in sorted(named) if name in installed)
            after = "".join(f"{name.replace('=', ' ')}\n" for name in sorted(missing))
            result["diff"] = [{"before": before, "after": after, "before_header": "packages", "after_header": "packages"}]
        return result

    def installed(self) -> dict[str, str]:
        """Package -> version, of all that are installed."""
        _, out, _ = self.module.run_command(list(self.manager.QUERY))
        fields = (line.split() for line in out.splitlines())
        return {name: version for status, name, version in (field for field in fields if len(field) == 3) if status == "installed"}  # noqa: PLR2004

    @staticmethod
    def satisfied(wanted: str, installed: dict[str, str]) -> bool:
        """Whether a package is there, in the version that `wanted` pins if it pins one."""
        name, _, version = wanted.partition("=")
        return name in installed and (not version or fnmatch.fnmatchcase(installed[name], version))

    def install(self, names: list[str]) -> None:
        """Install; with the mirror's present lists where those on the host do not have it."""
        command = [*self.manager.INSTALL, *(name.replace("=", self.manager.PIN) for name in names)]
        code, said = self.execute(command)
        if code and INTERRUPTED in said:
            self.execute(list(self.manager.MEND))
            code, said = self.execute(command)
        if code and any(words in said for words in STALE_LISTS):
            self.change(list(self.manager.REFRESH))
            code, said = self.execute(command)
        if code:
            self.refuse(command, said)

    def change(self, command: list[str]) -> None:
        """Run a command of the package manager.

        Raises:
            RefusedError: it failed.
        """
        code, said = self.execute(command)
        if code:
            self.refuse(command, said)

    def execute(self, command: list[str]) -> tuple[int, str]:
        """Run a command in C's words; its exit code and what it said."""
        code, out, err = self.module.run_command(command, environ_update=self.environment)
        return code, f"{out}\n{err}"

    def refuse(self, command: list[str], said: str) -> None:
        """Raise with the lines that give the reason."""
        lines = [
            line for line in said.splitlines() if line.startswith(("E:", "Err:", "W:", "Error", "error:"))
        ] or said.strip().splitlines()
        gone = any(words in said for words in UNREACHABLE)
        remedy = " The package mirror cannot be reached from this host: see `operating_system.mirror` and the way there." if gone else ""
        raise RefusedError(f"`{' '.join(command[:2])}` failed: {'; '.join(lines[-LINES_OF_REASON:])}.{remedy}")


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Packages(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
