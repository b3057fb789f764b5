#!/usr/bin/python
"""The module `accounts`: local groups and users. What it takes and gives is in accounts.yml."""

from __future__ import annotations

import grp
import json
import os
import pwd
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule


def option(kind: str, default: Any = None, **more: Any) -> dict[str, Any]:
    """An entry of the argument specification."""
    return {"type": kind, "default": default, **more}


NAME = {"type": "str", "required": True}
NUMBER = {"type": "int", "required": True}
USER = {"name": NAME, "uid": NUMBER, "groups": option("list", [], elements="str"), "shell": option("path", "/bin/bash")}
SPEC = {
    "groups": option("list", [], elements="dict", options={"name": NAME, "gid": NUMBER}),
    "users": option("list", [], elements="dict", options=USER),
    "record": option("path", "/var/lib/infra-kit/accounts.json"),
}
EXPIRED = "1"  # day 1 of 1970, as usermod(8) and shadow(5) count


class RefusedError(Exception):
    """What cannot be done, in the words for whoever reads the task's result."""


class Accounts:
    """Compares and changes local groups and users.

    Args:
        module: the running module, whose parameters say what is wanted.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.groups: list[dict[str, Any]] = module.params["groups"]
        self.users: list[dict[str, Any]] = module.params["users"]
        # The files' own entries: a directory's users are not ours to change.
        self.present_groups = dict(_table("/etc/group"))
        self.present_users = dict(_table("/etc/passwd"))
        self.expiry = {name: fields[6] for name, fields in _table("/etc/shadow")}

    def run(self) -> dict[str, Any]:
        """Bring the host's accounts to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: a number is another's, or a command fails.
        """
        commands = [*self.group_commands(), *(command for user in self.users for command in self.user_commands(user)), *self.shut()]
        if not self.module.check_mode:
            for command in commands:
                code, out, err = self.module.run_command(command)
                if code:
                    raise RefusedError(f"`{shlex.join(command)}` failed: {(err or out).strip()}")
            self.remember()
        said = [shlex.join(command) for command in commands]
        result: dict[str, Any] = {"changed": bool(commands), "commands": said}
        if self.module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
            result["diff"] = [
                {"before": "", "after": "".join(f"{line}\n" for line in said), "before_header": "accounts", "after_header": "accounts"}
            ]
        return result

    def group_commands(self) -> list[list[str]]:
        """What makes the groups what they are to be."""
        commands = []
        for group in self.groups:
            present = self.present_groups.get(group["name"])
            if present is None:
                self.refuse_number(_owner(grp.getgrgid, group["gid"]), group["name"], group["gid"])
                commands.append(["groupadd", "--gid", str(group["gid"]), group["name"]])
            elif present[1] != str(group["gid"]):
                commands.append(["groupmod", "--gid", str(group["gid"]), group["name"]])
        return commands

    def user_commands(self, user: dict[str, Any]) -> list[list[str]]:
        """What makes one user what it is to be."""
        name, number, shell = user["name"], str(user["uid"]), user["shell"]
        present = self.present_users.get(name)
        groups = sorted(user["groups"])
        if present is None:
            self.refuse_number(_owner(pwd.getpwuid, user["uid"]), name, user["uid"])
            own = ["--gid", name] if name in self.present_groups else ["--user-group"]
            return [["useradd", "--create-home", "--uid", number, *own, "--shell", shell, "--groups", ",".join(groups), name]]
        if present[1] != number:
            raise RefusedError(
                f"user {name} has the number {present[1]} on the host, not {number}: its files would be nobody's; change one by hand"
            )
        changes = ["--shell", shell] if present[5] != shell else []
        ours = {group["name"] for group in self.groups} | set(groups)
        is_in = {group for group, fields in self.present_groups.items() if name in fields[2].split(",")}
        if is_in & ours != set(groups):
            changes += ["--groups", ",".join(sorted((is_in - ours) | set(groups)))]
        if self.expiry.get(name) == EXPIRED:
            changes += ["--expiredate", ""]
        return [["usermod", *changes, name]] if changes else []

    def shut(self) -> list[list[str]]:
        """What shuts the users that this module made and nobody names any longer."""
        gone = set(self.remembered()) - {user["name"] for user in self.users}
        is_open = (name for name in sorted(gone) if name in self.present_users and self.expiry.get(name) != EXPIRED)
        return [["usermod", "--lock", "--expiredate", EXPIRED, name] for name in is_open]

    @staticmethod
    def refuse_number(owner: str, name: str, number: int) -> None:
        """Raise where the number belongs to another."""
        if owner:
            raise RefusedError(f"{name} is to have the number {number}, which {owner} has on this host")

    def remembered(self) -> list[str]:
        """The users that this module made."""
        try:
            with open(self.module.params["record"], encoding="utf-8") as file:
                return list(json.load(file))
        except (OSError, ValueError):
            return []

    def remember(self) -> None:
        """Note the users on the host."""
        names = sorted({*self.remembered(), *(user["name"] for user in self.users)})
        if names == self.remembered():
            return
        record = self.module.params["record"]
        os.makedirs(os.path.dirname(record), exist_ok=True)
        with open(f"{record}.new", "w", encoding="utf-8") as file:
            json.dump(names, file)
        os.replace(f"{record}.new", record)


def _table(path: str) -> list[tuple[str, list[str]]]:
    """Name and further fields of each line of an account file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            rows = [line.rstrip("\n").split(":") for line in file]
    except OSError:
        return []
    return [(row[0], row[1:]) for row in rows if len(row) > 3]  # noqa: PLR2004 -- an entry has at least four


def _owner(lookup: Any, number: int) -> str:
    try:
        return str(lookup(number)[0])
    except KeyError:
        return ""


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Accounts(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
