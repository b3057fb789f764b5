#!/usr/bin/python
"""The module `disks`: data disks formatted and mounted, without ever losing data. What it takes and gives is in disks.yml."""

from __future__ import annotations

import json
import os
import shlex
from typing import Any

from ansible.module_utils.basic import AnsibleModule

MOUNT = {
    "mount": {"type": "path", "required": True},
    "size_gb": {"type": "float"},
    "rotational": {"type": "bool"},
    "path": {"type": "str"},
    "serial": {"type": "str"},
}
SPEC = {
    "mounts": {"type": "list", "elements": "dict", "required": True, "options": MOUNT},
    "filesystem": {"type": "str", "choices": ["xfs", "ext4"], "default": "xfs"},
    "options": {"type": "str", "default": "defaults,noatime,nofail"},
    "allow_wipe": {"type": "bool", "default": False},
    "hint": {"type": "str", "default": ""},
}
COLUMNS = "NAME,PATH,TYPE,SIZE,ROTA,RO,SERIAL,FSTYPE,LABEL,UUID,PTTYPE,MOUNTPOINT"
# A maker's gigabytes and the sectors that the kernel counts differ by less, and the next size on sale is further away.
TOLERANCE = 0.03
LABEL_LENGTH = 12  # of xfs, mkfs.xfs(8); ext4 takes 16
FSTAB = "/etc/fstab"


class RefusedError(Exception):
    """What cannot be done, in the words for whoever reads the task's result."""


class Disk:
    """One disk as lsblk shows it.

    Args:
        node: its entry of lsblk's JSON, with `children`.
    """

    def __init__(self, node: dict[str, Any]) -> None:
        self.node = node
        self.path: str = node["path"]
        self.parts: list[dict[str, Any]] = list(_descendants(node))

    def labelled(self, label: str) -> dict[str, Any] | None:
        """The disk itself or its part whose file system bears the label."""
        return next((part for part in [self.node, *self.parts] if part.get("label") == label), None)

    @property
    def in_use(self) -> bool:
        """Whether something of it is mounted, or a volume group, array or mapping is built on it."""
        kinds = {part["type"] for part in self.parts}
        return any(part.get("mountpoint") for part in [self.node, *self.parts]) or bool(kinds - {"part"})

    def fits(self, wanted: dict[str, Any]) -> bool:
        """Whether it is of the wanted size and kind, or the one that is named."""
        if wanted["path"]:
            return os.path.realpath(wanted["path"]) == self.path
        # A container sees the disks of the machine it runs on, but has no device for them.
        if self.node["type"] != "disk" or self.node["ro"] or not os.path.exists(self.path):
            return False
        if wanted["serial"]:
            return self.node.get("serial") == wanted["serial"]
        size = (wanted["size_gb"] or 0) * 1e9
        same_kind = wanted["rotational"] is None or bool(self.node["rota"]) == wanted["rotational"]
        return same_kind and abs(int(self.node["size"]) - size) <= TOLERANCE * size

    def __str__(self) -> str:
        serial = f", serial {self.node['serial']}" if self.node.get("serial") else ""
        return f"{self.path} ({int(self.node['size']) / 1e9:.0f} GB{serial})"


