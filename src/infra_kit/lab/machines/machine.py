"""One lab machine: made from the image, given a name and a network of its own, kept over `lab down`."""

from __future__ import annotations

import shlex
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.machines.image import BOOTED
from infra_kit.lab.machines.qemu import Qemu
from infra_kit.lab.machines.specification import emulation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra_kit.lab.hosts.specification import Attachment, HostSpec, NetworkSpec
    from infra_kit.lab.machines.agent import Agent
    from infra_kit.lab.machines.image import Image

_DATA = Path(__file__).with_name("data")
_LEFT = "left"
"""The saved state of a machine when its lab went down."""


@dataclass(frozen=True, slots=True)
class Cable:
    """What an interface of a machine is plugged into."""

    attachment: Attachment
    network: NetworkSpec
    mac: str
    tap: str
    """The other end, a device of the fabric's namespace; empty: plugged into nothing."""


class Machine:
    """A virtual machine.

    Args:
        spec: its name, interfaces, login and host key.
        image: what it begins with.
        folder: its disks and sockets.
        cables: one for each interface of the spec, in its order; the first one's network has the default route.
        enter: the command that enters the namespace of the taps.
    """

    def __init__(self, spec: HostSpec, image: Image, folder: Path, cables: Sequence[Cable], enter: Sequence[str] = ()) -> None:
        """Not started yet."""
        if len(cables) > emulation().network_cards:
            raise LabError(f"a machine has {emulation().network_cards} network cards, not {len(cables)}", where=spec.name)
        self.spec = spec
        self._image = image
        self._folder = folder
        self._cables = cables
        self._qemu = Qemu(folder, image.kernel, image.memory_mib, [(cable.mac, cable.tap) for cable in cables], enter)

    @property
    def agent(self) -> Agent:
        """What runs commands in it as root, without network or login."""
        return self._qemu.agent

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._qemu.pid

    def start(self) -> None:
        """Switch it on: where it was left, or a new one; it answers by SSH when this returns, and its clock is right.

        Raises:
            LabError: it did not come up.
        """
        left = (self._folder / _LEFT).exists()
        if not left:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._image.copy_to(self._folder)
        self._qemu.start(_LEFT if left else BOOTED)
        try:
            self.agent.wait(emulation().resume_s, self._qemu.require_alive)
            # Its clock stands where it was saved: certificates would not be valid yet.
            self.agent.do(f"date --utc --set=@{time.time():.0f} > /dev/null")
            if not left:
                self._make_its_own()
        except BaseException:
            self._qemu.end()
            raise

    def stop(self) -> None:
        """Keep it as it is now, and switch it off."""
        if self.pid is None:
            return
        self._qemu.save(_LEFT)
        self._qemu.end()
        (self._folder / _LEFT).touch()

    def power_off(self) -> None:
        """Pull its plug; what it had not written is lost. It boots at the next start."""
        (self._folder / _LEFT).unlink(missing_ok=True)
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

    def _make_its_own(self) -> None:
        """All machines of an image are one and the same until this has run."""
        login = self.spec.login
        self._script("become", NAME=self.spec.name, USER=login.user)
        self.agent.do("chpasswd", f"{login.user}:{login.password}\n")
        for number, cable in enumerate(self._cables):
            self._script(
                "interface",
                CARD=f"eth{number}",
                INTERFACE=cable.attachment.interface,
                MAC=cable.mac,
                ADDRESS=f"{cable.attachment.address}/{cable.network.subnet.prefixlen}",
                GATEWAY=str(cable.network.gateway) if number == 0 and cable.network.gateway else "",
                MTU=str(cable.network.mtu),
            )
        self.agent.do("systemctl enable --now systemd-networkd; networkctl reload")
        self._script("host-key", self.spec.host_key.read_text(encoding="ascii"))

    def _script(self, name: str, standard_input: str = "", /, **values: str) -> None:
        settings = "".join(f"{key}={shlex.quote(value)}\n" for key, value in values.items())
        self.agent.do(settings + (_DATA / f"{name}.sh").read_text(encoding="utf-8"), standard_input)
