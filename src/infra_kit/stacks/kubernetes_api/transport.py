"""HTTPS to an API server: verified trust, time-outs, bounded retries, and every way a connection fails as one of our errors."""

from __future__ import annotations

import itertools
import random
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

from infra_kit.inventory.errors import AuthenticationError, DeviceError, NoAnchorError, TrustError, UnreachableError, causes
from infra_kit.plan.resource import never
from infra_kit.stacks.kubernetes_api.answers import FORBIDDEN, OK_BELOW, UNAUTHORIZED, Answer
from infra_kit.stacks.kubernetes_api.outage import TRIES, Outage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1)
_TIMEOUT = httpx.Timeout(35.0, connect=5.0)
"""The longest that an admission webhook may take is 30 s; a server that hangs is not to be waited for much longer."""
_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 5.0
_LONGEST_SILENT_PAUSE_S = 2.0
"""While the server is away: who comes back is soon noticed."""
_LOOK_S = 0.5
"""For at most so long nobody looks whether the run was told to stop."""
_SETTLED_S = 5.0
"""For so long after its start a server is not asked that does not tell infra-kit's account whether it is ready."""
_READY = "/readyz"


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


class NotConnectedError(UnreachableError):
    """There was no connection: nothing was sent."""


class Transport:
    """One pool of connections to an API server.

    Args:
        endpoint: where, trusted by what, with which bearer token.
        interrupted: whether to stop waiting for a server that is away.

    Raises:
        NoAnchorError: the trust anchor is not there.
        TrustError: it cannot be read.
        NoSecretError: the token does not resolve.
    """

    def __init__(self, endpoint: Endpoint, interrupted: Callable[[], bool] = never) -> None:
        """Nothing is sent yet."""
        self.device = endpoint.device
        host = f"[{endpoint.host}]" if ":" in endpoint.host else endpoint.host
        self.url = f"https://{host}:{endpoint.port}"
        try:
            trust = ssl.create_default_context(cafile=str(endpoint.ca) if endpoint.ca else None)
        except FileNotFoundError as error:
            raise NoAnchorError(
                self.device,
                f"its trust anchor {endpoint.ca} is not there",
                remedy="where infra-kit makes the cluster, apply layer hosts; else `trust.ca_bundle` of the site names it",
            ) from error
        except (OSError, ssl.SSLError) as error:
            raise TrustError(
                self.device, f"the trust anchor {endpoint.ca} cannot be read: {error}", remedy="`trust.ca_bundle` of the site names it"
            ) from error
        self._outage = Outage(self.device)
        self._hidden_since: float | None = None
        self._interrupted = interrupted
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
        """Ask, and again where that is safe: after a 429 or without a connection always, after a failure only what changes nothing.

        Raises:
            AuthenticationError: the token is refused; nothing more is sent with it.
            TrustError: the certificate is not the one to trust.
            AwayError: the server has been given up.
            UnreachableError: no connection, a broken one, or no answer in time.
        """
        with self._outage.alone_at_first():
            for tries in itertools.count(1):
                self._outage.admit()
                began = time.monotonic()
                pause_s = _PAUSE_S * 2 ** min(tries - 1, 10)
                try:
                    self._require_ready()
                    answer = self._once(call)
                except UnreachableError as error:
                    self._bear(call, error, began, tries)
                    self._rest(min(pause_s, _LONGEST_SILENT_PAUSE_S))
                else:
                    if tries >= TRIES or not (answer.busy or (answer.broken and call.safe)):
                        return answer
                    self._rest(min(answer.retry_after_s or pause_s, _LONGEST_PAUSE_S))
        raise AssertionError  # there is always another try, until one returns or raises

    def _bear(self, call: Call, error: UnreachableError, began: float, tries: int) -> None:
        """Raise, unless the request may be sent again."""
        self._drop()
        verdict = self._outage.silence(error, began, tries)
        if verdict is not None:
            raise verdict from error
        # Who has lost the answer to a change looks at once what became of it.
        if not (call.safe or isinstance(error, NotConnectedError)) or self._interrupted():
            raise error

    def _rest(self, pause_s: float) -> None:
        end = time.monotonic() + pause_s * (1 + random.random() / 2)  # noqa: S311  jitter, not a secret
        while (left := end - time.monotonic()) > 0 and not self._interrupted():
            time.sleep(min(left, _LOOK_S))

    def _require_ready(self) -> None:
        """Of a server that was silent: see that it is itself again.

        One that starts answers before it has read its own rules, and refuses then what it will allow a moment later.

        Raises:
            AuthenticationError: it does not take the token.
            UnreachableError: it is not.
        """
        if not self._outage.silent:
            self._hidden_since = None
            return
        try:
            answer = self._sent(Call("GET", _READY, _READY, safe=True))
        except UnreachableError as error:
            raise NotConnectedError(self.device, error.what, remedy=error.remedy) from error  # what was to be asked was not sent
        self._require_taken(answer)
        if answer.status == FORBIDDEN:
            self._hidden_since = self._hidden_since or time.monotonic()
            if time.monotonic() - self._hidden_since >= _SETTLED_S:
                return
        elif answer.status < OK_BELOW:
            self._hidden_since = None
            self._outage.answered()
            return
        raise NotConnectedError(self.device, f"the API server is not ready yet: {_READY} is answered with status {answer.status}")

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
        self._outage.admit()
        timeout = httpx.Timeout(60.0, connect=5.0, read=timeout_s)
        began = time.monotonic()
        try:
            self._require_ready()
            with self._failing(call), self._connection() as http, closing(http.handle_request(self._request(call, timeout))) as response:
                answer = Answer(self.device, call.operation, response.status_code, response.read() if response.is_error else b"")
                self._require_taken(answer)
                self._outage.answered()
                answer.accepted()
                yield response.iter_lines()
        except UnreachableError as error:
            if not isinstance(error, NotConnectedError) and not isinstance(error.__cause__, httpx.TransportError):
                raise  # an answer, too
            self._drop()
            raise self._outage.silence(error, began, 0) or error from error

    def _once(self, call: Call) -> Answer:
        answer = self._sent(call)
        self._require_taken(answer)
        self._outage.answered()
        return answer

    def _sent(self, call: Call) -> Answer:
        with self._failing(call), self._connection() as http, closing(http.handle_request(self._request(call, _TIMEOUT))) as response:
            response.read()
        return Answer(self.device, call.operation, response.status_code, response.content, response.headers)

    def _require_taken(self, answer: Answer) -> None:
        """Raise where the token is not taken; the answer may say anything else."""
        if answer.status == UNAUTHORIZED:
            try:
                answer.accepted()
            except AuthenticationError as error:
                raise self._outage.refused(error) from error

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
            kind = NotConnectedError if isinstance(error, httpx.ConnectTimeout) else UnreachableError
            raise kind(self.device, f"{call.operation}: no answer in time from {self.url}", remedy=_REACH) from error
        except httpx.TransportError as error:
            raise self._failure(call, error) from error

    def close(self) -> None:
        """Close what is open. Never raises."""
        self._drop()

    def _drop(self) -> None:
        """Close what is at rest: connections to a server that was away are broken, and the next request would be lost on one."""
        with suppress(IndexError):
            while True:
                self._at_rest.pop().close()

    def _failure(self, call: Call, error: httpx.TransportError) -> DeviceError:
        for cause in causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return TrustError(
                    self.device,
                    f"the certificate of {self.url} is not trusted: {cause.verify_message}",
                    remedy="put the authority that signed it into `trust.ca_bundle`; if it changed by itself, find out why first",
                )
        kind = NotConnectedError if isinstance(error, httpx.ConnectError) else UnreachableError
        return kind(self.device, f"{call.operation}: {error or type(error).__name__} ({self.url})", remedy=_REACH)


_REACH = "check the address, and that the API server runs and answers on this port"
