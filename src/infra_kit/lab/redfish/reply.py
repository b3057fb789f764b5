"""Answers of an iDRAC: status, body, headers; refusals in the Redfish ExtendedInfo form with Dell's message ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS = Path(__file__).parent / "data" / "messages.yaml"
_GENERAL = "A general error has occurred. See ExtendedInfo for more information"


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818  an answer that cuts the handling short, not a failure of the emulator
    """A request that the device does not carry out; becomes its answer."""

    def __init__(self, *messages: tuple[int, dict[str, Any]]) -> None:
        """Keep the messages; the first one's status is the answer's."""
        super().__init__(messages[0][1]["Message"])
        self.reply = Reply(
            messages[0][0],
            {"error": {"code": "Base.1.12.GeneralError", "message": _GENERAL, "@Message.ExtendedInfo": [entry for _, entry in messages]}},
        )


@cache
def _texts() -> dict[str, dict[str, Any]]:
    texts: dict[str, dict[str, Any]] = yaml.load(_TEXTS.read_bytes(), Loader=yaml.CSafeLoader)
    return texts


def message(key: str, *arguments: str, related: str = "") -> tuple[int, dict[str, Any]]:
    """A message of data/messages.yaml with its status.

    Args:
        key: its key there.
        arguments: what its text mentions.
        related: the property it is about, as a JSON pointer.
    """
    text = _texts()[key]
    about = [related] if related else []
    return text["status"], {
        "Message": text["text"].format(*arguments),
        "MessageArgs": list(arguments),
        "MessageArgs@odata.count": len(arguments),
        "MessageId": text["id"],
        "RelatedProperties": about,
        "RelatedProperties@odata.count": len(about),
        "Resolution": text["resolution"],
        "Severity": text["severity"],
    }


def refuse(key: str, *arguments: str, related: str = "") -> Refusal:
    """The refusal with one message."""
    return Refusal(message(key, *arguments, related=related))


def accomplished(key: str = "done", *, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """The answer to a change that was accepted."""
    return Reply(status, {"@Message.ExtendedInfo": [message("success")[1], message(key)[1]]}, headers or {})
