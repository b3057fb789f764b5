"""The command line of a machine, and its process."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.machines.agent import Agent
from infra_kit.lab.machines.channel import Channel
from infra_kit.lab.machines.specification import emulation
from infra_kit.with_parent import tied

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROGRAM = "/usr/bin/qemu-system-x86_64"
IMAGE_PROGRAM = "/usr/bin/qemu-img"
_MONITOR_S = 120.0  # saving a machine's memory takes seconds on a busy computer
_END_S = 10.0
_LAST_LINES = 8


@dataclass(frozen=True, slots=True)
class Kernel:
    """What a machine boots."""

    image: Path
    initial_ramdisk: Path


@dataclass(slots=True)
class Qemu:
    """One machine's process.

    Args:
        folder: its disks (`system.qcow2`, `data0.qcow2` ...), sockets and log.
        kernel: what it boots.
        memory_mib: what it has.
        cards: MAC of each network card that has a cable, and the descriptor of the datagram socket that it is.
    """

    folder: Path
    kernel: Kernel
    memory_mib: int
    cards: Sequence[tuple[str, int]] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def agent(self) -> Agent:
        """Its guest agent."""
        return Agent(self.folder / "agent")

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self, state: str = "") -> None:
        """Start it. It ends with the thread that calls this.

        Args:
            state: a saved state of its disks to go on from; empty: it boots.
        """
        for name in ("agent", "monitor"):
            (self.folder / name).unlink(missing_ok=True)
        command = [PROGRAM, *self._arguments(), *(("-loadvm", state) if state else ())]
        with (self.folder / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  QEMU, with the table's arguments
                tied(command, signal.SIGTERM),  # which it answers by writing to its disks what it holds of them
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[cable for _, cable in self.cards],
            )

    def require_alive(self) -> None:
        """See that it runs.

        Raises:
            LabError: it ended; with its last words.
        """
        if self.pid is None:
            words = (self.folder / "qemu.log").read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
            raise LabError("the machine ended by itself:\n" + "\n".join(f"  {line}" for line in words), where=str(self.folder))

    def save(self, state: str) -> None:
        """Keep memory and disks as they are now, in the disks.

        Raises:
            LabError: it cannot be kept.
        """
        if words := self._monitor("human-monitor-command", **{"command-line": f"savevm {state}"}):
            raise LabError(f"the machine's state cannot be kept: {words.strip()}", where=str(self.folder))

    def pause(self) -> None:
        """Freeze it: it answers nobody."""
        self._monitor("stop")

    def go_on(self) -> None:
        """Thaw it."""
        self._monitor("cont")

    def reset(self) -> None:
        """Press its reset button."""
        self._monitor("system_reset")

    def resize(self, disk: str, size: int) -> None:
        """Have a disk be of another size, in bytes, which the machine sees at once.

        Raises:
            LabError: QEMU refuses.
        """
        self._monitor("block_resize", device=disk, size=size)

    def end(self) -> None:
        """Pull its plug."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _monitor(self, command: str, **arguments: str | int) -> str:
        with Channel(self.folder / "monitor", _MONITOR_S) as channel:
            channel.read()  # its greeting
            channel.call("qmp_capabilities")
            return str(channel.call(command, **arguments) or "")

    def _arguments(self) -> list[str]:
        table = emulation()
        disks = ["system", *(f"data{number}" for number in range(table.data_disks))]
        found = [*table.qemu, "-m", str(self.memory_mib)]
        found += ["-kernel", str(self.kernel.image), "-initrd", str(self.kernel.initial_ramdisk), "-append", table.kernel]
        found += ["-serial", f"file:{self.folder / 'console.log'}", "-device", "virtio-serial"]
        for name in disks:
            # A lab's disk need not survive a power cut of the computer that it runs on.
            found += ["-drive", f"file={self.folder / name}.qcow2,format=qcow2,if=none,id={name},cache=unsafe,discard=unmap"]
            found += ["-device", f"virtio-blk-pci,drive={name},serial={name}"]
        for number in range(table.network_cards):
            # A card without a cable is a card all the same: the saved state has it.
            if number < len(self.cards):
                mac, cable = self.cards[number]
                found += ["-netdev", f"dgram,id=cable{number},local.type=fd,local.str={cable}"]
                found += ["-device", f"{table.network_card},mac={mac},netdev=cable{number}"]
            else:
                found += ["-device", f"{table.network_card},mac=02:00:00:00:00:{number:02x}"]
        found += ["-chardev", f"socket,path={self.folder / 'agent'},server=on,wait=off,id=agent"]
        found += ["-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"]
        return [*found, "-qmp", f"unix:{self.folder / 'monitor'},server=on,wait=off"]
