"""Who may ask: sessions with their anti-forgery token, and basic authentication."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from infra_kit.lab.onefs.refusal import Refusal

if TYPE_CHECKING:
    from infra_kit.lab.emulator import Login
    from infra_kit.lab.faults import Faults

ABSOLUTE_S = 14400
INACTIVE_S = 900
_READS = frozenset({"GET", "HEAD"})


@dataclass(slots=True)
class _Session:
    token: str
    started: float = field(default_factory=time.monotonic)
    used: float = field(default_factory=time.monotonic)


class Sessions:
    """Open sessions. They do not survive a restart, as on the array.

    Args:
        login: the account that is accepted.
        faults: `refuse_logins` counts here.
    """

    def __init__(self, login: Login, faults: Faults) -> None:
        """None is open."""
        self._login = login
        self._faults = faults
        self._open: dict[str, _Session] = {}

    def end_all(self) -> None:
        """Forget every session, as a restart of the service does."""
        self._open.clear()

    def answer(self, request: web.BaseRequest, body: Any) -> web.Response:
        """A request to /session/1/session."""
        if request.method == "POST":
            return self._start(body)
        key = request.cookies.get("isisessid", "")
        if key not in self._open:
            raise Refusal(401, "Authorization required")
        if request.method == "DELETE":
            del self._open[key]
            return web.Response(status=204)
        if request.method == "GET":
            return web.json_response(self._description())
        raise Refusal(405, f"Method {request.method} is not allowed on sessions")

    def _start(self, body: Any) -> web.Response:
        if not isinstance(body, dict) or not isinstance(body.get("services"), list):
            raise Refusal(400, "username, password and services are required")
        if not self._accepts(str(body.get("username")), str(body.get("password"))):
            return web.json_response({"message": "Username or password is incorrect."}, status=401)
        key, token = secrets.token_urlsafe(24), secrets.token_hex(16)
        self._open[key] = _Session(token)
        response = web.json_response(self._description(), status=201)
        response.headers.add("Set-Cookie", f"isisessid={key}; path=/; HttpOnly; Secure; SameSite=strict")
        response.headers.add("Set-Cookie", f"isicsrf={token}; path=/; Secure; SameSite=strict")
        return response

    def _description(self) -> dict[str, Any]:
        return {
            "services": ["platform", "namespace"],
            "timeout_absolute": ABSOLUTE_S,
            "timeout_inactive": INACTIVE_S,
            "username": self._login.user,
        }

    def check(self, request: web.BaseRequest) -> None:
        """Refuse a request that nobody has logged in for."""
        if "isisessid" in request.cookies:
            self._check_session(request)
            return
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "basic":
            raise Refusal(401, "Authorization required")
        try:
            user, _, password = base64.b64decode(value).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refusal(401, "Authorization required") from error
        if not self._accepts(user, password):
            raise Refusal(401, "Authorization required")

    def _check_session(self, request: web.BaseRequest) -> None:
        session = self._open.get(request.cookies["isisessid"])
        now = time.monotonic()
        if session is None or now - session.started > ABSOLUTE_S or now - session.used > INACTIVE_S:
            raise Refusal(401, "Authorization required")
        session.used = now
        if request.method in _READS:
            return
        if not hmac.compare_digest(request.headers.get("X-CSRF-Token", ""), session.token):
            raise Refusal(403, "Cross-site request forgery check failed: X-CSRF-Token is missing or wrong")
        if "Origin" not in request.headers and "Referer" not in request.headers:
            raise Refusal(403, "Cross-site request forgery check failed: Origin or Referer is missing")

    def _accepts(self, user: str, password: str) -> bool:
        if self._faults.refuse_logins > 0:
            self._faults.refuse_logins -= 1
            return False
        right = hmac.compare_digest(user.encode(), self._login.user.encode())
        return hmac.compare_digest(password.encode(), self._login.password.encode()) and right
