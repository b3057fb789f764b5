"""Ansible's strategy plugin of infra-kit: `linear`, with one interpreter on each host for the whole run, and fewer processes here.

Loaded by Ansible alone. By default each task starts a process here and an interpreter on the host, which compiles the module and all that
it imports; that is nearly all of what a role costs. Mitogen keeps the interpreters. What needs no host (a condition that does not hold, an
included role, an assertion) is done in this process.
"""

from __future__ import annotations

import gc
import os
from functools import cache
from typing import Any

import ansible_mitogen.affinity
import ansible_mitogen.connection
import ansible_mitogen.loaders
import ansible_mitogen.strategy
from ansible import constants
from ansible._internal import _task
from ansible.errors import AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.executor.task_result import _RawTaskResult
from ansible.module_utils._internal._json._profiles import _module_legacy_m2c  # noqa: F401  here, so that no process imports it again
from ansible.plugins.loader import get_plugin_loader_namespace

DOCUMENTATION = """
    name: infra_kit_linear
    short_description: linear, at a fraction of the cost
    description: As linear; hosts keep an interpreter for the run, and what needs no host is done in the main process.
    options: {}
"""
_LINEAR = ansible_mitogen.loaders.strategy_loader.get("linear", class_only=True)
_NEAR = {f"{prefix}{name}" for prefix in ("", "ansible.builtin.", "ansible.legacy.") for name in ("assert", "debug", "set_fact")}
_NEAR |= {*constants._ACTION_INCLUDE_ROLE, *constants._ACTION_INCLUDE_VARS}  # noqa: SLF001  the sets that Ansible itself asks
"""Actions that need no host."""

# It would bind processes to single cores, some of them to those that others are busy on.
ansible_mitogen.affinity.policy = ansible_mitogen.affinity.Policy()
ansible_mitogen.connection.CallChain.call_aborted_msg = "the connection was lost while it went on (%s)"


class StrategyModule(ansible_mitogen.strategy.StrategyMixin, _LINEAR):  # type: ignore[misc, valid-type]
    """See the module."""

    def run(self, iterator: Any, play_context: Any, result: int = 0) -> Any:
        """Run a play."""
        gc.collect()
        gc.freeze()
        # The processes that are forked for tasks look these up, too, and would each do so anew.
        ansible_mitogen.loaders.connection_loader.get("ssh", class_only=True)
        ansible_mitogen.loaders.connection_loader.get("mitogen_ssh", class_only=True)
        return super().run(iterator, play_context, result)

    def _queue_task(self, host: Any, task: Any, task_vars: dict[str, Any], play_context: Any) -> None:
        if not self._is_near(task, task_vars):
            _fork_without_garbage()
            ansible_mitogen.loaders.module_loader.find_plugin(f"ansible.legacy.{task.action.rpartition('.')[2]}", "")
            super()._queue_task(host, task, task_vars, play_context)
            return
        self._queued_task_cache[host.name, task._uuid] = {  # noqa: SLF001  as the method of the base class does
            "host": host,
            "task": task,
            "task_vars": task_vars,
            "play_context": play_context,
        }
        self._tqm.send_callback("v2_runner_on_start", host, task)
        own = _copied(task)
        with _task.TaskContext(own):
            loaders = get_plugin_loader_namespace()
            executor = TaskExecutor(host, own, task_vars, play_context, self._loader, loaders, self._final_q, self._variable_manager)
            answer = executor.run()
        self._pending_results += 1
        self._final_q.send_task_result(_RawTaskResult(host=host, task=own, return_data=answer, task_fields=own.dump_attrs()))

    def _is_near(self, task: Any, task_vars: dict[str, Any]) -> bool:
        """Whether it needs no host: by what it is, or because its condition does not hold."""
        if task.loop is not None:
            return False
        if task.action in _NEAR and not (task.until or task.retries or task.delegate_to):
            return True
        if not task.when:
            return False
        own = _copied(task)
        try:
            with _task.TaskContext(own):
                return not own._resolve_conditional(own.when, task_vars)  # noqa: SLF001  the way of TaskExecutor
        except AnsibleError:
            return False  # whoever carries the task out says so


@cache
def _fork_without_garbage() -> None:
    """From now on, have no forked process collect garbage: it would write to, and so copy, all that it shares with this one.

    It is gone soon. The processes that keep the connections are there by now; they collect theirs.
    """
    os.register_at_fork(after_in_child=gc.disable)


def _copied(task: Any) -> Any:
    """A task that may be changed: the original is every host's."""
    own = task.copy(exclude_parent=True, exclude_tasks=True)
    own._parent = task._parent  # noqa: SLF001
    return own
