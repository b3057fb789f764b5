"""One lab machine: made from the image, given a name and a network of its own, kept over `lab down`."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.machines.image import BOOTED
from infra_kit.lab.machines.qemu import IMAGE_PROGRAM, Qemu
from infra_kit.lab.machines.specification import emulation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.lab.hosts.specification import HostSpec, MachineSpec, NetworkSpec
    from infra_kit.lab.machines.agent import Agent
    from infra_kit.lab.machines.image import Image

_DATA = Path(__file__).with_name("data")
_LEFT = "left"
"""The saved state of a machine when its lab went down; a file of that name says that there is one."""
_MADE = "made"
"""A file of that name says that the machine has become one of its own."""


class Machine:
    """A virtual machine.

    Args:
        spec: its name, address, cards, disks, login and host key.
        image: what it begins with.
        folder: its disks and sockets.
        network: that of its address, and of its default route.
        cables: one for each of its cards, in their order: the machine's ends of an uplink.
    """

    def __init__(self, spec: HostSpec, image: Image, folder: Path, network: NetworkSpec, cables: Sequence[int] = ()) -> None:
        """Not started yet.

        Raises:
            LabError: it shall have more than a machine has.
        """
        self.spec = spec
        self._image = image
        self._folder = folder
        self._network = network
        self._has = _machine(spec)
        cards = [(card.mac, cable) for card, cable in zip(self._has.cards, cables, strict=False)]
        self._qemu = Qemu(folder, image.kernel, image.memory_mib, cards)

    @property
    def agent(self) -> Agent:
        """What runs commands in it as root, without network or login."""
        return self._qemu.agent

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._qemu.pid

    def start(self) -> None:
        """Switch it on: where it was left, or a new one; its clock is right and its network is there when this returns.

        One whose lab was killed boots, as after a power cut.

        Raises:
            LabError: it did not come up.
        """
        left, made = self._folder / _LEFT, self._folder / _MADE
        if made.exists() and not left.exists():
            self._check_disks()
            self.power_on()
            return
        if not made.exists():
            shutil.rmtree(self._folder, ignore_errors=True)
            self._image.copy_to(self._folder)
        self._qemu.start(_LEFT if left.exists() else BOOTED)
        try:
            self.agent.wait(emulation().resume_s, self._qemu.require_alive)
            # Its clock stands where it was saved: certificates would not be valid yet.
            self.agent.do(f"date --utc --set=@{time.time():.0f} > /dev/null")
            if not made.exists():
                self._make_its_own()
                made.touch()
        except BaseException:
            self._qemu.end()
            raise
        # From here on it is another than the one that was left.
        left.unlink(missing_ok=True)

    def stop(self) -> None:
        """Keep it as it is now, and switch it off."""
        if self.pid is None:
            return
        self._qemu.save(_LEFT)
        self._qemu.end()
        (self._folder / _LEFT).touch()

    def power_off(self) -> None:
        """Pull its plug; what it had not written is lost. It boots at the next start."""
        self._qemu.end()

    def power_on(self) -> None:
        """Boot it, after `power_off`.

        Raises:
            LabError: it did not come up.
        """
        self._qemu.start()
        self.agent.wait(emulation().boot_s, self._qemu.require_alive)

    def reset(self) -> None:
        """Press its reset button."""
        self._qemu.reset()

    def freeze(self) -> None:
        """Stop it as it is."""
        self._qemu.pause()

    def thaw(self) -> None:
        """Let it go on."""
        self._qemu.go_on()

    def _check_disks(self) -> None:
        """Where QEMU was killed, its disks may be half-written."""
        for disk in sorted(self._folder.glob("*.qcow2")):
            done = subprocess.run(  # noqa: S603  QEMU's own, with our own file
                [IMAGE_PROGRAM, "check", "-q", "-r", "all", str(disk)], capture_output=True, text=True, check=False
            )
            if done.returncode != 0:
                raise LabError(
                    f"its disk {disk.name} is broken: {done.stderr.strip()}",
                    where=self.spec.name,
                    remedy="`lab up --reset` makes all hosts anew",
                )

    def _make_its_own(self) -> None:
        """All machines of an image are one and the same until this has run."""
        login, at = self.spec.login, self.spec.attachments[0]
        self._fit_disks()
        self._script("become", NAME=self.spec.name, USER=login.user)
        self.agent.do("chpasswd", f"{login.user}:{login.password}\n")
        for number, card in enumerate(self._has.cards):
            self._script(
                "card",
                CARD=f"eth{number}",
                INTERFACE=card.name,
                MAC=card.mac,
                ADDRESS=f"{at.address}/{self._network.subnet.prefixlen}" if number == 0 else "",
                GATEWAY=str(self._network.gateway) if number == 0 and self._network.gateway else "",
                MTU=str(self._network.mtu),
            )
        self.agent.do("systemctl enable --now systemd-networkd; networkctl reload")
        self._script("host-key", self.spec.host_key.read_text(encoding="ascii"))

    def _fit_disks(self) -> None:
        """Its data disks are as large, and turn or not, as it is said of them."""
        rotational = ""
        number = 0
        for disks in self._has.disks:
            for _ in range(disks.count):
                self._qemu.resize(f"data{number}", int(disks.size_gb * 10**9) // 512 * 512)
                rotational += f" data{number}={int(disks.rotational)}"
                number += 1
        self._script("disks", ROTATIONAL=rotational.strip())

    def _script(self, name: str, standard_input: str = "", /, **values: str) -> None:
        settings = "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
        self.agent.do(settings + (_DATA / f"{name}.sh").read_text(encoding="utf-8"), standard_input)


def _machine(spec: HostSpec) -> MachineSpec:
    """What a machine shall have, which must not be more than machines have."""
    if spec.machine is None:
        raise LabError("it is a container by its specification", where=spec.name)
    table = emulation()
    for what, asked, there in (
        ("network cards", len(spec.machine.cards), table.network_cards),
        ("data disks", sum(each.count for each in spec.machine.disks), table.data_disks),
    ):
        if asked > there:
            raise LabError(f"a machine of the lab has {there} {what}, not {asked}", where=spec.name)
    return spec.machine
