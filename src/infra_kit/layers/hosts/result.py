"""What one role came to on one host: what it changed or would change, what it could not tell, why it stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from difflib import unified_diff
from typing import TYPE_CHECKING, Any

from infra_kit.plan.resource import Change

if TYPE_CHECKING:
    from infra_kit.plan.resource import Disruption

_LONGEST = 400
"""Lines of one file's difference that are shown."""
_MILDEST_FIRST: tuple[Disruption, ...] = ("none", "reload", "reboot", "recreate")
_TAG = "disruption_"
_LOCAL = "/ansible-local-"
"""In the name of every temporary file of Ansible's on the controller."""
UNKNOWN_TAG = "unknown_in_check"
_IN_CHECK_MODE = ("would have run if not in check mode", "does not support check mode", "running in check mode")
"""How Ansible says that a task was left out because it cannot tell: its command module, and any module without check mode."""


def worst(some: Disruption, other: Disruption) -> Disruption:
    """The one of two that disturbs more."""
    return max(some, other, key=_MILDEST_FIRST.index)


@dataclass(slots=True)
class RoleResult:
    """Filled by a run's events, in their order."""

    changes: list[dict[str, Any]] = field(default_factory=list)
    """A task each that changed something: its name, and `places`, a list of {path, diff}."""
    unknown: list[str] = field(default_factory=list)
    """Tasks that cannot tell in check mode, and why."""
    failure: dict[str, Any] | None = None
    """The event of the first task that failed and was not rescued."""
    unreachable: dict[str, Any] | None = None
    disruption: Disruption = "none"

    def take(self, event: dict[str, Any], *, check: bool) -> None:
        """Take up what a task came to on the host."""
        status, task = event["status"], event["task"]
        if status == "unreachable":
            self.unreachable = event
        elif check and _cannot_tell(event):
            self.unknown.append(task)
        elif status == "failed":
            # In check mode every failure is ignored, so that what comes after it is seen too.
            self.failure = self.failure or (event if check or not event.get("ignored") else None)
        elif status == "changed":
            self.changes.append({"task": task, "places": _places(event)})
            for tag in event["tags"]:
                if tag.startswith(_TAG) and tag.removeprefix(_TAG) in _MILDEST_FIRST:
                    self.disruption = worst(self.disruption, tag.removeprefix(_TAG))
        if self.failure is not None and not check and status != "failed":
            self.failure = None  # a host that goes on after a failure was rescued

    def state(self) -> dict[str, Any]:
        """As an observed state: canonical, so that two looks at an unchanged host give the same."""
        words = None if self.failure is None else f"task {self.failure['task']!r} failed: {said(self.failure)}"
        return {"changes": self.changes, "unknown": self.unknown, "failed": words, "disruption": self.disruption}


def said(event: dict[str, Any]) -> str:
    """The module's own words, in one line."""
    items = [each for each in event["items"] if each["status"] == "failed"]
    answers = [*items, event["answer"]]
    for key in ("msg", "stderr", "module_stderr", "module_stdout", "stdout", "exception"):
        for answer in answers:
            if words := " ".join(str(answer.get(key, "")).split()):
                more = " ".join(str(answer.get("stderr", "")).split()) if key == "msg" else ""
                of = f"{answer['item']}: " if answer.get("item") else ""
                return f"{of}{words}{': ' + more[-_LONGEST:] if more and more not in words else ''}"
    return "what it says is hidden (no_log)" if event["hidden"] else "without a word"


def changes_of(state: dict[str, Any]) -> list[Change]:
    """What would change, one value a file or a task."""
    found = []
    for change in state["changes"]:
        places = [place for place in change["places"] if place["path"]]
        found += [Change(place["path"], None, change["task"]) for place in places] or [Change(change["task"], None, "changes")]
    return found


def text_of(state: dict[str, Any]) -> str | None:
    """The unified differences, and a line for each task that has none; None where nothing would change."""
    parts = []
    for change in state["changes"]:
        diffs = [place["diff"] for place in change["places"] if place["diff"]]
        parts += diffs or [f"~ {change['task']}\n"]
    return "".join(parts) or None


def _cannot_tell(event: dict[str, Any]) -> bool:
    words = str(event["answer"].get("msg", ""))
    conditional = "skip_reason" in event["answer"] and not any(each in words for each in _IN_CHECK_MODE)
    if UNKNOWN_TAG in event["tags"]:
        return not (event["status"] == "skipped" and conditional)
    return event["status"] == "skipped" and any(each in words for each in _IN_CHECK_MODE)


def _places(event: dict[str, Any]) -> list[dict[str, str]]:
    if event["hidden"]:
        return [{"path": "", "diff": ""}]
    found = [_place(each, event["place"]) for each in event["diff"]]
    labels = [str(item["item"]) for item in event["items"] if item["status"] == "changed" and item.get("item")]
    return found or [{"path": label, "diff": ""} for label in labels] or [{"path": event["place"], "diff": ""}]


def _place(diff: dict[str, Any], place: str) -> dict[str, str]:
    path = _path(diff, place)
    if "prepared" in diff:
        return {"path": path, "diff": f"--- {path}\n+++ {path}\n{str(diff['prepared']).rstrip()}\n"}
    before, after = (_lines(diff.get(side)) for side in ("before", "after"))
    names = path if before or diff.get("before_header") else "/dev/null", path if after or diff.get("after_header") else "/dev/null"
    lines = list(unified_diff(before, after, *names, lineterm=""))
    if len(lines) > _LONGEST:
        lines = [*lines[:_LONGEST], f"… {len(lines) - _LONGEST} lines more"]
    return {"path": path, "diff": "".join(f"{line}\n" for line in lines)}


def _path(diff: dict[str, Any], place: str) -> str:
    """A file's own path: `template` and `copy` head the new side with a temporary file on the controller."""
    after = str(diff.get("after_header") or "")
    found = diff.get("before_header") or diff.get("place") or place or ("" if _LOCAL in after else after)
    return str(found).removesuffix(" (content)").strip()


def _lines(side: Any) -> list[str]:
    if side is None:
        return []
    if isinstance(side, str):
        return side.splitlines()
    return json.dumps(side, indent=1, sort_keys=True, default=str).splitlines()
