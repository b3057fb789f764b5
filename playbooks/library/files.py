#!/usr/bin/python
"""The module `files`: a role's whole configuration, written in one call to the host. What it takes and gives is in files.yml."""

from __future__ import annotations

import errno
import glob
import grp
import hashlib
import os
import pwd
import shlex
import shutil
import stat
import tempfile
from typing import Any

from ansible.module_utils.basic import AnsibleModule

UNIT_FOLDERS = ("/etc/systemd/system/", "/run/systemd/system/", "/usr/local/lib/systemd/system/")
RELOAD_UNITS = "systemctl daemon-reload"
NO_SUCH_UNIT = 5  # systemctl's exit code, systemd.exec(5): a unit that is not there yet starts with its new configuration anyway
STAGED = ".infra-kit-staged"  # no drop-in folder reads a name that ends so


def option(kind: str, default: Any = None, **more: Any) -> dict[str, Any]:
    """An entry of the argument specification."""
    return {"type": kind, "default": default, **more}


PATH = {"type": "path", "required": True}
ATTRIBUTES = {"owner": option("str", "root"), "group": option("str", "root")}
FILE = {
    "path": PATH,
    **{name: option("str") for name in ("template", "content", "link", "validate")},
    "vars": option("dict", {}),
    "mode": option("str", "0644"),
    "secret": option("bool", default=False, no_log=False),
    **{name: option("bool", default=True) for name in ("present", "when")},
    "then": option("list", [], elements="str"),
    **ATTRIBUTES,
}
SPEC = {
    "files": option("list", [], elements="dict", options=FILE),
    "directories": option("list", [], elements="dict", options={"path": PATH, "mode": option("str", "0755"), **ATTRIBUTES}),
    **{name: option("list", [], elements="str") for name in ("absent", "keep", "absent_then")},
    "kernel": option("dict", {}),
    "pending": option("path", "/var/lib/infra-kit/pending"),
}


class RefusedError(Exception):
    """What cannot be done."""


class QuietModule(AnsibleModule):
    """A module whose arguments, the files' contents among them, do not go to the host's journal."""

    def _log_invocation(self) -> None:
        self.log(f"Invoked with {len(self.params['files'])} files")


class Present:
    """What is at a path now: nothing, a link, a file or a directory."""

    def __init__(self, path: str) -> None:
        try:
            status = os.lstat(path)
        except (FileNotFoundError, NotADirectoryError):
            self.kind, self.content, self.attributes = "nothing", b"", None
            return
        self.kind, self.content = "file", b""
        self.attributes = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        if stat.S_ISLNK(status.st_mode):
            self.kind, self.content = "link", os.fsencode(os.readlink(path))
        elif stat.S_ISDIR(status.st_mode):
            self.kind = "directory"
        else:
            with open(path, "rb") as file:
                self.content = file.read()


class Change:
    """One path that is not as it should be."""

    def __init__(self, path: str, wanted: str, present: Present, entry: dict[str, Any], attributes: tuple[Any, ...] | None = None) -> None:
        self.path = path
        self.wanted = wanted  # file, link, directory, value, nothing
        self.present = present
        self.entry = entry
        self.attributes = attributes
        self.staged = ""

    @property
    def content(self) -> bytes:
        """What the file or link is to hold."""
        key = {"file": "content", "value": "content", "link": "link"}.get(self.wanted)
        return (self.entry[key] or "").encode() if key else b""

    def diff(self) -> dict[str, str]:
        """What changes, as one entry of the result's `diff`."""
        before, after = _described(self.present.kind, self.present.content), _described(self.wanted, self.content)
        if self.entry.get("secret") and self.present.content != self.content:
            before, after = (text and f"({which} content, not shown)\n" for text, which in ((before, "present"), (after, "new")))
        elif self.entry.get("secret"):
            before = after = ""
        if self.attributes and self.present.attributes and self.present.attributes != self.attributes and self.wanted != "nothing":
            before, after = _attributes_text(self.present.attributes) + before, _attributes_text(self.attributes) + after
        return {"before": before, "after": after, "before_header": self.path, "after_header": self.path}


def _described(kind: str, content: bytes) -> str:
    if kind in {"file", "value"}:
        try:
            return content.decode() or "(empty)\n"
        except UnicodeDecodeError:
            return f"(binary, {len(content)} bytes)\n"
    return {"nothing": "", "directory": "(directory)\n"}.get(kind, f"-> {os.fsdecode(content)}\n")


def _attributes_text(attributes: tuple[Any, ...]) -> str:
    mode, owner, group = attributes
    return f"# mode {mode:04o}, owner {owner}, group {group}\n"


