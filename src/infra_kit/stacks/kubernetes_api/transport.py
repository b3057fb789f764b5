"""HTTPS to an API server: verified trust, time-outs, bounded retries, and every way a connection fails as one of our errors."""

from __future__ import annotations

import random
import ssl
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from infra_kit.inventory.errors import AuthenticationError, DeviceError, TrustError, UnreachableError
from infra_kit.stacks.kubernetes_api.answers import UNAUTHORIZED, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
"""Longer than the 60 s after which an API server itself gives a request up would help nobody."""
_TRIES = 4
_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_AWAY_S = 5.0
"""For so long a server that could not be reached is not tried again: a plan of 3,000 objects must not wait 3,000 times."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked."""

    method: str
    path: str
    what: str
    """For messages: `Deployment/fraud/mlflow`."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    safe: bool = False
    """Whether it changes nothing, so that it may be sent again."""

    @property
    def operation(self) -> str:
        """Method and object."""
        return f"{self.method} {self.what}"


class Transport:
    """One pool of connections to an API server.

    Args:
        endpoint: where, trusted by what, with which bearer token.

    Raises:
        TrustError: the trust anchor cannot be read.
        NoSecretError: the token does not resolve.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """Nothing is sent yet."""
        self.device = endpoint.device
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        self.url = f"https://{host}:{endpoint.port}"
        try:
            trust = ssl.create_default_context(cafile=str(endpoint.ca) if endpoint.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise TrustError(
                self.device, f"the trust anchor {endpoint.ca} cannot be read: {error}", remedy="`trust.ca_bundle` of the site names it"
            ) from error
        self._away: tuple[float, DeviceError] | None = None
        self._refused: AuthenticationError | None = None
        self._trust = trust
        self._at_rest: deque[httpx.HTTPTransport] = deque()
        self._headers = {
            "Host": f"{host}:{endpoint.port}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "Authorization": f"Bearer {endpoint.password().get_secret_value()}",
            "User-Agent": "infra-kit",
        }

    def ask(self, call: Call) -> Answer:
        """Ask, and again where that is safe: after a 429 always, after a failure only what changes nothing.

        Raises:
            AuthenticationError: the token is refused; nothing more is sent with it.
            TrustError: the certificate is not the one to trust.
            UnreachableError: no connection, a broken one, or no answer in time.
        """
        self._raise_if_away()
        for left in reversed(range(_TRIES)):
            pause_s = _PAUSE_S * 2 ** (_TRIES - 1 - left)
            try:
                answer = self._once(call)
            except UnreachableError as error:
                if not (left and call.safe):
                    if call.safe:  # who has lost the answer to a change looks at once what became of it
                        self._away = (time.monotonic(), error)
                    raise
            else:
                if not left or not (answer.busy or (answer.broken and call.safe)):
                    return answer
                pause_s = answer.retry_after_s or pause_s
            time.sleep(min(pause_s, _LONGEST_PAUSE_S) * (1 + random.random() / 2))  # noqa: S311  jitter, not a secret
        raise AssertionError  # the last round returns or raises

    @contextmanager
    def stream(self, call: Call, timeout_s: float) -> Iterator[Iterator[str]]:
        """The lines of an answer that goes on, a watch's.

        Args:
            call: a GET.
            timeout_s: for how long no line may come.

        Raises:
            UnreachableError: no connection, or it broke.
            DeviceError: as `Answer.accepted`.
        """
        self._raise_if_away()
        timeout = httpx.Timeout(60.0, connect=5.0, read=timeout_s)
        with self._failing(call), self._connection() as http, closing(http.handle_request(self._request(call, timeout))) as response:
            if response.is_error:
                Answer(self.device, call.operation, response.status_code, response.read(), response.headers).accepted()
            yield response.iter_lines()

    def _once(self, call: Call) -> Answer:
        with self._failing(call), self._connection() as http, closing(http.handle_request(self._request(call, _TIMEOUT))) as response:
            response.read()
        answer = Answer(self.device, call.operation, response.status_code, response.content, response.headers)
        if answer.status == UNAUTHORIZED:
            try:
                answer.accepted()
            except AuthenticationError as error:
                self._refused = error
                raise
        return answer

    @contextmanager
    def _connection(self) -> Iterator[httpx.HTTPTransport]:
        """A connection of one's own, the one that was used last.

        Without httpx.Client around it: its redirects, cookies and merging of URLs cost as much time as all the rest of a request. Nor with
        many connections in one pool, which looks at each of them before and after every request.
        """
        try:
            http = self._at_rest.pop()
        except IndexError:
            http = httpx.HTTPTransport(verify=self._trust, trust_env=False, limits=_ONE)
        try:
            yield http
        finally:
            self._at_rest.append(http)

    def _request(self, call: Call, timeout: httpx.Timeout) -> httpx.Request:
        query = f"?{urlencode(call.query)}" if call.query else ""
        return httpx.Request(
            call.method,
            f"{self.url}{call.path}{query}",
            headers={**self._headers, **call.headers},
            content=call.body,
            extensions={"timeout": timeout.as_dict()},
        )

    @contextmanager
    def _failing(self, call: Call) -> Iterator[None]:
        try:
            yield
        except httpx.TimeoutException as error:
            raise UnreachableError(self.device, f"{call.operation}: no answer in time from {self.url}", remedy=_REACH) from error
        except httpx.TransportError as error:
            raise self._failure(call, error) from error

    def _raise_if_away(self) -> None:
        if self._refused is not None:
            raise self._refused
        if self._away is not None and time.monotonic() - self._away[0] < _AWAY_S:
            raise self._away[1]

    def close(self) -> None:
        """Close what is open. Never raises."""
        with suppress(IndexError):
            while True:
                self._at_rest.pop().close()

    def _failure(self, call: Call, error: httpx.TransportError) -> DeviceError:
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, ssl.SSLCertVerificationError):
                return TrustError(
                    self.device,
                    f"the certificate of {self.url} is not trusted: {cause.verify_message}",
                    remedy="put the authority that signed it into `trust.ca_bundle`; if it changed by itself, find out why first",
                )
            cause = cause.__cause__ or cause.__context__
        return UnreachableError(self.device, f"{call.operation}: {error or type(error).__name__} ({self.url})", remedy=_REACH)


_REACH = "check the address, and that the API server runs and answers on this port"
