"""The SSH side of an emulated switch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncssh

from infra_kit.lab.faults import Events, Faults
from infra_kit.lab.os10.session import Session
from infra_kit.lab.os10.tampering import tamper

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.emulator import Login
    from infra_kit.lab.os10.switch import EmulatedSwitch

_READ_BYTES = 4096


class Os10Emulator:
    """One switch that listens on SSH.

    Args:
        switch: its state.
        login: the account it accepts; wrong passwords never lock it.
        host_key: its host key.
    """

    protocol = "ssh"

    def __init__(self, switch: EmulatedSwitch, login: Login, host_key: Path) -> None:
        """Does not listen yet."""
        self.name = switch.name
        self.faults = Faults()
        self.events = Events()
        self.switch = switch
        self._login = login
        self._host_key = host_key
        self._server: asyncssh.SSHAcceptor | None = None
        self._open: set[asyncssh.SSHServerConnection] = set()

    async def start(self, host: str, port: int) -> int:
        """Listen; gives the port."""
        self._server = await asyncssh.create_server(
            lambda: _Gate(self),
            host,
            port,
            server_host_keys=[str(self._host_key)],
            process_factory=self._serve,
            line_editor=False,
            encoding="utf-8",
            errors="replace",
            compression_algs=None,
        )
        taken: int = self._server.get_port()
        return taken

    async def stop(self) -> None:
        """Close the listener and every connection, and write the state."""
        if self._server is not None:
            self._server.close()
            for connection in list(self._open):
                connection.abort()
            await self._server.wait_closed()
            self._server = None
        self.switch.remember()

    def tamper(self, change: dict[str, Any]) -> None:
        """Change the switch behind infra-kit's back; see `tampering.tamper`."""
        tamper(self.switch, change)

    def admits(self, user: str, password: str) -> bool:
        """Whether this login is accepted now."""
        self.events.add("login", user)
        if self.faults.refuse_logins > 0:
            self.faults.refuse_logins -= 1
            return False
        return (user, password) == (self._login.user, self._login.password)

    def opened(self, connection: asyncssh.SSHServerConnection) -> None:
        """A client is there."""
        if self.faults.unreachable:
            connection.abort()
            return
        self._open.add(connection)

    def left(self, connection: asyncssh.SSHServerConnection | None) -> None:
        """A client is gone."""
        if connection is not None:
            self._open.discard(connection)

    async def _serve(self, process: asyncssh.SSHServerProcess[str]) -> None:
        session = Session(self.switch, self.faults, self.events)
        process.stdout.write(f"\r\n{session.prompt}")
        buffer = ""
        try:
            while not session.closed:
                data = await process.stdin.read(_READ_BYTES)
                if not data:
                    break
                buffer += data.replace("\r\n", "\n").replace("\r", "\n")
                while "\n" in buffer and not session.closed:
                    line, _, buffer = buffer.partition("\n")
                    if not await self._take(process, session, line):
                        return
        except (asyncssh.BreakReceived, asyncssh.TerminalSizeChanged, BrokenPipeError, asyncssh.DisconnectError, ConnectionError):
            return
        process.exit(0)

    async def _take(self, process: asyncssh.SSHServerProcess[str], session: Session, line: str) -> bool:
        """Answer one line; False when the connection was cut instead."""
        if self.faults.latency_s:
            await asyncio.sleep(self.faults.latency_s)
        process.stdout.write(f"{line}\r\n")
        changing = session.configuring and line.strip() not in ("exit", "end", "commit", "")
        output = session.answer(line)
        if changing and self._cut_is_due():
            process.channel.get_connection().abort()
            return False
        if output:
            process.stdout.write(output.replace("\n", "\r\n") + "\r\n")
        process.stdout.write(session.prompt)
        return True

    def _cut_is_due(self) -> bool:
        left = self.faults.drop_after_changes
        if left is None:
            return False
        self.faults.drop_after_changes = left - 1 if left > 0 else None
        return left == 0


class _Gate(asyncssh.SSHServer):
    """Logins by password."""

    def __init__(self, emulator: Os10Emulator) -> None:
        self._emulator = emulator
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._emulator.opened(conn)

    def connection_lost(self, _exc: Exception | None) -> None:
        self._emulator.left(self._connection)

    def begin_auth(self, _username: str) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return self._emulator.admits(username, password)
