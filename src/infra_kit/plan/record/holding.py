"""Who holds a site's locks, as someone else sees it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from infra_kit.plan.record.holder import Holder
from infra_kit.plan.record.tables import LockRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from infra_kit.plan.record.database import Database

STALE_AFTER: Final = dt.timedelta(seconds=90)
"""A holder on another host that has been silent for this long is taken for dead; the pause of a virtual machine is shorter."""


@dataclass(frozen=True, slots=True)
class Held:
    """A lock that a run holds."""

    holder: Holder
    run: str
    scopes: tuple[str, ...]
    """What it locks: `("",)` is the whole site."""
    token: str
    since: dt.datetime
    silent: dt.timedelta

    @property
    def dead(self) -> bool:
        """Whether it is certain that the holder is gone: its process was on this machine and is no more."""
        return self.holder.here and not self.holder.alive

    @property
    def stale(self) -> str:
        """Why the holder is dead or taken for dead; empty while it is not."""
        if self.holder.here:
            return f"process {self.holder.pid} is gone from this host" if self.dead else ""
        if self.silent > STALE_AFTER:
            return f"{self.holder.host} has been silent for {int(self.silent.total_seconds())} s"
        return ""

    @property
    def text(self) -> str:
        """Holder, place and time, for messages."""
        who = self.holder
        return f"{who.user}@{who.host}, process {who.pid}, run {self.run}, since {self.since.isoformat(timespec='seconds')}"


def all_held(database: Database, session: Session, site: str) -> list[Held]:
    """Every lock of a site, the eldest first: one entry for each run, whatever number of scopes it holds."""
    rows = session.scalars(select(LockRow).where(LockRow.site == site).order_by(LockRow.token, LockRow.scope)).all()
    if not rows:
        return []
    now = database.now(session)
    found = []
    for token, of_one in groupby(rows, key=lambda row: row.token):
        held = list(of_one)
        row = held[0]
        holder = Holder(row.user, row.host, row.machine, row.pid, row.process_start)
        silent = now - max(each.heartbeat for each in held)
        found.append(Held(holder, row.run, tuple(each.scope for each in held), token, min(each.since for each in held), silent))
    return sorted(found, key=lambda each: (each.since, each.run))
