"""A switch over SSH by netmiko: a reader that only shows, a writer that configures line by line."""

from __future__ import annotations

import codecs
import re
import time
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast

from infra_kit.inventory.errors import AuthenticationError, DeviceError, RefusedError, TrustError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from netmiko import BaseConnection
    from paramiko import Channel

    from infra_kit.inventory.access import Endpoint

_CONNECT_S = 10.0
_LOGIN_S = 20.0
_ANSWER_S = 60.0
_SAVE_S = 120.0
_CHUNK_BYTES = 65536
_ECHO = 60
"""As much of a line as is waited for; a terminal may wrap the rest."""
_ERROR = re.compile(r"^\s*%|% ?Error|^Error:|^Syntax error", re.MULTILINE)


class SwitchReader:
    """Sends `show` and nothing else. Made by `open`."""

    can_write: ClassVar[bool] = False

    def __init__(self, endpoint: Endpoint) -> None:
        """Connect and log in, once.

        Raises:
            TrustError: no pinned host key, or another one than the pinned.
            AuthenticationError: the login was refused; it is not tried again.
            UnreachableError: no answer.
        """
        self._endpoint = endpoint
        self._connection = _connect(endpoint)
        self._name = self._connection.base_prompt

    @classmethod
    def open(cls, endpoint: Endpoint) -> Self:
        """For `Connections.client`."""
        return cls(endpoint)

    @property
    def device(self) -> str:
        """The switch's name in the inventory."""
        return self._endpoint.device

    def show(self, what: str) -> str:
        """The answer to `show WHAT`.

        Raises:
            RefusedError: the switch does not know the command.
            UnreachableError: the connection broke.
        """
        answer = self._exchange(f"show {what}")
        if _ERROR.search(answer[:200]):
            raise RefusedError(self.device, f"`show {what}` was refused: {answer.strip()}")
        return answer

    def close(self) -> None:
        """End the session; a connection that is gone already is no error."""
        try:
            self._connection.disconnect()
        except (OSError, EOFError):
            return

    def _exchange(self, line: str, *, seconds: float = _ANSWER_S, names: tuple[str, ...] = ()) -> str:
        """Send a line and wait for the prompt; gives what stands between the line's echo and the prompt."""
        known = "|".join(re.escape(name) for name in (self._name, *names))
        # From the echo on: a prompt of an earlier exchange may still be in the channel.
        echo = re.escape(line.partition("\n")[0][:_ECHO])
        prompt = rf"{echo}[\s\S]*[\r\n](?:{known})(?:\([^()\r\n]*\))?[#>] ?$"

        def talk() -> str:
            self._connection.write_channel(f"{line}\n")
            return _read_until(cast("Channel", self._connection.remote_conn), re.compile(prompt), seconds)

        text = _translated(self.device, talk).replace("\r\n", "\n").replace("\r", "\n")
        lines = text[text.index(line.partition("\n")[0][:_ECHO]) :].split("\n")
        return "\n".join(lines[line.count("\n") + 1 : -1])


class SwitchWriter(SwitchReader):
    """Also configures and saves."""

    can_write: ClassVar[bool] = True

    def configure(self, lines: Iterable[str], *, said: Callable[[str], str] = str) -> None:
        """Send configuration lines one by one and stop at the first that the switch refuses.

        Args:
            lines: as they go over the wire, secrets included.
            said: gives the form of a line that may stand in a message.

        Raises:
            RefusedError: with the line and the switch's own words.
            UnreachableError: the connection broke; what was sent so far is in effect.
        """
        self._checked("configure terminal", said)
        for line in lines:
            new_name = line.split()[1] if line.startswith("hostname ") else "OS10" if line == "no hostname" else self._name
            self._checked(line, said, names=(new_name,))
            self._name = new_name
        self._exchange("end")

    def save(self) -> None:
        """Copy the running configuration over the startup configuration."""
        self._checked("copy running-configuration startup-configuration", str, seconds=_SAVE_S)

    def reconnect(self) -> None:
        """Open the session again after it broke."""
        self.close()
        self._connection = _connect(self._endpoint)
        self._name = self._connection.base_prompt

    def _checked(self, line: str, said: Callable[[str], str], *, names: tuple[str, ...] = (), seconds: float = _ANSWER_S) -> None:
        answer = self._exchange(line, names=names, seconds=seconds)
        if _ERROR.search(answer):
            self._exchange("end")
            raise RefusedError(self.device, f"`{said(line)}` was refused: {' '.join(answer.split())}")


def _connect(endpoint: Endpoint) -> BaseConnection:
    from netmiko import ConnectHandler

    known_hosts = endpoint.known_hosts
    if known_hosts is None or not known_hosts.is_file():
        raise TrustError(
            endpoint.device,
            f"no pinned SSH host key ({known_hosts or 'no known_hosts file is named'})",
            remedy="put the switch's key into the file that `trust.known_hosts` of the site names",
        )
    options: dict[str, Any] = {
        "device_type": "dell_os10",
        "host": endpoint.host,
        "port": endpoint.port,
        "username": endpoint.user,
        "password": endpoint.password().get_secret_value(),
        "ssh_strict": True,
        "system_host_keys": False,
        "alt_host_keys": True,
        "alt_key_file": str(known_hosts),
        "use_keys": False,
        "allow_agent": False,
        "conn_timeout": _CONNECT_S,
        "banner_timeout": _LOGIN_S,
        "auth_timeout": _LOGIN_S,
        "fast_cli": True,
        "auto_connect": True,
    }
    return _translated(endpoint.device, lambda: ConnectHandler(**options))


def _read_until(channel: Channel, pattern: re.Pattern[str], seconds: float) -> str:
    """What the switch prints up to the pattern; unlike netmiko's own loop this does not poll and notices a closed channel."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    deadline = time.monotonic() + seconds
    text = ""
    while not pattern.search(text):
        channel.settimeout(max(0.0, deadline - time.monotonic()))
        data = channel.recv(_CHUNK_BYTES)
        if not data:
            raise EOFError("the switch closed the connection")
        text += decoder.decode(data)
    return text


Result = TypeVar("Result")


def _translated(device: str, action: Callable[[], Result]) -> Result:
    """Netmiko's and paramiko's errors in our own words."""
    from netmiko.exceptions import NetmikoAuthenticationException, NetmikoBaseException
    from paramiko import SSHException

    try:
        return action()
    except NetmikoAuthenticationException as error:
        raise AuthenticationError(
            device, "the login was refused", remedy="check the credential that the switch names; it was tried once"
        ) from error
    except (NetmikoBaseException, SSHException, OSError, EOFError) as error:
        raise _broken(device, error) from error


def _broken(device: str, error: BaseException) -> DeviceError:
    from paramiko import BadHostKeyException

    cause = error.__context__ or error
    if isinstance(cause, BadHostKeyException) or "not found in known_hosts" in str(cause):
        return TrustError(
            device,
            "its SSH host key is not the pinned one" if isinstance(cause, BadHostKeyException) else "its SSH host key is not pinned",
            remedy="if the switch was replaced, put its new key into the known_hosts file; else someone stands in between",
        )
    if isinstance(error, TimeoutError) and not str(error):
        return UnreachableError(device, "no answer in time", remedy="check the switch and the way to it")
    words = " ".join(str(error).split()).partition(" Common causes")[0]
    return UnreachableError(device, f"the connection failed: {words or type(error).__name__}", remedy="check the switch and the way to it")
