"""`python -m infra_kit.lab.hosts.keeper LAB LISTENER NAME`: the process beside a lab that its hosts need.

It clears what they have on this machine as soon as the lab's process is gone, however that ended. And it makes their inotify instances.
Of these the kernel grants each user 128 on the whole machine (fs.inotify.max_user_instances), fewer than the systemds and kubelets of
a site take, and all of them are root's. The limit is the machine's and stays. So the hosts' call `inotify_init1` comes here, by
seccomp's user notification (seccomp_unotify(2)), is made by a user of the host's own, and its result is put into the caller.
The standard library alone, so that it stays small.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import errno
import fcntl
import os
import random
import select
import socket
import struct
import sys

from infra_kit.lab.hosts.clearing import clear_named

# linux/seccomp.h
_RECEIVE = 0xC0502100
_SEND = 0xC0182101
_ADD_DESCRIPTOR = 0x40182103
_ADD_AND_SEND = 2
_CONTINUE = 1
_NOTIFICATION = struct.Struct("=QII iIQ 6Q")
_RESPONSE = struct.Struct("=QqiI")
_ADDED = struct.Struct("=QIIII")
_MESSAGE = 65536
_USERS = range(1 << 30, 1 << 31)
"""User ids that no machine gives to anybody."""


class Keeper:
    """Serves the hosts of one lab until the lab is gone.

    Args:
        lab: the end of a pipe whose other end the lab alone holds.
        listener: where runc brings the notification descriptor of each container that it starts.
    """

    def __init__(self, lab: int, listener: socket.socket) -> None:
        """Not serving yet."""
        self._lab = lab
        self._listener = listener
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._poll = select.poll()
        self._users: dict[int, int] = {}
        self._next = random.SystemRandom().choice(_USERS)

    def serve(self) -> None:
        """Serve; returns when the lab is gone."""
        self._poll.register(self._lab, select.POLLIN)
        self._poll.register(self._listener, select.POLLIN)
        while True:
            for descriptor, event in self._poll.poll():
                if descriptor == self._lab:
                    return
                if descriptor == self._listener.fileno():
                    self._take()
                elif event & select.POLLIN:
                    with contextlib.suppress(OSError):  # the caller may be gone by now
                        self._answer(descriptor)
                else:
                    self._poll.unregister(descriptor)
                    del self._users[descriptor]
                    os.close(descriptor)

    def _take(self) -> None:
        """A container's descriptor, with a user for it alone."""
        connection, _ = self._listener.accept()
        with connection:
            _, ancillary, _, _ = connection.recvmsg(_MESSAGE, socket.CMSG_SPACE(array.array("i").itemsize))
        for _, kind, data in ancillary:
            if kind == socket.SCM_RIGHTS:
                for descriptor in array.array("i", data):
                    self._users[descriptor] = self._next
                    self._next += 1
                    self._poll.register(descriptor, select.POLLIN)

    def _answer(self, descriptor: int) -> None:
        """Make the instance that a caller asks for; where that cannot be, its call goes on as any other.

        Who has as many as a user may have is told so: gone on, the call would take one of root's.
        """
        message = bytearray(_NOTIFICATION.size)
        fcntl.ioctl(descriptor, _RECEIVE, message)
        number, _, _, _, _, _, flags, *_ = _NOTIFICATION.unpack(message)
        try:
            made = self._make(self._users[descriptor], flags & 0x7FFFFFFF)
            try:
                fcntl.ioctl(descriptor, _ADD_DESCRIPTOR, _ADDED.pack(number, _ADD_AND_SEND, made, 0, flags & os.O_CLOEXEC))
            finally:
                os.close(made)
        except OSError as error:
            failed, how = (-errno.EMFILE, 0) if error.errno == errno.EMFILE else (0, _CONTINUE)
            fcntl.ioctl(descriptor, _SEND, bytearray(_RESPONSE.pack(number, 0, failed, how)))

    def _make(self, user: int, flags: int) -> int:
        """An inotify instance that is charged to a user."""
        os.seteuid(user)
        try:
            made: int = self._libc.inotify_init1(flags)
        finally:
            os.seteuid(0)
        if made < 0:
            raise OSError(ctypes.get_errno(), "inotify_init1")
        return made


def main(arguments: list[str]) -> None:
    """Serve, then clear."""
    lab, listener, name = arguments
    try:
        Keeper(int(lab), socket.socket(fileno=int(listener))).serve()
    finally:
        clear_named(name)


if __name__ == "__main__":
    main(sys.argv[1:])
