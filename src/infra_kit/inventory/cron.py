"""Cron expressions as Kubernetes reads them: five fields, checked without a library that would have to be loaded for `validate`.

Kubernetes uses the standard parser of robfig/cron v3 (kubernetes.io, CronJob, schedule syntax): Sunday is 0 only, names of months
and days are their first three letters, `?` means `*`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ITEM = re.compile(r"(?P<first>[0-9]+|[a-z]{3}|[*?])(-(?P<last>[0-9]+|[a-z]{3}))?(/(?P<step>[0-9]+))?")


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()

    def number(self, text: str) -> int | None:
        """The value, where the field has it."""
        value = self.names.index(text) + self.least if text in self.names else int(text) if text.isdigit() else -1
        return value if self.least <= value <= self.most else None


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def defect(expression: str) -> str | None:
    """What is wrong with a cron expression; None if nothing.

    Args:
        expression: such as `15 2 * * 1-5`.
    """
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} field(s), not {len(_FIELDS)}"
    for field, text in zip(_FIELDS, fields, strict=True):
        for item in text.lower().split(","):
            if not _valid(field, item):
                return f"`{item}` is no {field.name} ({field.least}-{field.most})"
    return None


def _valid(field: _Field, item: str) -> bool:
    match = _ITEM.fullmatch(item)
    if match is None or (match["step"] is not None and int(match["step"]) == 0):
        return False
    if match["first"] in "*?":
        return match["last"] is None
    first = field.number(match["first"])
    last = field.number(match["last"]) if match["last"] else first
    return first is not None and last is not None and first <= last
