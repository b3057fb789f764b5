"""Directories below /ifs, through the namespace API: those that the array's own configuration stands on, and the workspaces' volumes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from infra_kit.inventory import volumes
from infra_kit.inventory.errors import DeviceError, RefusedError, VerificationError
from infra_kit.layers.storage.exchange import Request
from infra_kit.layers.storage.reading import reader, understood, writer
from infra_kit.layers.storage.resource import LAYER
from infra_kit.plan.resource import Change, Diff, Observed, Outcome
from infra_kit.plan.scope import workspace as scope_of_workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.kubernetes import NfsExport
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.storage import Storage
    from infra_kit.layers.storage.client import PapiReader, PapiWriter
    from infra_kit.plan.resource import ReadContext, RunContext

KIND = "directory"
MODE = "0755"


@dataclass(frozen=True, slots=True)
class Permissions:
    """Whose a directory is, and who may do what in it. What is not stated is neither compared nor changed.

    Args:
        mode: octal, such as `2770`.
        owner: uid.
        group: gid.
    """

    mode: str | None = None
    owner: int | None = None
    group: int | None = None

    @property
    def stated(self) -> dict[str, str]:
        """What is stated, by the namespace API's names; numbers, because a name means something else in every access zone."""
        values = {
            "mode": None if self.mode is None else _octal(self.mode),
            "owner": None if self.owner is None else f"UID:{self.owner}",
            "group": None if self.group is None else f"GID:{self.group}",
        }
        return {name: value for name, value in values.items() if value is not None}

    def body(self) -> dict[str, Any]:
        """The body of the request that sets them."""
        found: dict[str, Any] = {"authoritative": "mode"}
        for name, value in self.stated.items():
            found[name] = value if name == "mode" else {"type": value.partition(":")[0], "id": value}
        return found


def _octal(mode: str) -> str:
    return f"{int(mode, 8):04o}"


def _observed(acl: dict[str, Any], names: dict[str, str]) -> dict[str, str]:
    return {name: _octal(acl[name]) if name == "mode" else str(acl[name]["id"]) for name in names}


@dataclass(frozen=True, slots=True)
class Need:
    """What is needed of one directory.

    Args:
        permissions: those that it must have; nothing stated: those it was made with, or has.
        scope: the part of the site that it belongs to.
    """

    permissions: Permissions = Permissions()
    scope: str = ""


def directories(site: Site) -> dict[str, Need]:
    """Every directory that something stands on, without the slashes at its ends; parents first."""
    found: dict[str, Need] = {}
    if site.storage:
        found |= dict.fromkeys(_configured(site.storage), Need())
    if nfs := volumes.on_array(site):
        found.setdefault(beneath(nfs, ""), Need())
        found |= _of_workspaces(site, nfs)
    return {name: found[name] for name in sorted(found)}


def _configured(storage: Storage) -> Iterator[str]:
    paths = {zone.path for zone in storage.access_zones}
    paths |= {quota.path for quota in storage.quotas}
    paths |= {export.path for export in storage.nfs_exports}
    paths |= {schedule.path for schedule in storage.snapshot_schedules}
    paths |= {zone.hdfs.root_directory for zone in storage.access_zones if zone.hdfs}
    return (path.strip("/") for path in paths if path.rstrip("/") != "/ifs")


def _of_workspaces(site: Site, nfs: NfsExport) -> dict[str, Need]:
    found: dict[str, Need] = {}
    for workspace in site.workspaces:
        scope = scope_of_workspace(workspace.name)
        for each in volumes.directories(site, workspace):
            # Those above are only passed through, by the nodes' root: an NFS client mounts the volume's own directory.
            for parent in list(PurePosixPath(each.path).parents)[:-1]:
                found.setdefault(beneath(nfs, str(parent)), Need(scope=scope))
            found[beneath(nfs, each.path)] = Need(Permissions(volumes.MODE, each.owner, volumes.GROUP), scope)
    return found


