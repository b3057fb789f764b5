"""Plan files: the document `infra-kit-plan/1`, written by `plan`, read by `apply`."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from infra_kit import __version__
from infra_kit.inventory.atomic_file import write_whole
from infra_kit.inventory.errors import StalePlanError, StateError, UsageError
from infra_kit.plan.masking import Mask, masked
from infra_kit.plan.resource import Action, Diff, Disruption, Observed, Unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra_kit.plan.planning import Entry, Plan
    from infra_kit.plan.selection import Selection

FORMAT = "infra-kit-plan/1"
_PRIVATE = 0o600
LIFETIME = dt.timedelta(hours=24)
"""How long a plan file may be applied: a plan is a promise about devices that others can change."""
_NAMED = 20
"""So many resources are named in a message; a cluster has hundreds of objects."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class PlannedChange(_Part):
    """One value that differs."""

    path: str
    before: Any
    after: Any


class PlannedResource(_Part):
    """One resource as the file has it."""

    id: str
    layer: str
    action: Action
    reason: str
    observed: str | None
    """Digest of what was observed; none for an unknown."""
    changes: list[PlannedChange]
    diff: str | None
    disruption: Disruption
    depends_on: list[str]


class PlannedSite(_Part):
    """The site a plan was made for."""

    name: str
    configuration: int
    digest: str
    folder: Path


class PlanDocument(_Part):
    """A plan file."""

    format: Literal["infra-kit-plan/1"]
    infra_kit: str
    created: AwareDatetime
    expires: AwareDatetime
    site: PlannedSite
    summary: dict[Action, int]
    resources: list[PlannedResource]

    @property
    def unknown(self) -> dict[str, str]:
        """Id -> reason of the resources that could not be read."""
        return {each.id: each.reason for each in self.resources if each.action == "unknown"}


def document(plan: Plan, mask: Mask, *, lifetime: dt.timedelta = LIFETIME) -> dict[str, Any]:
    """The plan as a JSON-able document without secrets."""
    site = plan.site
    value = {
        "format": FORMAT,
        "infra_kit": __version__,
        "created": plan.created.isoformat(timespec="seconds"),
        "expires": (plan.created + lifetime).isoformat(timespec="seconds"),
        "site": {
            "name": site.site.name,
            "configuration": site.site.configuration,
            "digest": site.digest,
            "folder": str(site.folder.resolve()),
        },
        "summary": dict(plan.summary),
        "resources": [resource_document(entry, plan.graph.needs[entry.id]) for entry in plan.entries],
    }
    # Through JSON once, so that a tuple or an address in a change reads the same from a file as from memory.
    plain: dict[str, Any] = masked(json.loads(json.dumps(value, default=str)), mask)
    return plain


def resource_document(entry: Entry, needs: frozenset[str]) -> dict[str, Any]:
    """One resource of the document."""
    diff = entry.diff
    return {
        "id": entry.id,
        "layer": entry.layer,
        "action": diff.action,
        "reason": diff.reason,
        "observed": entry.observed.digest if isinstance(entry.observed, Observed) else None,
        "changes": [{"path": each.path, "before": each.before, "after": each.after} for each in diff.changes],
        "diff": diff.text,
        "disruption": diff.disruption,
        "depends_on": sorted(needs),
    }


def write(content: dict[str, Any], path: Path) -> None:
    """Write a plan document, readable by its owner only, as a whole or not at all; what is no regular file is written to as it is.

    Raises:
        StateError: it cannot be written.
    """
    try:
        write_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n", mode=_PRIVATE)
    except OSError as error:
        raise StateError(f"the plan cannot be written: {error.strerror}", where=str(path), remedy="name a writable place") from error


def read(path: Path) -> PlanDocument:
    """Read a plan file.

    Raises:
        UsageError: it is not there, or not a plan file of a format that this infra-kit knows.
        StalePlanError: it has expired.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the plan file cannot be read: {error.strerror}", where=str(path)) from error
    except ValueError as error:
        raise UsageError("not a plan file: no JSON in it", where=str(path), remedy="`infra-kit plan SITE --out FILE` makes one") from error
    known = content.get("format") if isinstance(content, dict) else None
    if known != FORMAT:
        raise UsageError(
            f"not a plan file that this infra-kit {__version__} knows: its format is {known!r}, expected {FORMAT!r}",
            where=str(path),
            remedy="make the plan again with this infra-kit",
        )
    try:
        plan = PlanDocument.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise UsageError(f"the plan file is damaged at {place}: {first['msg']}", where=str(path), remedy="make the plan again") from error
    if plan.expires <= dt.datetime.now(dt.UTC):
        raise StalePlanError(f"the plan expired at {plan.expires.isoformat()}", where=str(path), remedy="make the plan again")
    return plan


def require_site(plan: PlanDocument, digest: str) -> None:
    """Refuse when the inventory moved.

    Raises:
        StalePlanError: the site's digest is another.
    """
    if plan.site.digest != digest:
        raise StalePlanError(
            f"the inventory of site {plan.site.name} changed after the plan was made",
            where=str(plan.site.folder),
            remedy="make the plan again",
        )


def require_unmoved(planned: PlanDocument, fresh: Plan, selection: Selection, mask: Mask) -> None:
    """Refuse when anything that the plan observed moved, or when a change would no longer be the one that was reviewed.

    What the plan found in place counts as well: its other changes were reviewed on the strength of it.

    Args:
        planned: the plan file.
        fresh: the same resources, read again.
        selection: the part of the plan file that is to be applied.
        mask: as it was used for the file.

    Raises:
        StalePlanError: naming the resources that moved, the first of them where they are many.
    """
    now = {each["id"]: PlannedResource.model_validate(each) for each in document(fresh, mask)["resources"]}
    moved = [
        _name(each.id, now.get(each.id))
        for each in planned.resources
        if each.action != "unknown" and selection.includes(each.id) and _moved(each, now.get(each.id))
    ]
    if moved:
        more = f" and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
        raise StalePlanError(
            f"{len(moved)} of the plan's resources changed after it was made: {', '.join(moved[:_NAMED])}{more}",
            remedy="make the plan again",
        )


def without_unreviewed(fresh: Plan, unreviewed: Mapping[str, str]) -> Plan:
    """The fresh plan, in which what the plan file could not read stays unknown: nobody has seen what would be done to it."""
    entries = tuple(
        replace(each, observed=Unknown(reason), diff=Diff("unknown", reason=reason))
        if (reason := unreviewed.get(each.id)) is not None
        else each
        for each in fresh.entries
    )
    return replace(fresh, entries=entries)


def _moved(planned: PlannedResource, now: PlannedResource | None) -> bool:
    if now is None or planned.observed != now.observed:
        return True
    return (planned.action, planned.changes, planned.diff) != (now.action, now.changes, now.diff)


def _name(resource: str, now: PlannedResource | None) -> str:
    if now is None:
        return f"{resource} (no longer there)"
    return f"{resource} (cannot be read now: {now.reason})" if now.action == "unknown" else resource
