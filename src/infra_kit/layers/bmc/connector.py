"""HTTPS to a BMC as sushy's connector, with the trust, the retries and the login limit of infra-kit."""

from __future__ import annotations

import logging
import ssl
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from requests import exceptions as requests_errors
from requests.adapters import HTTPAdapter
from sushy import exceptions as sushy_errors
from sushy.connector import Connector
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base, wait_random_exponential

from infra_kit.inventory.errors import TrustError

if TYPE_CHECKING:
    from infra_kit.inventory.access import Endpoint

# What sushy logs is raised too; without a handler Python would print it beside our own message.
logging.getLogger("sushy").addHandler(logging.NullHandler())

CONNECT_S = 5.0
READ_S = 60.0
MAX_LOGINS = 2
"""Refused logins after which a BMC is not asked again: iDRACs lock an account or an address after a few."""


class BmcConnector(Connector):  # type: ignore[misc]
    """One BMC's connector.

    sushy retries at once and at a fixed pace; here every request is sent once by sushy and repeated by tenacity, with
    growing random waits, and only where a repetition cannot do harm: reads, and changes that the BMC refused because
    it was not ready (503, SYS518).

    Args:
        endpoint: where it is, and what its certificate is checked against.
        read_only: refuse to send anything but GET.
        attempts: how often a request is sent at most.

    Raises:
        TrustError: the authorities to check its certificate against cannot be read.
    """

    wait: ClassVar[wait_base] = wait_random_exponential(multiplier=0.5, max=20)

    def __init__(self, endpoint: Endpoint, *, read_only: bool, attempts: int) -> None:
        """Send nothing yet."""
        super().__init__(
            f"https://{endpoint.host}:{endpoint.port}",
            server_side_retries=1,
            server_side_retries_delay=0,
            default_request_timeout=READ_S,
            connect_timeout=CONNECT_S,
        )
        self._read_only = read_only
        self._refusal: sushy_errors.AccessError | None = None
        self._refused_logins = 0
        self._attempts = attempts
        # Proxies and .netrc of the environment must decide neither where a password goes nor which one is sent.
        self._session.trust_env = False
        self._session.mount("https://", _PinnedTrust(_trust(endpoint)))

    def _op(self, method: str, path: str = "", **options: Any) -> Any:
        """Send a request; every verb of sushy's connector comes through here.

        Raises:
            SushyError: as sushy raises it, after the last repetition.
            RuntimeError: a change in a read-only run (a bug, caught by the suite).
        """
        if self._read_only and method != "GET":
            msg = f"{method} {path} in a read-only run"
            raise RuntimeError(msg)
        if self._refusal is not None and self._refused_logins >= MAX_LOGINS:
            raise self._refusal
        if urlsplit(path).netloc and not path.startswith(f"{self._url}/"):
            raise sushy_errors.SushyError(f"the BMC refers to another host, which is not asked: {path}")
        # A redirect would lead to a host that the inventory does not name.
        options |= {"server_side_retries_left": 0, "allow_redirects": False}

        def once() -> Any:
            try:
                return super(BmcConnector, self)._op(method, path, **options)
            except sushy_errors.AccessError as error:
                if error.status_code == HTTPStatus.UNAUTHORIZED:
                    self._refused_logins += 1
                    self._refusal = error
                raise

        def worth_repeating(error: BaseException) -> bool:
            if isinstance(error, sushy_errors.AccessError):
                return error.status_code == HTTPStatus.UNAUTHORIZED and self._refused_logins < MAX_LOGINS
            return harmless_to_repeat(method, error)

        retrying = Retrying(stop=self._enough, wait=self.wait, retry=retry_if_exception(worth_repeating), reraise=True)
        return retrying(once)

    def _enough(self, state: RetryCallState) -> bool:
        return stop_after_attempt(self._attempts)(state)


def harmless_to_repeat(method: str, error: BaseException) -> bool:
    """Whether a failed request may be sent again: it did nothing, and may do better next time."""
    if isinstance(error, sushy_errors.ConnectionError):
        # A change whose answer was lost may have happened: reading decides, not repeating.
        return method == "GET" and not untrusted(error)
    if isinstance(error, sushy_errors.HTTPError) and "SYS518" in str(error):
        return True
    if isinstance(error, sushy_errors.ServerSideError):
        return method == "GET" or error.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    return False


def untrusted(error: BaseException) -> bool:
    """Whether the connection failed because the certificate is not trusted."""
    return isinstance(error.__context__, requests_errors.SSLError)


def _trust(endpoint: Endpoint) -> ssl.SSLContext:
    if endpoint.ca is None:
        return _context(None, 0)
    try:
        return _context(str(endpoint.ca), endpoint.ca.stat().st_mtime_ns)
    except OSError as error:  # ssl.SSLError is one: a file without a certificate in it
        raise TrustError(
            endpoint.device,
            f"the authorities in {endpoint.ca} cannot be used: {error}",
            remedy="make trust.ca_bundle name a PEM file with the authorities that signed the BMCs' certificates",
        ) from error


@lru_cache(maxsize=64)
def _context(ca: str | None, _changed_ns: int) -> ssl.SSLContext:
    # One context for all BMCs of an authority: building one costs more than a request.
    return ssl.create_default_context(cafile=ca)


class _PinnedTrust(HTTPAdapter):
    """Checks certificates by the given context only; requests would add its own bundle of authorities."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, ssl_context=self._context, **options)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        del url, verify, cert
        conn.cert_reqs = "CERT_REQUIRED"
        conn.ca_certs = None
        conn.ca_cert_dir = None
