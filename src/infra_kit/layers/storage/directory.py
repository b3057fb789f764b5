"""Directories below /ifs that zones, HDFS roots, quotas, exports and snapshot schedules need, through the namespace API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from infra_kit.inventory.errors import DeviceError, VerificationError
from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.reading import reader, writer
from infra_kit.layers.storage.resource import LAYER
from infra_kit.plan.resource import Change, Diff, Observed, Outcome

if TYPE_CHECKING:
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.layers.storage.client import PapiReader
    from infra_kit.plan.resource import ReadContext, RunContext

KIND = "directory"
MODE = "0755"
HEADERS = {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": MODE}


def directories(storage: Storage) -> list[str]:
    """Every directory that something of the array's configuration stands on, without the slashes at its ends; parents first."""
    paths = {zone.path for zone in storage.access_zones}
    paths |= {quota.path for quota in storage.quotas}
    paths |= {export.path for export in storage.nfs_exports}
    paths |= {schedule.path for schedule in storage.snapshot_schedules}
    paths |= {zone.hdfs.root_directory for zone in storage.access_zones if zone.hdfs}
    return sorted(path.strip("/") for path in paths if path.rstrip("/") != "/ifs")


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory. It is made with mode 0755; owner and mode of one that exists are left alone.

    As a leftover (`wanted` False) it is removed only while it is empty: the array refuses otherwise, and data is never removed.
    """

    device: str
    name: str
    depends_on: frozenset[str]
    wanted: bool = True
    groups: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        """`storage/directory/ifs/data/...`."""
        return f"{LAYER}/{KIND}/{self.name}"

    @property
    def path(self) -> str:
        """Its path in the namespace API."""
        return f"/namespace/{quote(self.name)}"

    def creation(self) -> Request:
        """The request that makes it, and what is missing above it."""
        return Request("PUT", self.path, query={"recursive": "true", "overwrite": "false"}, headers=HEADERS)

    def read(self, context: ReadContext) -> Observed:
        """Whether it is there."""
        return Observed({"present": self._present(reader(context))})

    def _present(self, client: PapiReader) -> bool:
        return client.read(self.path, {"acl": ""}) is not None

    def diff(self, observed: Observed) -> Diff:
        """There or not."""
        if observed.state["present"] == self.wanted:
            return Diff("none")
        if self.wanted:
            return Diff("create", "is not on the array", [Change("mode", None, MODE)])
        return Diff("delete", "was made by infra-kit; goes only if it is empty", [Change(KIND, f"/{self.name}", None)])

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Make it, or remove it while it is empty.

        Raises:
            RefusedError: in the array's words.
            DeviceError: it could not be done.
        """
        del observed, diff
        client = writer(context)
        try:
            if self.wanted:
                client.write(self.creation())
            else:
                client.write(Request("DELETE", self.path))
        except DeviceError:
            # Only the answer may have been lost, or another hand was faster: what counts is what is there.
            if self._present(client) != self.wanted:
                raise
        return Outcome(record={"depends_on": sorted(self.depends_on)}) if self.wanted else Outcome()

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is not as wanted.
        """
        client = writer(context)
        client.forget()
        if self._present(client) != self.wanted:
            state = "is not on the array" if self.wanted else "is still there"
            raise VerificationError(self.device, f"the change of {self.id} was accepted, but it {state}", remedy="plan again")
