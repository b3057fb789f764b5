"""How the platform API says no: a status, an AEC code, a sentence, and the field where there is one."""

from __future__ import annotations

from typing import Any

_CODES = {
    400: "AEC_BAD_REQUEST",
    401: "AEC_UNAUTHORIZED",
    403: "AEC_FORBIDDEN",
    404: "AEC_NOT_FOUND",
    405: "AEC_METHOD_NOT_ALLOWED",
    409: "AEC_CONFLICT",
    503: "AEC_EXCEPTION",
}


class Refusal(Exception):  # noqa: N818  a refusal is an answer, not a failure of the emulator
    """One refused request.

    Args:
        status: the HTTP status; the AEC code follows from it.
        message: the array's words.
        field: the field of the body or the query that is at fault.
    """

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        """Keep what the answer needs."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field

    @property
    def body(self) -> dict[str, Any]:
        """The answer's JSON body."""
        error: dict[str, Any] = {"code": _CODES[self.status], "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return {"errors": [error]}
