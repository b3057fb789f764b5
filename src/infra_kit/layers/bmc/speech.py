"""What goes wrong in talking to a BMC, as the errors of infra-kit: device, operation, its own words, what to do next."""

from __future__ import annotations

from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from sushy import exceptions as sushy_errors

from infra_kit.inventory.errors import AuthenticationError, DeviceError, RefusedError, TrustError, UnreachableError, causes
from infra_kit.layers.bmc.connector import untrusted
from infra_kit.layers.bmc.refusal import AttributesRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.access import Endpoint


@contextmanager
def speaking(endpoint: Endpoint, operation: str) -> Iterator[None]:
    """Turn what sushy raises inside the block into a DeviceError.

    Args:
        endpoint: whom the block talks to.
        operation: what it does, such as `reading the BIOS`.

    Raises:
        DeviceError: the fitting kind.
    """
    try:
        yield
    except sushy_errors.SushyError as error:
        raise translated(endpoint, operation, error) from error
    except (ValueError, KeyError, AttributeError, IndexError, TypeError) as error:
        # JSON of another shape than Redfish's: sushy reads it without looking and stumbles.
        raise DeviceError(
            endpoint.device,
            f"{operation}: the answer is not in the form of Redfish ({type(error).__name__}: {error})",
            remedy="check that the address is the BMC's and that its firmware is current; restart the BMC if it is",
        ) from error


def translated(endpoint: Endpoint, operation: str, error: sushy_errors.SushyError) -> DeviceError:
    """The error of infra-kit for one of sushy's."""
    device = endpoint.device
    if isinstance(error, sushy_errors.ConnectionError):
        return _unconnected(endpoint, operation, error)
    if isinstance(error, sushy_errors.HTTPError):
        return _refused(endpoint, operation, error)
    return DeviceError(device, f"{operation}: {error}", remedy="check the BMC's firmware")


def _unconnected(endpoint: Endpoint, operation: str, error: sushy_errors.ConnectionError) -> DeviceError:
    place = f"{endpoint.host}:{endpoint.port}"
    if untrusted(error):
        return TrustError(
            endpoint.device,
            f"{operation}: the certificate that {place} presents is not trusted: {_root_cause(error)}",
            remedy="make sure that this is the BMC; then put its authority into trust.ca_bundle, or give it a certificate for its address",
        )
    remedy = "check power, cable and address of the BMC"
    return UnreachableError(endpoint.device, f"{operation}: no answer from {place}: {_root_cause(error)}", remedy=remedy)


def _refused(endpoint: Endpoint, operation: str, error: sushy_errors.HTTPError) -> DeviceError:
    device = endpoint.device
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return AuthenticationError(
            device,
            f"{operation}: the BMC refused the login of user {endpoint.user}: {words(error)}",
            remedy=f"check the user and {endpoint.password_reference}; it is not tried again in this run, because BMCs lock accounts",
        )
    if isinstance(error, sushy_errors.ServerSideError):
        remedy = "wait a few minutes; restart the BMC if it stays so"
        return UnreachableError(device, f"{operation}: the BMC is not able to answer: {words(error)}", remedy=remedy)
    reasons = attribute_reasons(error)
    if reasons:
        return AttributesRefusedError(device, operation, reasons)
    return RefusedError(device, f"{operation}: refused: {words(error)}")


def words(error: sushy_errors.HTTPError) -> str:
    """The BMC's own words, message ids included."""
    said = [f"{entry.get('Message', '')} [{entry.get('MessageId', '')}]" for entry in _messages(error)]
    return " ".join(said) or f"HTTP {error.status_code}"


def attribute_reasons(error: sushy_errors.HTTPError) -> dict[str, str]:
    """Attribute -> reason, for the messages that are about one."""
    reasons: dict[str, str] = {}
    for entry in _messages(error):
        for related in entry.get("RelatedProperties") or ():
            if str(related).startswith("#/Attributes/"):
                reasons[str(related).removeprefix("#/Attributes/")] = str(entry.get("Message", ""))
    return reasons


def _messages(error: sushy_errors.HTTPError) -> list[dict[str, Any]]:
    extended = error.extended_info
    if isinstance(extended, dict):
        extended = [extended]
    return [entry for entry in extended or () if isinstance(entry, dict)]


def _root_cause(error: BaseException) -> str:
    """The innermost sentence: requests and urllib3 wrap it several times."""
    *_, cause = causes(error)
    return str(cause) or type(cause).__name__
