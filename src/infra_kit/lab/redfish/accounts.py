"""Who may talk to an emulated iDRAC: basic authentication, sessions, and the penalty after failed logins."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish.reply import Refusal, Reply, accomplished, message, refuse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.lab.emulator import Login
    from infra_kit.lab.faults import Faults

SESSIONS = "/redfish/v1/SessionService/Sessions"


class LoginRefusal(Refusal):
    """A name and a password that do not open the device; whoever keeps its events counts these apart from other refusals."""

    def __init__(self, user: str, *messages: tuple[int, dict[str, Any]]) -> None:
        """Keep who tried."""
        super().__init__(*messages)
        self.user = user


class Accounts:
    """The one account of the device and the sessions opened with it.

    Args:
        login: the account.
        faults: read for logins to refuse.
    """

    LIMIT = 3
    """Failed logins that bring the penalty (iDRAC9: IP blocking, fail count 3)."""
    PENALTY_S = 600.0
    """How long every login is then refused (iDRAC9: penalty time 600 s)."""

    def __init__(self, login: Login, faults: Faults) -> None:
        """No session is open."""
        self.user = login.user
        self._password = login.password
        self._faults = faults
        self.failures = 0
        self._blocked_until = 0.0
        self._sessions: dict[str, str] = {}

    def check(self, headers: Mapping[str, str]) -> None:
        """Let a request pass, or refuse it with 401."""
        token = headers.get("X-Auth-Token")
        if token is not None:
            if token not in self._sessions:
                raise refuse("unauthorized")
            return
        user, password = _basic(headers.get("Authorization", ""))
        if not user:
            raise refuse("unauthorized")
        self._login(user, password)

    def open(self, request: Mapping[str, Any]) -> Reply:
        """Open a session: 201 with its token and location."""
        for key in ("UserName", "Password"):
            if not isinstance(request.get(key), str):
                raise refuse("property-missing", key)
        self._login(request["UserName"], request["Password"])
        token, identity = secrets.token_hex(16), str(secrets.randbelow(10**6))
        self._sessions[token] = identity
        path = f"{SESSIONS}/{identity}"
        return Reply(201, self.session(identity), {"X-Auth-Token": token, "Location": path})

    def close(self, identity: str) -> Reply:
        """Close a session."""
        for token, held in self._sessions.items():
            if held == identity:
                del self._sessions[token]
                return accomplished()
        raise refuse("not-found", f"{SESSIONS}/{identity}")

    def sessions(self) -> list[str]:
        """The ids of the open sessions."""
        return list(self._sessions.values())

    def session(self, identity: str) -> dict[str, Any]:
        """The resource of one session."""
        if identity not in self._sessions.values():
            raise refuse("not-found", f"{SESSIONS}/{identity}")
        return {
            "@odata.id": f"{SESSIONS}/{identity}",
            "@odata.type": "#Session.v1_1_0.Session",
            "Id": identity,
            "Name": "User Session",
            "UserName": self.user,
        }

    def expire(self) -> None:
        """End every session, as the session timeout or a reset of the iDRAC does."""
        self._sessions.clear()

    def unblock(self) -> None:
        """End the penalty."""
        self.failures, self._blocked_until = 0, 0.0

    def _login(self, user: str, password: str) -> None:
        now = time.monotonic()
        if now < self._blocked_until:
            raise LoginRefusal(user, message("login-blocked", str(round(self._blocked_until - now))))
        right = hmac.compare_digest(user, self.user) and hmac.compare_digest(password.encode(), self._password.encode())
        if self._faults.refuse_logins > 0:
            self._faults.refuse_logins -= 1
            right = False
        if right:
            self.failures = 0
            return
        self._fail(now)
        raise LoginRefusal(user, message("unauthorized"))

    def _fail(self, now: float) -> None:
        self.failures += 1
        if self.failures >= self.LIMIT:
            self._blocked_until, self.failures = now + self.PENALTY_S, 0


def _basic(header: str) -> tuple[str, str]:
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password
