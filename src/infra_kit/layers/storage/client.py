"""Clients of the platform API: one that only reads, and one that also writes."""

from __future__ import annotations

import contextlib
import json
import random
import time
from typing import TYPE_CHECKING, Any, ClassVar

from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential, wait_random

from infra_kit.inventory.errors import AuthenticationError, DeviceError, InfraKitError
from infra_kit.layers.storage.exchange import Answer, Request
from infra_kit.layers.storage.transport import Transport
from infra_kit.layers.storage.versions import Versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint

_LOGINS = 2
_READS = 4
_LOGIN_PAUSE_S = 0.5
_PAGES = 1000
"""A collection never has that many pages: an array that keeps giving resume tokens is not believed for ever."""


class PapiReader:
    """Sends GET requests only, with basic authentication. What it has read it remembers until told to forget.

    Args:
        endpoint: where the array's platform API is.
        onefs: the release that the inventory says, for the version table.
    """

    can_write: ClassVar[bool] = False

    def __init__(self, endpoint: Endpoint, onefs: str) -> None:
        """Nothing is sent yet."""
        self.device = endpoint.device
        self.versions = Versions(onefs)
        self.identified = False
        """Whether the array has been found to be the one of the inventory."""
        self._endpoint = endpoint
        self._transport = Transport(endpoint)
        self._held: dict[str, Any] = {}
        self._logins = 0
        self._locked_out: AuthenticationError | None = None

    def read(self, path: str, query: Mapping[str, str] | None = None) -> Any:
        """The body of a GET, or None where there is no such object. Remembered.

        Raises:
            DeviceError: unreachable, not trusted, login refused, request refused.
        """
        key = path + "?" + json.dumps(query or {}, sort_keys=True)
        if key not in self._held:
            answer = self._get(path, query)
            self._held[key] = None if answer.absent else answer.accepted().body
        return self._held[key]

    def listing(self, path: str, listed: str, query: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """All objects of a collection, every page of it.

        Args:
            path: the collection.
            listed: the key of its objects in an answer.
            query: arguments of the first page; further pages take the resume token alone.

        Raises:
            DeviceError: as `read`, and for an answer of another form.
        """
        found: list[dict[str, Any]] = []
        arguments = query
        for _ in range(_PAGES):
            page = self.read(path, arguments)
            objects = page.get(listed) if isinstance(page, dict) else None
            if not isinstance(objects, list) or not all(isinstance(each, dict) for each in objects):
                break
            found += objects
            if not page.get("resume"):
                return found
            arguments = {"resume": str(page["resume"])}
        raise DeviceError(
            self.device,
            f"GET {path} was answered without a proper list of `{listed}`",
            remedy="is this the OneFS release that the inventory says?",
        )

    def forget(self) -> None:
        """Forget what was read: something has changed, or must be looked at again."""
        self._held.clear()

    def close(self) -> None:
        """Close the connections. Never raises."""
        self._transport.close()

    def _get(self, path: str, query: Mapping[str, str] | None) -> Answer:
        retrying = Retrying(
            retry=retry_if_result(lambda answer: answer.broken),
            stop=stop_after_attempt(_READS),
            wait=wait_exponential(multiplier=0.1, max=2.0) + wait_random(max=0.2),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        answer: Answer = retrying(self._authorized, Request("GET", path, query=query or {}))
        if answer.broken:
            try:
                answer.accepted()
            except DeviceError as error:
                raise self._transport.give_up(error) from None
        return answer

    def _authorized(self, request: Request) -> Answer:
        """Ask with basic authentication; a refused login is tried once more and then never again."""
        while True:
            self._stop_if_locked_out()
            login = (self._endpoint.user, self._endpoint.password().get_secret_value())
            answer = self._transport.exchange(request, login=login)
            if not answer.unauthorized:
                return answer
            self._login_refused()

    def _stop_if_locked_out(self) -> None:
        if self._locked_out is not None:
            raise self._locked_out

    def _login_refused(self) -> None:
        """Count it; after the last attempt every further request is refused here, without the array being asked.

        Raises:
            AuthenticationError: no attempt is left.
        """
        self._logins += 1
        if self._logins >= _LOGINS:
            self._locked_out = AuthenticationError(
                self.device,
                f"the array refused the login of user `{self._endpoint.user}` {self._logins} times; it is not tried again in this run",
                remedy=f"check the credential (`{self._endpoint.password_reference}`) and that the user has ISI_PRIV_LOGIN_PAPI",
            )
            raise self._locked_out
        time.sleep(_LOGIN_PAUSE_S * (1 + random.random()))  # noqa: S311  jitter, not a secret


class PapiWriter(PapiReader):
    """Reads and writes in a session, with its anti-forgery token. Writes are sent once: only the caller knows which may be repeated."""

    can_write: ClassVar[bool] = True

    def __init__(self, endpoint: Endpoint, onefs: str) -> None:
        """No session yet: it begins with the first request."""
        super().__init__(endpoint, onefs)
        self._session: dict[str, str] | None = None

    def write(self, request: Request) -> Any:
        """Change something; gives the answer's body. All that was read is forgotten.

        Raises:
            RefusedError: in the array's own words.
            DeviceError: unreachable, not trusted, login refused. Whether the change happened is then not known.
        """
        self.forget()
        try:
            return self._authorized(request).accepted().body
        finally:
            self.forget()

    def close(self) -> None:
        """End the session, as far as the array still listens. Never raises."""
        if self._session is not None:
            with contextlib.suppress(InfraKitError):
                self._transport.exchange(Request("DELETE", "/session/1/session"), headers=self._session)
            self._session = None
        super().close()

    def _authorized(self, request: Request) -> Answer:
        fresh = self._session is None
        answer = self._transport.exchange(request, headers=self._open())
        if not answer.unauthorized:
            return answer
        # The array ended the session (it restarts its service, or it timed out) before it looked at the request.
        self._session = None
        if fresh:
            self._login_refused()
        return self._transport.exchange(request, headers=self._open())

    def _open(self) -> dict[str, str]:
        while self._session is None:
            self._stop_if_locked_out()
            login = {
                "username": self._endpoint.user,
                "password": self._endpoint.password().get_secret_value(),
                "services": ["platform", "namespace"],
            }
            answer = self._transport.exchange(Request("POST", "/session/1/session", login))
            if answer.unauthorized:
                self._login_refused()
                continue
            answer.accepted()
            self._session = self._headers(answer)
        return self._session

    def _headers(self, answer: Answer) -> dict[str, str]:
        session, token = answer.cookies.get("isisessid"), answer.cookies.get("isicsrf")
        if not session:
            raise DeviceError(
                self.device, "the array opened a session without a session cookie", remedy="is this address the array's platform API?"
            )
        headers = {"Cookie": f"isisessid={session}", "Origin": self._transport.url, "Referer": self._transport.url}
        return {**headers, "X-CSRF-Token": token} if token else headers
