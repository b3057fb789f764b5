"""What is asked of the platform API, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from infra_kit.inventory.errors import RefusedError, UnreachableError

_UNAUTHORIZED = 401
_NOT_FOUND = 404
_FAILED = 400
_SERVER_FAILED = 500


@dataclass(frozen=True, slots=True)
class Request:
    """What the array is asked."""

    method: str
    path: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the array answered."""

    device: str
    operation: str
    """Method and path, for messages."""
    status: int
    body: Any
    cookies: Mapping[str, str]

    @property
    def unauthorized(self) -> bool:
        """The login was refused, or the session has ended."""
        return self.status == _UNAUTHORIZED

    @property
    def absent(self) -> bool:
        """There is no such object."""
        return self.status == _NOT_FOUND

    @property
    def broken(self) -> bool:
        """The array itself failed: nothing is known of what was asked."""
        return self.status >= _SERVER_FAILED

    @property
    def words(self) -> str:
        """The array's own words: message and field of each of its errors."""
        errors = self.body.get("errors") if isinstance(self.body, dict) else None
        found = [_sentence(error) for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        return "; ".join(found) or f"HTTP status {self.status}"

    def accepted(self) -> Self:
        """Itself, where the array did what was asked.

        Raises:
            RefusedError: it understood and refused.
            UnreachableError: a service of it is down.
        """
        if self.broken:
            raise UnreachableError(
                self.device,
                f"{self.operation}: {self.words}",
                remedy="the array's API service is failing; look at `isi services`, then run again",
            )
        if self.status >= _FAILED:
            raise RefusedError(
                self.device, f"{self.operation} was refused: {self.words}", remedy="mend the inventory or the array, then plan again"
            )
        return self


def _sentence(error: dict[str, Any]) -> str:
    field = f" (field {error['field']})" if error.get("field") else ""
    return f"{error.get('message') or error.get('code') or 'no reason given'}{field}"
