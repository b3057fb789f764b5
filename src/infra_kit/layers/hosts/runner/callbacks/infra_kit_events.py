"""Ansible's callback plugin of infra-kit: what happens to whom, as one JSON document a line, written to a pipe and to no file.

Loaded by Ansible alone. It is its standard-output callback, so that nothing else prints or keeps what tasks answer.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: infra_kit_events
    type: stdout
    short_description: events for infra-kit
    description: Writes what happens as JSON lines into the file that INFRA_KIT_EVENTS names.
"""
ROLE = "infra-kit role "
"""How the task that includes a role is named."""
_KEPT = ("msg", "stderr", "stdout", "rc", "module_stderr", "module_stdout", "skip_reason", "skipped_reason", "exception")
_LONGEST = 4000
"""Characters of a message that are kept: an answer may hold a whole installation log, whose end says why."""


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Says what happens."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "infra_kit_events"

    def __init__(self) -> None:
        """Open the pipe; a line is written at once, and shorter than what a pipe takes in one piece is not needed: one process writes."""
        super().__init__()
        self._pipe = open(os.environ["INFRA_KIT_EVENTS"], "w", encoding="utf-8", buffering=1)  # noqa: SIM115, PTH123  open until the end
        self._role = ""

    def _tell(self, event: str, **more: Any) -> None:
        self._pipe.write(json.dumps({"event": event, "role": self._role, **more}, default=str) + "\n")

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """A task begins, on all hosts."""
        del is_conditional
        if str(task.name).startswith(ROLE):
            self._role = str(task.name).removeprefix(ROLE)
            self._tell("role")
        else:
            self._tell("task", task=_name(task))

    def v2_playbook_on_handler_task_start(self, task: Any) -> None:
        """A handler begins."""
        self._tell("task", task=_name(task))

    def v2_runner_on_ok(self, result: Any) -> None:
        """A host did it."""
        self._result("changed" if result.is_changed() else "ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        """A host failed."""
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_skipped(self, result: Any) -> None:
        """A host had nothing to do, or does not do it in check mode."""
        self._result("skipped", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        """A host does not answer."""
        self._result("unreachable", result)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """All is over."""
        self._tell("stats", failed=sorted(stats.failures), unreachable=sorted(stats.dark))

    def _result(self, status: str, result: Any, **more: Any) -> None:
        task, answer = result.task, result.result
        items = [each for each in answer.get("results", []) if isinstance(each, dict)]
        self._tell(
            "result",
            host=result.host.get_name(),
            task=_name(task),
            action=str(task.action),
            tags=sorted(map(str, task.tags)),
            status=status,
            hidden=bool(task.no_log) or "censored" in answer,
            answer=_answer(answer),
            items=[
                {"status": _status(each), "item": _cut(each.get("_ansible_item_label", each.get("item"))), **_answer(each)}
                for each in items
            ],
            diff=[part for each in (items or [answer]) for part in _diffs(each)],
            place=_place(task, answer),
            **more,
        )


def _name(task: Any) -> str:
    return str(task.name or task.action)


def _place(task: Any, answer: dict[str, Any]) -> str:
    """The file that a task is about: check mode does not always say it of one that is not there yet."""
    known = (answer.get("path"), answer.get("dest"), task.args.get("path"), task.args.get("dest"))
    return next((str(each) for each in known if each and "{{" not in str(each)), "")


def _status(item: dict[str, Any]) -> str:
    return "failed" if item.get("failed") else "skipped" if item.get("skipped") else "changed" if item.get("changed") else "ok"


def _answer(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: _cut(answer[key]) for key in _KEPT if answer.get(key) not in (None, "", [])}


def _cut(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"…{value[-_LONGEST:]}"
    return value


def _diffs(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = answer.get("diff") or []
    listed = found if isinstance(found, list) else [found]
    place = answer.get("path") or answer.get("dest") or ""
    return [{"place": place, **each} for each in listed if isinstance(each, dict) and each]
