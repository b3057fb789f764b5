"""What a Kubernetes API server answers, and its refusals as our errors, in its own words.

Sources: the `Status` object and its reasons (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/); the
sentences of quota, Pod Security and RBAC as a v1.36 server gives them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from infra_kit.inventory.errors import AuthenticationError, DeviceError, RefusedError, UnreachableError

OK_BELOW = 300
UNAUTHORIZED, FORBIDDEN, NOT_FOUND, CONFLICT, GONE, INVALID, TOO_MANY, SERVER_FAILED = 401, 403, 404, 409, 410, 422, 429, 500

Why = Literal["permission", "quota", "admission"]

_CONFLICT = re.compile(r'conflict with "(?P<manager>(?:[^"\\]|\\.)*)"(?: with subresource "(?P<subresource>[^"]*)")?')
_IMMUTABLE = re.compile(
    r"immutable"
    r"|may not (?:be )?change"
    r"|(?:cannot|can not|must not|not allowed to) (?:be )?(?:change|update)"
    r"|updates? to .* (?:is|are) forbidden"
    r"|pod updates may not",
    re.IGNORECASE | re.DOTALL,
)
"""How the server's validation says that a field can be set at creation only (it has no reason of its own for that)."""
_NOT_TYPED = b"failed to create typed"
"""An apply with an unknown field or a value of another type is answered with status 500, though nothing has failed."""
_WARNING = re.compile(r'299 \S+ "(?P<text>(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that another manager holds."""

    path: str
    """As the server writes it: `.spec.template.spec.containers[name="web"].image`."""
    manager: str
    subresource: str = ""
    """`scale`, `status` ...; empty for the object itself."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason of a refusal."""

    field: str
    message: str

    @property
    def immutable(self) -> bool:
        """Whether the field can be set at creation only."""
        return _IMMUTABLE.search(self.message) is not None


class NotFoundError(RefusedError):
    """The object, its namespace or its kind does not exist.

    `kind` is the plural resource that is missing (`namespaces`), `name` its name; empty where the server did not say.
    """

    kind: str = ""
    name: str = ""


class ConflictError(RefusedError):
    """Another manager holds fields, or the object is not the one (any more) that was meant."""

    conflicts: Sequence[Conflict] = ()
    exists: bool = False
    """A creation found the object there already."""


class InvalidError(RefusedError):
    """The server understood the object and does not take its values."""

    causes: Sequence[Cause] = ()

    @property
    def immutable(self) -> bool:
        """Whether all that keeps the server from taking it are fields that are set at creation only."""
        return bool(self.causes) and all(cause.immutable for cause in self.causes)


class ForbiddenError(RefusedError):
    """RBAC, a quota or admission says no."""

    why: Why = "permission"


class ExpiredError(DeviceError):
    """The version from which a list or watch was to go on is gone; list again."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer."""

    device: str
    operation: str
    """For messages: `GET Deployment/fraud/mlflow`."""
    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def absent(self) -> bool:
        """404."""
        return self.status == NOT_FOUND

    @property
    def busy(self) -> bool:
        """The server did not begin with it: asking again is safe."""
        return self.status == TOO_MANY

    @property
    def broken(self) -> bool:
        """The server itself failed; whether it did what was asked is not known."""
        return self.status >= SERVER_FAILED and _NOT_TYPED not in self.content

    @property
    def body(self) -> dict[str, Any]:
        """The JSON of the answer.

        Raises:
            DeviceError: it is something else.
        """
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise DeviceError(
                self.device,
                f"{self.operation} was answered with something that is not a JSON object",
                remedy="is this address a Kubernetes API server?",
            )
        return found

    @property
    def retry_after_s(self) -> float | None:
        """How long the server asks to wait."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdigit() else None

    def warnings(self) -> list[str]:
        """What the server warns of, such as deprecated versions."""
        return [match["text"].replace('\\"', '"') for match in _WARNING.finditer(self.headers.get("warning", ""))]

    def accepted(self) -> Self:
        """Itself, where the server did what was asked.

        Raises:
            DeviceError: of the class that fits.
        """
        if self.status >= OK_BELOW:
            try:
                status = self.body
            except DeviceError:
                status = {}
            raise refusal(self.device, self.operation, self.status, status)
        return self


def refusal(device: str, operation: str, code: int, status: Mapping[str, Any]) -> DeviceError:
    """A `Status` as one of our errors.

    Args:
        device: the cluster's name.
        operation: what was asked.
        code: the HTTP status.
        status: the body; empty where it was no `Status`.
    """
    words = str(status.get("message") or f"HTTP status {code}")
    makers = {
        UNAUTHORIZED: _unauthorized,
        FORBIDDEN: _forbidden,
        NOT_FOUND: _not_found,
        CONFLICT: _conflict,
        GONE: lambda device, said, _status: ExpiredError(device, said),
        INVALID: _invalid,
    }
    said = f"{operation}: {words}"
    if _NOT_TYPED.decode() in words:
        return _not_typed(device, said)
    if code in makers:
        return makers[code](device, said, status)
    if code >= SERVER_FAILED or code == TOO_MANY:
        return UnreachableError(
            device, said, remedy="the API server or etcd behind it is failing; look at `/readyz?verbose`, then run again"
        )
    return RefusedError(device, f"{operation} was refused: {words}", remedy="mend the inventory or the program, then plan again")


def _details(status: Mapping[str, Any]) -> Mapping[str, Any]:
    found = status.get("details")
    return found if isinstance(found, Mapping) else {}


def _causes(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [cause for cause in _details(status).get("causes") or () if isinstance(cause, Mapping)]


def _unauthorized(device: str, said: str, _status: Mapping[str, Any]) -> DeviceError:
    return AuthenticationError(
        device,
        f"{said}: the API server does not take the token",
        remedy="check the credential that `kubernetes.credential` names; has it expired?",
    )


def _forbidden(device: str, said: str, _status: Mapping[str, Any]) -> DeviceError:
    if "exceeded quota" in said or "maximum " in said:
        why: Why = "quota"
        remedy = "raise the quota in the inventory, or ask for less"
    elif re.search(r'User "[^"]*" cannot ', said):
        why, remedy = "permission", "give infra-kit's account that right, or use another credential"
    else:
        why, remedy = "admission", "mend what the cluster's admission rules name"
    error = ForbiddenError(device, said, remedy=remedy)
    error.why = why
    return error


def _not_found(device: str, said: str, status: Mapping[str, Any]) -> DeviceError:
    error = NotFoundError(device, said)
    error.kind, error.name = str(_details(status).get("kind") or ""), str(_details(status).get("name") or "")
    return error


def _conflict(device: str, said: str, status: Mapping[str, Any]) -> DeviceError:
    error = ConflictError(device, said, remedy="plan again")
    error.exists = status.get("reason") == "AlreadyExists"
    error.conflicts = [
        Conflict(str(cause.get("field") or ""), found["manager"].replace('\\"', '"'), found["subresource"] or "")
        for cause in _causes(status)
        if (found := _CONFLICT.search(str(cause.get("message") or "")))
    ]
    return error


def _not_typed(device: str, said: str) -> DeviceError:
    error = InvalidError(device, said, remedy="mend the program: the API server's schema has no such field, or another type for it")
    field_path, _, message = said.rpartition("): ")[2].partition(": ")
    error.causes = [Cause(field_path.lstrip("."), message)]
    return error


def _invalid(device: str, said: str, status: Mapping[str, Any]) -> DeviceError:
    error = InvalidError(device, said, remedy="mend the inventory or the program, then plan again")
    error.causes = [Cause(str(cause.get("field") or ""), str(cause.get("message") or "")) for cause in _causes(status)]
    return error
