"""A host over SSH by paramiko: a reader that looks, a writer that notes. What changes hosts is Ansible."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from infra_kit.inventory.errors import AuthenticationError, DeviceError, RefusedError, TrustError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from paramiko import Channel, SSHClient

    from infra_kit.inventory.access import Endpoint

Result = TypeVar("Result")
_CONNECT_S = 10.0
_ANSWER_S = 120.0
_CHUNK_BYTES = 65536
_PROMPT = "[infra-kit asks for the sudo password]"
_READY = "infra-kit-ready"
_BOOTSTRAP = (
    f'import sys; print("{_READY}", flush=True); b = sys.stdin.buffer; '
    'exec(compile(b.read(int(b.readline())).decode(), "infra-kit", "exec"))'
)
"""The program follows on standard input, after its length in bytes; what it is given comes after it."""
_PROGRAM = Path(__file__).with_name("program.py")
_NO_SPACE = "No space left on device"


class HostReader:
    """Looks at a host and changes nothing. Made by `open`; one thread at a time."""

    can_write: ClassVar[bool] = False

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect and log in, once.

        Raises:
            TrustError: no pinned host key, or another one than the pinned.
            AuthenticationError: the login was refused; it is not tried again.
            UnreachableError: no answer.
        """
        self._endpoint = endpoint
        self._guard = threading.Lock()
        self._client = _connect(endpoint)

    @classmethod
    def open(cls, endpoint: Endpoint) -> Self:
        """For `Connections.client`."""
        return cls(endpoint)

    def look(self, probes: Mapping[str, Any]) -> dict[str, Any]:
        """What `program.py` finds: `applied`, role -> what was noted; `roles`, role -> its fingerprint and its units that have failed.

        Args:
            probes: role -> its probe, as JSON.

        Raises:
            DeviceError: the host cannot be asked, or does not let the login become root.
        """
        return self._run({"probes": dict(probes)})

    def close(self) -> None:
        """End the session."""
        self._client.close()

    def _run(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Run the program beside this file as root; a connection that broke since, as by a reboot, is made again."""
        with self._guard:
            transport = self._client.get_transport()
            if transport is None or not transport.is_active():
                self._client.close()
                self._client = _connect(self._endpoint)
            text = _translated(self._endpoint, lambda: self._exchange(_PROGRAM.read_bytes(), given))
        try:
            found: dict[str, Any] = json.loads(text.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise RefusedError(self._endpoint.device, f"what the look at it printed is not an answer: {_short(text)}") from None
        return found

    def _exchange(self, program: bytes, given: Mapping[str, Any]) -> str:
        python = f"python3 -I -c {quote(_BOOTSTRAP)}"
        # `-k`: what sudo remembers of this login is not used. The password is sent only if it asks, so it can end up in no program's input.
        command = python if self._endpoint.user == "root" else f"sudo -k -S -p {quote(_PROMPT)} {python}"
        transport = self._client.get_transport()
        assert transport is not None
        channel = transport.open_session(timeout=_CONNECT_S)
        try:
            channel.set_combine_stderr(True)
            channel.exec_command(command)
            said = _until(channel, (_READY, _PROMPT))
            if _PROMPT in said:
                channel.sendall(f"{self._endpoint.password().get_secret_value()}\n".encode())
                said = _until(channel, (_READY, _PROMPT))
            if _READY not in said:
                raise _refusal(self._endpoint, said)
            channel.sendall(f"{len(program)}\n".encode() + program + json.dumps({**given, "now": time.time()}).encode())
            channel.shutdown_write()
            return said.partition(_READY)[2] + _until(channel, ())
        finally:
            channel.close()


class HostWriter(HostReader):
    """Also notes what was applied."""

    can_write: ClassVar[bool] = True

    def note(self, probes: Mapping[str, Any], notes: Mapping[str, Any]) -> dict[str, Any]:
        """Look, and note what was applied with what the look found.

        Args:
            probes: role -> its probe, as JSON.
            notes: role -> what is noted of it; its fingerprint is added there.

        Raises:
            DeviceError: the host cannot be asked, or the note cannot be written there.
        """
        answer = self._run({"probes": dict(probes), "notes": dict(notes)})
        if "error" in answer:
            remedy = "free space there, then apply again" if _NO_SPACE in answer["error"] else "mend it there, then apply again"
            raise RefusedError(self._endpoint.device, f"what was applied cannot be noted on the host: {answer['error']}", remedy=remedy)
        return answer


def _until(channel: Channel, marks: tuple[str, ...]) -> str:
    """What comes up to one of the marks, or to the end; without marks, to the end."""
    deadline = time.monotonic() + _ANSWER_S
    data = b""
    while not any(mark.encode() in data for mark in marks):
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        block = channel.recv(_CHUNK_BYTES)
        if not block:
            break
        data += block
    return data.decode("utf-8", "replace")


def _refusal(endpoint: Endpoint, said: str) -> DeviceError:
    words = _short(said.replace(_PROMPT, ""))
    if _PROMPT in said or "incorrect password" in said:
        return AuthenticationError(
            endpoint.device,
            f"sudo refused the password of user {endpoint.user}: {words or 'it asked again'}",
            remedy=f"sudo of {endpoint.user} takes the password that it logs in with ({endpoint.password_reference}); it was tried once",
        )
    if "sudo" in said:
        return AuthenticationError(
            endpoint.device, f"user {endpoint.user} may not become root by sudo: {words}", remedy="allow it in the host's sudoers"
        )
    return RefusedError(endpoint.device, f"python3 cannot be run there: {words}", remedy="install python3 on the host")


def _short(text: str) -> str:
    return " ".join(text.split())[-300:]


def _connect(endpoint: Endpoint) -> SSHClient:
    from paramiko import RejectPolicy, SSHClient

    known_hosts = endpoint.known_hosts
    if known_hosts is None or not known_hosts.is_file():
        raise TrustError(
            endpoint.device,
            f"no pinned SSH host key ({known_hosts or 'no known_hosts file is named'})",
            remedy="put the host's key into the file that `trust.known_hosts` of the site names",
        )
    client = SSHClient()
    client.load_host_keys(str(known_hosts))
    client.set_missing_host_key_policy(RejectPolicy())

    def connect() -> SSHClient:
        client.connect(
            endpoint.host,
            endpoint.port,
            endpoint.user,
            endpoint.password().get_secret_value(),
            look_for_keys=False,
            allow_agent=False,
            timeout=_CONNECT_S,
            banner_timeout=_CONNECT_S,
            auth_timeout=_CONNECT_S,
        )
        return client

    return _translated(endpoint, connect)


def _translated(endpoint: Endpoint, action: Callable[[], Result]) -> Result:
    """Paramiko's errors in our own words."""
    from paramiko import AuthenticationException, BadHostKeyException, SSHException

    device = endpoint.device
    try:
        return action()
    except BadHostKeyException as error:
        raise TrustError(
            device,
            f"its SSH host key ({error.key.get_name()} {error.key.fingerprint}) is not the one pinned in {endpoint.known_hosts}",
            remedy="if the host was installed anew, put its new key into that file; else someone stands in between",
        ) from error
    except AuthenticationException as error:
        raise AuthenticationError(
            device,
            f"the login of user {endpoint.user} by SSH was refused",
            remedy=f"check credential {endpoint.credential or endpoint.password_reference}; it was tried once",
        ) from error
    except (SSHException, OSError, EOFError) as error:
        if "not found in known_hosts" in str(error):
            raise TrustError(
                device, f"its SSH host key is not pinned in {endpoint.known_hosts}", remedy="put its key into that file"
            ) from error
        words = " ".join(str(error).split()) or type(error).__name__
        raise UnreachableError(
            device, f"no SSH at {endpoint.host}:{endpoint.port}: {words}", remedy="check the host and the way to it"
        ) from error
