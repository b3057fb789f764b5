"""A network namespace of the lab's own: made, entered by single threads, gone with the lab."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from infra_kit.inventory.errors import LabError

if TYPE_CHECKING:
    from collections.abc import Callable

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_BACKLOG = 128
T = TypeVar("T")


class Namespace:
    """A network namespace that a file stands for.

    Args:
        file: where it is bound; nothing there is in the machine's own namespace.
    """

    def __init__(self, file: Path) -> None:
        """Not made yet."""
        self.file = file

    def make(self) -> None:
        """Make it, empty but for a loopback that is up."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
        run("unshare", f"--net={self.file}", "true")
        self.ip("link set lo up")

    def remove(self) -> None:
        """Unbind it: it is gone when nobody is in it any more."""
        run("umount", str(self.file))

    def ip(self, *commands: str) -> None:
        """Run iproute2 commands in it, such as `link set lo up`.

        Raises:
            LabError: one failed; with iproute2's words.
        """
        run("nsenter", f"--net={self.file}", "ip", "-batch", "-", standard_input="".join(f"{each}\n" for each in commands))

    def set(self, setting: str, value: str) -> None:
        """Set a sysctl of the namespace.

        Args:
            setting: beneath net, such as `ipv4/ip_forward`.
            value: its value.
        """
        self.call(lambda: Path("/proc/sys/net", setting).write_text(value, encoding="ascii"))

    def open(self) -> socket.socket:
        """A TCP socket of the namespace, not connected; any thread may use it."""
        return self.call(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))

    def connect(self, address: str, port: int, timeout_s: float = 5.0) -> socket.socket:
        """A connection to what listens in the namespace or is reached from it.

        Raises:
            OSError: it cannot be made.
        """
        made = self.open()
        try:
            made.settimeout(timeout_s)
            made.connect((address, port))
        except BaseException:
            made.close()
            raise
        return made

    def listen(self, address: str, port: int) -> socket.socket:
        """A TCP socket that listens in the namespace.

        Args:
            address: one of the namespace's own.
            port: 0 takes a free one.

        Raises:
            OSError: the address is not there, or the port is taken.
        """
        made = self.open()
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind((address, port))
            made.listen(_BACKLOG)
        except BaseException:
            made.close()
            raise
        return made

    def call(self, function: Callable[[], T]) -> T:
        """What a function gives in the namespace. It runs in a thread of its own, which ends with it: no other ever finds itself there."""
        given: list[T] = []
        failed: list[BaseException] = []

        def inside() -> None:
            try:
                _enter(self.file)
                given.append(function())
            except BaseException as error:  # noqa: BLE001  handed to the caller
                failed.append(error)

        thread = threading.Thread(target=inside, name="namespace", daemon=True)
        thread.start()
        thread.join()
        if failed:
            raise failed[0]
        return given[0]


def _enter(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number), str(file))
    finally:
        os.close(descriptor)


def run(*command: str, standard_input: str | None = None, env: dict[str, str] | None = None) -> str:
    """Run a program of the machine to its end; what it printed.

    Raises:
        LabError: it failed; with its words.
    """
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin:/sbin:/bin"
    done = subprocess.run(  # noqa: S603  programs that requirements.py names
        command, input=standard_input, capture_output=True, text=True, check=False, env={"PATH": path, **(env or {})}, umask=0o022
    )
    if done.returncode != 0:
        words = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise LabError(f"`{' '.join(command)}` failed: {' / '.join(words[-3:])}")
    return done.stdout