class Writer:
    """Compares, stages, writes what the running module's parameters say."""

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.check: bool = module.check_mode

    def run(self) -> dict[str, Any]:
        """Bring the host to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: a validator, a command or the file system says no.
        """
        changes = self.compare()
        self.validate_and_stage(changes)
        commands = self.commands(changes)
        if not self.check:
            self.remember(commands)
            for change in changes:
                self.write(change)
            for command in commands:
                self.execute(command)
        result = {"changed": bool(changes or commands), "changed_paths": [change.path for change in changes], "ran": commands}
        if self.module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
            result["diff"] = [change.diff() for change in changes] + [
                {"before": "", "after": f"{command}\n", "before_header": "commands", "after_header": "commands"} for command in commands
            ]
        return result

    def compare(self) -> list[Change]:
        """Every path that is not as it should be, directories first."""
        params = self.module.params
        changes = []
        for entry in sorted(params["directories"], key=lambda entry: entry["path"]):
            present, wanted = Present(entry["path"]), self.wanted_attributes(entry)
            if present.kind != "directory" or present.attributes != wanted:
                changes.append(Change(entry["path"], "directory", present, entry, wanted))
        for entry in params["files"]:
            changes.extend(self.compare_file(entry))
        kept = {entry["path"] for entry in params["files"]}.union(*(glob.glob(pattern) for pattern in params["keep"]))
        found = {path for pattern in params["absent"] for path in glob.glob(pattern)}
        changes.extend(self.removal(path) for path in sorted(found - kept))
        for path, value in params["kernel"].items():
            changes.extend(self.compare_kernel(path, str(value)))
        for change in changes:
            if (change.present.kind == "directory") != (change.wanted == "directory") and change.present.kind != "nothing":
                raise RefusedError(f"{change.path} is a {change.present.kind} on the host, not what is to be there; move it away by hand")
        return changes

    def compare_file(self, entry: dict[str, Any]) -> list[Change]:
        """The change of one entry of `files`, if there is one."""
        present = Present(entry["path"])
        if not entry["present"]:
            return [] if present.kind == "nothing" else [Change(entry["path"], "nothing", present, entry)]
        if entry["link"] is not None:
            change = Change(entry["path"], "link", present, entry)
            return [] if (present.kind, present.content) == ("link", change.content) else [change]
        change = Change(entry["path"], "file", present, entry, self.wanted_attributes(entry))
        return [] if (present.kind, present.content, present.attributes) == ("file", change.content, change.attributes) else [change]

    def removal(self, path: str) -> Change:
        """The change that removes what `absent` found. What not everybody may read there is not shown either."""
        present = Present(path)
        hidden = present.kind == "file" and not present.attributes[0] & stat.S_IROTH
        return Change(path, "nothing", present, {"path": path, "then": self.module.params["absent_then"], "secret": hidden})

    def compare_kernel(self, path: str, value: str) -> list[Change]:
        """The change of one value that the kernel shows as a file; of a choice such as `always [never]` the bracketed word counts."""
        if not os.path.exists(path):
            self.module.warn(f"this kernel has no {path}")
            return []
        present = Present(path)
        text = present.content.decode(errors="replace")
        chosen = [word[1:-1] for word in text.split() if word.startswith("[")]
        if (chosen or text.split()) == value.split():
            return []
        present.content = f"{' '.join(chosen or text.split())}\n".encode()
        return [Change(path, "value", present, {"path": path, "content": f"{value}\n"})]

    def wanted_attributes(self, entry: dict[str, Any]) -> tuple[Any, ...]:
        """Mode, user id and group id of an entry; in check mode the name where an earlier task has yet to make that user or group."""
        return int(entry["mode"], 8), self._number(entry["owner"], pwd.getpwnam, 2), self._number(entry["group"], grp.getgrnam, 2)

    def _number(self, name: str, lookup: Any, field: int) -> Any:
        if name.isdigit():
            return int(name)
        try:
            return lookup(name)[field]
        except KeyError:
            if self.check:
                return name
            raise RefusedError(f"there is no user or group {name} on the host") from None

    def validate_and_stage(self, changes: list[Change]) -> None:
        """Put every new content beside its place, and let its validator judge it, before anything changes."""
        try:
            for change in changes:
                if change.wanted == "directory" and not self.check:
                    os.makedirs(change.path, exist_ok=True)
                if change.wanted == "file" and (not self.check or change.entry["validate"]):
                    self.stage(change)
                    self.validate(change)
        except OSError as error:
            self.discard(changes)
            raise RefusedError(f"{error.filename or change.path} cannot be written: {error.strerror}; no file was changed") from None
        except RefusedError:
            self.discard(changes)
            raise
        if self.check:
            self.discard(changes)

    def stage(self, change: Change) -> None:
        """Write the content to a file beside its place, with its mode and owner."""
        folder, name = (self.module.tmpdir, "staged") if self.check else os.path.split(change.path)
        os.makedirs(folder, exist_ok=True)
        descriptor, change.staged = tempfile.mkstemp(prefix=f".{name}.", suffix=STAGED, dir=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(change.content)
            file.flush()
            os.fsync(descriptor)
            if not self.check and change.attributes:
                mode, owner, group = change.attributes
                os.fchown(descriptor, owner, group)
                os.fchmod(descriptor, mode)

    def validate(self, change: Change) -> None:
        """Let the entry's validator judge the staged file."""
        if not change.entry["validate"]:
            return
        command = [part.replace("%s", change.staged) for part in shlex.split(change.entry["validate"])]
        if self.check and not (shutil.which(command[0]) or os.path.exists(command[0])):
            return  # its package comes with this very run
        code, out, err = self.module.run_command(command)
        if code:
            said = "its words are not shown, for the file is secret" if change.entry["secret"] else (err or out).strip()
            said = said.replace(change.staged, change.path)
            raise RefusedError(f"{change.path} is refused by `{command[0]}`: {said}; no file was changed")

    @staticmethod
    def discard(changes: list[Change]) -> None:
        """Remove what was staged."""
        for change in changes:
            if change.staged and os.path.exists(change.staged):
                os.unlink(change.staged)

    def write(self, change: Change) -> None:
        """Make the change."""
        if change.wanted == "nothing":
            os.unlink(change.path)
        elif change.wanted == "value":
            with open(change.path, "wb") as file:
                file.write(change.content)
        elif change.wanted == "link":
            staged = change.path + STAGED
            os.makedirs(os.path.dirname(change.path), exist_ok=True)
            os.symlink(change.entry["link"], staged)
            os.replace(staged, change.path)
        elif change.wanted == "directory" and change.attributes:
            mode, owner, group = change.attributes
            os.chown(change.path, owner, group)
            os.chmod(change.path, mode)
        else:
            self.put_in_place(change)

    def put_in_place(self, change: Change) -> None:
        """Move the staged file over the old one."""
        self.module.set_context_if_different(change.staged, self.module.selinux_default_context(change.path), changed=False)
        try:
            os.replace(change.staged, change.path)
        except OSError as error:
            if error.errno != errno.EBUSY:
                raise
            # A container's /etc/hosts and the like are mounts of their own, which no rename replaces.
            shutil.copyfile(change.staged, change.path)
            os.unlink(change.staged)

    def commands(self, changes: list[Change]) -> list[str]:
        """What is to run: what the changed files ask for, and what an earlier run left undone; each once."""
        wanted = {command for change in changes for command in change.entry.get("then", [])}
        if any(change.path.startswith(UNIT_FOLDERS) for change in changes):
            wanted.add(RELOAD_UNITS)
        asked = [command for entry in self.module.params["files"] for command in entry["then"]]
        known = dict.fromkeys([RELOAD_UNITS, *asked, *self.module.params["absent_then"]])
        return [command for command in known if command in wanted or os.path.exists(self.marker(command))]

    def marker(self, command: str) -> str:
        """The file that says that the command has yet to succeed."""
        return os.path.join(self.module.params["pending"], hashlib.sha256(command.encode()).hexdigest()[:16])

    def remember(self, commands: list[str]) -> None:
        """Note the commands on the host before the files change."""
        if commands:
            os.makedirs(self.module.params["pending"], mode=0o755, exist_ok=True)
        for command in commands:
            with open(self.marker(command), "w", encoding="utf-8") as file:
                file.write(f"{command}\n")

    def execute(self, command: str) -> None:
        """Run one command, and forget it once it succeeded."""
        words = shlex.split(command)
        code, out, err = self.module.run_command(words)
        if code and not (words[0] == "systemctl" and code == NO_SUCH_UNIT):
            said = (err or out).strip()
            raise RefusedError(f"the files are written, but `{command}` failed (exit {code}): {said}; the next run tries it again")
        os.unlink(self.marker(command))


def main() -> None:
    """Run as an Ansible module."""
    module = QuietModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Writer(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal), invocation={})
    except OSError as error:
        module.fail_json(msg=f"{error.filename}: {error.strerror}", invocation={})
    module.exit_json(**result, invocation={})


if __name__ == "__main__":
    main()
