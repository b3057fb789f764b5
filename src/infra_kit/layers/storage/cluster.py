"""What holds for the array as a whole: that it is the right one, its licences, the protection of its node pools."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError, VerificationError
from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.reading import array_of, identity, reader, understood, writer
from infra_kit.layers.storage.resource import LAYER
from infra_kit.plan.resource import Change, Diff, Observed, Outcome, Unknown

if TYPE_CHECKING:
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.layers.storage.client import PapiReader
    from infra_kit.plan.resource import ReadContext, RunContext

_ACTIVE = frozenset({"Licensed", "Evaluation"})


def slug(name: str) -> str:
    """A licence's name as part of an id: `SmartConnect Advanced` and `SMARTCONNECT_ADVANCED` are the same."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def licences(storage: Storage) -> list[str]:
    """The licences that the inventory names, and those without which the array would refuse what it asks for."""
    pools = [pool for groupnet in storage.groupnets for subnet in groupnet.subnets for pool in subnet.pools]
    needed = {
        "HDFS": any(zone.hdfs for zone in storage.access_zones),
        "SmartConnect Advanced": any(pool.allocation == "dynamic" or pool.smartconnect_policy != "round_robin" for pool in pools),
        "SmartQuotas": bool(storage.quotas),
        "SnapshotIQ": bool(storage.snapshot_schedules),
    }
    named = {slug(name) for name in storage.licences}
    return [*storage.licences, *(name for name, is_needed in needed.items() if is_needed and slug(name) not in named)]


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Something of the array that is compared with the inventory and cannot be changed."""

    device: str
    depends_on: frozenset[str] = field(default=frozenset(), kw_only=True)
    groups: frozenset[str] = field(default=frozenset(), kw_only=True)

    def diff(self, observed: Observed) -> Diff:
        """Nothing to change: it is what it is."""
        del observed
        return Diff("none")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Nothing."""
        del observed, diff, context
        return Outcome()


@dataclass(frozen=True, slots=True)
class Identity(LookedAt):
    """That the array is the one of the inventory. If it is not, nothing of it can be read, so nothing is changed."""

    @property
    def id(self) -> str:
        """`storage/identity/ARRAY`."""
        return f"{LAYER}/identity/{self.device}"

    def read(self, context: ReadContext) -> Observed:
        """Release, nodes and model; `reader` has compared them with the inventory."""
        return Observed(identity(reader(context)))

    def verify(self, context: RunContext) -> None:
        """Compare again.

        Raises:
            IdentityError: it is another array.
        """
        self.read(context)


@dataclass(frozen=True, slots=True)
class Licence(LookedAt):
    """A licence that the inventory counts on. It can only be looked at: activating one needs Dell's licence file."""

    name: str

    @property
    def id(self) -> str:
        """`storage/licence/NAME`."""
        return f"{LAYER}/licence/{slug(self.name)}"

    def read(self, context: ReadContext) -> Observed | Unknown:
        """Its status; a licence that is not active makes unknown what needs it."""
        client = reader(context)
        path = client.versions.path("license/licenses")
        for item in client.listing(path, "licenses"):
            if slug(self.name) in (slug(str(item.get("name", ""))), slug(str(item.get("id", "")))):
                status = str(item.get("status"))
                return Observed({"status": status}) if status in _ACTIVE else self._missing(f"its status is {status}")
        return self._missing("the array does not list it")

    def _missing(self, reason: str) -> Unknown:
        remedy = f"activate it on the array (`isi license add`), or take what needs `{self.name}` out of the inventory"
        return Unknown(f"{self.device}: licence {self.name} is not active: {reason} ({remedy})")

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is not active.
        """
        state = self.read(context)
        if isinstance(state, Unknown):
            raise VerificationError(self.device, state.reason)


@dataclass(frozen=True, slots=True)
class Protection:
    """The requested protection of the node pools."""

    device: str
    level: str
    depends_on: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """`storage/protection/ARRAY`."""
        return f"{LAYER}/protection/{self.device}"

    def read(self, context: ReadContext) -> Observed:
        """The protection of each node pool that has a node of the inventory."""
        lnns = {node.lnn for chassis in array_of(context).chassis for node in chassis.nodes}
        return Observed(self._levels(reader(context), lnns))

    def _levels(self, client: PapiReader, lnns: set[int]) -> dict[str, Any]:
        pools = client.listing(client.versions.path("storagepool/nodepools"), "nodepools")

        def look() -> dict[str, Any]:
            return {pool["name"]: pool["protection_policy"] for pool in pools if lnns & set(pool["lnns"])}

        levels: dict[str, Any] = understood(client.device, "the listing of node pools", look)
        if not levels:
            raise DeviceError(client.device, "no node pool holds a node of the inventory", remedy="check the `lnn` of the nodes")
        return levels

    def diff(self, observed: Observed) -> Diff:
        """Pool by pool."""
        changes = [Change(f"{name}.protection_policy", level, self.level) for name, level in observed.state.items() if level != self.level]
        return Diff("update", "the array lays its files out anew in the background", changes) if changes else Diff("none")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Request it.

        Raises:
            DeviceError: refused, or it could not be done.
        """
        del observed
        client = writer(context)
        for change in diff.changes:
            name = change.path.removesuffix(".protection_policy")
            client.write(Request("PUT", client.versions.path("storagepool/nodepools", name=name), {"protection_policy": self.level}))
        return Outcome()

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: a pool has another protection.
        """
        writer(context).forget()
        for change in self.diff(self.read(context)).changes:
            raise VerificationError(self.device, f"{change.path} is {change.before}, wanted {self.level}", remedy="plan again")