class Disks:
    """Compares and changes the host's data disks.

    Args:
        module: the running module, whose parameters say what is wanted.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        self.filesystem: str = module.params["filesystem"]
        self.disks = self.look()
        self.commands: list[str] = []
        self.fstab: list[tuple[str, str]] = []

    def look(self) -> list[Disk]:
        """The host's disks, those named by path among them."""
        named = [wanted["path"] for wanted in self.module.params["mounts"] if wanted["path"]]
        command = ["lsblk", "--json", "--bytes", "--output", COLUMNS]
        nodes = json.loads(self.output(command))["blockdevices"]
        present = {node["path"] for node in nodes}
        missing = [path for path in named if os.path.realpath(path) not in present and os.path.exists(path)]
        for path in missing:
            nodes += json.loads(self.output([*command, path]))["blockdevices"]
        return [Disk(self.probed(node)) for node in nodes]

    def probed(self, node: dict[str, Any]) -> dict[str, Any]:
        """The entry with what is on the device itself: where no udev runs, lsblk does not know it."""
        for part in [node, *_descendants(node)]:
            if not part.get("fstype") and os.path.exists(part["path"]) and part["type"] in {"disk", "part", "loop"}:
                _, out, _ = self.module.run_command(["blkid", "--probe", "--output", "export", part["path"]])
                found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line)
                part.update(fstype=found.get("TYPE"), label=found.get("LABEL"), uuid=found.get("UUID"))
        return node

    def output(self, command: list[str]) -> str:
        """What a command that only reads prints."""
        code, out, err = self.module.run_command(command)
        if code:
            raise RefusedError(f"`{shlex.join(command)}` failed: {err.strip()}")
        return str(out)

    def do(self, *command: str) -> None:
        """Run a command that changes something; in check mode only note it."""
        self.commands.append(shlex.join(command))
        if not self.module.check_mode:
            code, out, err = self.module.run_command(list(command))
            if code:
                raise RefusedError(f"`{shlex.join(command)}` failed: {(err or out).strip()}")

    def run(self) -> dict[str, Any]:
        """Bring the host to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: disks are missing, or hold data; nothing was changed then.
        """
        before = _read(FSTAB)
        pairs = self.assign()
        for wanted, disk in pairs:
            part = disk.labelled(_label(wanted["mount"]))
            uuid = part["uuid"] if part else self.format(disk, _label(wanted["mount"]))
            self.fstab.append((wanted["mount"], f"UUID={uuid} {wanted['mount']} {self.filesystem} {self.module.params['options']} 0 0"))
        after = self.fstab_text(before)
        self.write_fstab(before, after)
        for wanted, _ in pairs:
            self.mount(wanted["mount"])
        result: dict[str, Any] = {"changed": bool(self.commands), "commands": self.commands}
        if self.module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
            said = "".join(f"{command}\n" for command in self.commands)
            result["diff"] = [
                {"before": before, "after": after, "before_header": FSTAB, "after_header": FSTAB},
                {"before": "", "after": said, "before_header": "commands", "after_header": "commands"},
            ]
        return result

    def assign(self) -> list[tuple[dict[str, Any], Disk]]:
        """Each mount and its disk: the one that bears its label, else an empty one that fits.

        Raises:
            RefusedError: there are not enough, or those that there are hold data.
        """
        wanted_mounts = self.module.params["mounts"]
        labels = {wanted["mount"]: _label(wanted["mount"]) for wanted in wanted_mounts}
        taken: dict[str, Disk] = {}
        for mount, label in labels.items():
            bearers = [disk for disk in self.disks if disk.labelled(label)]
            if len(bearers) > 1:
                raise RefusedError(f"{mount}: {' and '.join(map(str, bearers))} both bear the label {label}; take one of them out")
            if bearers:
                self.refuse_other_filesystem(mount, bearers[0], label)
                taken[mount] = bearers[0]
        # A disk that bears another mount's label is that mount's, though this run does not ask for it.
        problems: list[str] = []
        for wanted in wanted_mounts:
            if wanted["mount"] not in taken:
                chosen = self.choose(wanted, list(taken.values()), problems)
                if chosen:
                    taken[wanted["mount"]] = chosen
        if problems:
            raise RefusedError("; ".join(dict.fromkeys(problems)) + "; nothing was changed")
        return [(wanted, taken[wanted["mount"]]) for wanted in wanted_mounts]

    def refuse_other_filesystem(self, mount: str, disk: Disk, label: str) -> None:
        """Raise where the labelled file system is of another kind than wanted: only a new one would change that."""
        part = disk.labelled(label) or {}
        if part.get("fstype") != self.filesystem:
            raise RefusedError(
                f"{mount}: {disk} has it as {part.get('fstype')}, not {self.filesystem}; save its data and `wipefs --all` it by hand,"
                " or leave `operating_system.filesystem` as it is; nothing was changed"
            )

    def choose(self, wanted: dict[str, Any], taken: list[Disk], problems: list[str]) -> Disk | None:
        """A disk for a mount that has none yet; or None, and what is wrong in `problems`."""
        fitting = [disk for disk in self.disks if disk.fits(wanted) and disk not in taken and not disk.in_use]
        empty = [disk for disk in fitting if not self.holds(disk)]
        allowed = fitting if self.module.params["allow_wipe"] else []
        chosen = next(iter([*empty, *allowed]), None)
        if chosen is None and fitting:
            found = "; ".join(f"{disk} holds {self.holds(disk)}" for disk in fitting)
            problems.append(f"{wanted['mount']}: every disk that fits holds data: {found}. {self.module.params['hint']}".rstrip(". "))
        elif chosen is None:
            asked = wanted["path"] or wanted["serial"] or f"{wanted['size_gb']:g} GB"
            have = ", ".join(f"{disk}{' in use' if disk.in_use else ''}" for disk in self.disks if disk.node["type"] == "disk") or "none"
            problems.append(f"{wanted['mount']}: no free disk of {asked} on this host, which has: {have}")
        return chosen

    def holds(self, disk: Disk) -> str:
        """What is on a disk, in words; empty where nothing is."""
        listed = self.output(["wipefs", "--no-act", "--noheadings", "--output", "TYPE,LABEL", disk.path])
        signatures = sorted({" ".join(line.split()) for line in listed.splitlines()})
        parts = [f"{part['path']} {part.get('fstype') or 'without a file system'} {part.get('label') or ''}".strip() for part in disk.parts]
        return ", ".join([*signatures, *parts])

    def format(self, disk: Disk, label: str) -> str:
        """Partition, format and label a disk; the file system's UUID."""
        if self.holds(disk):
            for part in [*reversed(disk.parts), disk.node]:
                self.do("wipefs", "--all", part["path"])
        device = disk.path
        if disk.node["type"] == "disk":
            self.do("parted", "--script", "--align", "optimal", disk.path, "mklabel", "gpt", "mkpart", label, "0%", "100%")
            self.do("udevadm", "settle")
            device = self.partition_of(disk)
        self.do(f"mkfs.{self.filesystem}", "-q", "-L", label, *(["-m", "0"] if self.filesystem == "ext4" else []), device)
        if self.module.check_mode:
            return "(new)"
        return self.output(["blkid", "--probe", "--match-tag", "UUID", "--output", "value", device]).strip()

    def partition_of(self, disk: Disk) -> str:
        """The path of a disk's one partition."""
        if self.module.check_mode:
            return f"{disk.path}{'p' if disk.path[-1].isdigit() else ''}1"
        node = json.loads(self.output(["lsblk", "--json", "--output", COLUMNS, disk.path]))["blockdevices"][0]
        return str(node["children"][0]["path"])

    def fstab_text(self, before: str) -> str:
        """The table of mounts with ours in it; other lines stay as they are."""
        ours = dict(self.fstab)
        lines = [ours.pop(line.split()[1]) if _is_of(line, ours) else line for line in before.splitlines()]
        return "".join(f"{line}\n" for line in [*lines, *ours.values()])

    def write_fstab(self, before: str, after: str) -> None:
        """Write the table of mounts where it differs."""
        if after == before:
            return
        self.commands.append(f"write {FSTAB}")
        if not self.module.check_mode:
            staged = f"{FSTAB}.infra-kit-staged"
            with open(staged, "w", encoding="utf-8") as file:
                file.write(after)
            os.replace(staged, FSTAB)
            self.module.run_command(["systemctl", "daemon-reload"])

    def mount(self, mount: str) -> None:
        """Mount where it is not mounted, and again where an option is missing."""
        present = next((line.split() for line in _read("/proc/mounts").splitlines() if line.split()[1] == mount), None)
        if present is None:
            if not os.path.isdir(mount):
                self.do("mkdir", "--parents", mount)
                # While its disk is not there nobody is to fill the system's own disk through it. Not every file system can.
                self.module.run_command(["true"] if self.module.check_mode else ["chattr", "+i", mount])
            self.do("mount", mount)
        elif "noatime" in self.module.params["options"] and "noatime" not in present[3].split(","):
            self.do("mount", "--options", "remount,noatime", mount)


def _descendants(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for child in node.get("children", []) for each in (child, *_descendants(child))]


def _label(mount: str) -> str:
    return mount.strip("/").replace("/", "-")[-LABEL_LENGTH:]


def _is_of(line: str, mounts: dict[str, str]) -> bool:
    words = line.split()
    return len(words) > 1 and not line.startswith("#") and words[1] in mounts


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Disks(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
