"""What every noun of the inventory is: strict, closed, immutable."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Noun(BaseModel):
    """A closed (`extra="forbid"`), strictly typed, immutable part of the inventory."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