def beneath(nfs: NfsExport, path: str) -> str:
    """A directory's name as ids have it, from its path beneath the volumes' export."""
    return "/".join(part for part in (nfs.path.strip("/"), path) if part)


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory. It is made with mode 0755 where nothing is stated; owner and mode of one that exists are then left alone.

    As a leftover (`wanted` False) it is removed only while it is empty; otherwise it stays, and is nobody's of ours any more.
    """

    device: str
    name: str
    depends_on: frozenset[str]
    wanted: bool = True
    groups: frozenset[str] = frozenset()
    permissions: Permissions = Permissions()
    scope: str = ""

    @property
    def id(self) -> str:
        """`storage/directory/ifs/data/...`."""
        return f"{LAYER}/{KIND}/{self.name}"

    @property
    def path(self) -> str:
        """Its path in the namespace API."""
        return f"/namespace/{quote(self.name)}"

    def requests(self) -> list[Request]:
        """Those that make it, and what is missing above it."""
        # Until it has its owner nobody else gets in: special bits and others' rights come with the second request.
        mode = f"0{_octal(self.permissions.mode)[1:]}" if self.permissions.mode else MODE
        headers = {"x-isi-ifs-target-type": "container", "x-isi-ifs-access-control": mode}
        creation = Request("PUT", self.path, query={"recursive": "true", "overwrite": "false"}, headers=headers)
        return [creation, *([self._permission()] if self.permissions.stated else [])]

    def _permission(self) -> Request:
        return Request("PUT", self.path, self.permissions.body(), query={"acl": "true"})

    def read(self, context: ReadContext) -> Observed:
        """Whether it is there, and of its permissions those that are stated."""
        return self._look(reader(context))

    def _look(self, client: PapiReader) -> Observed:
        acl = client.read(self.path, {"acl": ""})
        names = self.permissions.stated
        if acl is None or not names:
            return Observed({"present": acl is not None})
        found = understood(client.device, f"the permissions of /{self.name}", lambda: _observed(acl, names))
        return Observed({"present": True, "permissions": found})

    def diff(self, observed: Observed) -> Diff:
        """There or not, and with which permissions."""
        present, stated = observed.state["present"], self.permissions.stated
        if self.wanted and not present:
            return Diff("create", "is not on the array", [Change(name, None, value) for name, value in (stated or {"mode": MODE}).items()])
        if present and not self.wanted:
            return Diff("delete", "was made by infra-kit; goes only if it is empty", [Change(KIND, f"/{self.name}", None)])
        before = observed.state.get("permissions", {})
        changes = [Change(name, before[name], value) for name, value in stated.items() if present and before[name] != value]
        return Diff("update", "differs; what is in it keeps its own", changes) if changes else Diff("none")

    def apply(self, observed: Observed, diff: Diff, context: RunContext) -> Outcome:
        """Make it, give it its permissions, or remove it while it is empty.

        Raises:
            RefusedError: in the array's words.
            DeviceError: it could not be done.
        """
        del observed
        client = writer(context)
        if not self.wanted:
            return self._remove(client)
        requests = self.requests() if diff.action == "create" else [self._permission()]
        for number, request in enumerate(requests, start=1):
            try:
                client.write(request)
            except DeviceError:
                # Only the answer may have been lost, or another hand was faster: what counts is what is there.
                now = self._look(client)
                if not now.state["present"] or (number == len(requests) and self.diff(now).action != "none"):
                    raise
        return Outcome(record={"depends_on": sorted(self.depends_on)})

    def _remove(self, client: PapiWriter) -> Outcome:
        try:
            client.write(Request("DELETE", self.path))
        except DeviceError as error:
            if not self._look(client).state["present"]:
                return Outcome()
            if isinstance(error, RefusedError) and self._holds(client):
                return Outcome(message="stays, for it is not empty; infra-kit looks after it no more")
            raise
        return Outcome()

    def _holds(self, client: PapiReader) -> bool:
        """Whether there is anything in it."""
        listed = client.read(self.path, {"limit": "1"})
        return bool(understood(client.device, f"the contents of /{self.name}", lambda: listed["children"]))

    def verify(self, context: RunContext) -> None:
        """Look again.

        Raises:
            VerificationError: it is not as wanted.
        """
        client = writer(context)
        client.forget()
        left = self.diff(self._look(client))
        if left.action == "none" or (left.action == "delete" and self._holds(client)):
            return
        states = {"create": "is not on the array", "delete": "is still there"}
        state = states.get(left.action) or "has " + ", ".join(f"{change.path} {change.before}" for change in left.changes)
        raise VerificationError(self.device, f"the change of {self.id} was accepted, but it {state}", remedy="plan again")
