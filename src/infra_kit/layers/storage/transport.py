"""HTTPS to an array: verified trust, timeouts, and every way a connection fails as one of our errors."""

from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx

from infra_kit.inventory.errors import DeviceError, TrustError, UnreachableError, causes
from infra_kit.layers.storage.exchange import Answer, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.inventory.access import Endpoint

_AWAY_S = 60.0
"""For so long an array that did not answer is not asked again."""
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)


class Transport:
    """One HTTPS connection pool to an array.

    Args:
        endpoint: where, and trusted by what.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        """Load the trust anchor; nothing is sent yet.

        Raises:
            TrustError: the trust anchor cannot be read.
        """
        self._device = endpoint.device
        self.url = f"https://{endpoint.host}:{endpoint.port}"
        try:
            trust = ssl.create_default_context(cafile=str(endpoint.ca) if endpoint.ca else None)
        except (OSError, ssl.SSLError) as error:
            raise TrustError(
                self._device, f"the trust anchor {endpoint.ca} cannot be read: {error}", remedy="`trust.ca_bundle` of the site names it"
            ) from error
        self._away: tuple[float, DeviceError] | None = None
        self._http = httpx.Client(base_url=self.url, verify=trust, timeout=_TIMEOUT, trust_env=False, follow_redirects=False)

    def exchange(self, request: Request, *, headers: Mapping[str, str] | None = None, login: tuple[str, str] | None = None) -> Answer:
        """Ask once.

        Args:
            request: what.
            headers: a session's, beside the request's own.
            login: user and password, without a session.

        Raises:
            TrustError: the certificate is not the one to trust.
            UnreachableError: no connection, a broken one, or no answer in time.
            DeviceError: the answer is not what the platform API answers.
        """
        self._raise_if_away()
        operation = f"{request.method} {request.path}"
        try:
            response = self._http.request(
                request.method,
                request.path,
                params=dict(request.query) or None,
                json=request.body,
                headers={**(headers or {}), **request.headers},
                auth=login or httpx.USE_CLIENT_DEFAULT,
            )
        except httpx.TimeoutException as error:
            raise self.give_up(UnreachableError(self._device, f"{operation}: no answer in time from {self.url}", remedy=_REACH)) from error
        except httpx.ConnectError as error:
            raise self.give_up(self._failure(operation, error)) from error
        except httpx.TransportError as error:
            raise self._failure(operation, error) from error
        finally:
            # Sessions are ours to present, header by header; a jar would send them along with basic logins too.
            self._http.cookies.clear()
        return Answer(self._device, operation, response.status_code, self._json(operation, response), dict(response.cookies))

    def give_up(self, error: DeviceError) -> DeviceError:
        """Remember that the array is away: a plan of a hundred objects must not wait a hundred times. Gives the error back."""
        self._away = (time.monotonic(), error)
        return error

    def _raise_if_away(self) -> None:
        if self._away is not None and time.monotonic() - self._away[0] < _AWAY_S:
            raise self._away[1]

    def close(self) -> None:
        """Close the pool."""
        self._http.close()

    def _failure(self, operation: str, error: httpx.TransportError) -> DeviceError:
        for cause in causes(error):
            if isinstance(cause, ssl.SSLCertVerificationError):
                return TrustError(
                    self._device,
                    f"the certificate of {self.url} is not trusted: {cause.verify_message}",
                    remedy="put the authority that signed it into `trust.ca_bundle`; if it changed by itself, find out why first",
                )
        return UnreachableError(self._device, f"{operation}: {error or type(error).__name__} ({self.url})", remedy=_REACH)

    def _json(self, operation: str, response: httpx.Response) -> Any:
        if not response.content:
            return None
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            if response.is_error:
                return None
            raise DeviceError(
                self._device,
                f"{operation} was answered with something that is not JSON",
                remedy="is this address the array's platform API?",
            ) from error


_REACH = "check address, cabling and that the platform API answers on this port"
