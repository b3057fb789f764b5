"""The controller's half of the module `files`: renders the templates, then sends all files in one call."""

from __future__ import annotations

import os
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import trust_as_template


class ActionModule(ActionBase):  # type: ignore[misc]
    """Renders `template` entries into `content`, with the role's own templates and the task's variables."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Render and write.

        Args:
            tmp: not used; the base class's parameter.
            task_vars: the variables of the task's host.

        Returns:
            The module's result.

        Raises:
            AnsibleActionFail: an entry has no or several sources, or its template is missing or cannot be rendered.
        """
        super().run(tmp, task_vars)
        variables = task_vars or {}
        arguments = dict(self._task.args)
        entries = [self._checked(entry) for entry in arguments.get("files") or []]
        arguments["files"] = [self._entry(entry, variables) for entry in entries if entry.get("when", True)]
        return dict(self._execute_module(module_name="files", module_args=arguments, task_vars=variables))

    @staticmethod
    def _checked(entry: Any) -> dict[str, Any]:
        if not isinstance(entry, dict) or "path" not in entry:
            raise AnsibleActionFail(f"each of `files` is a mapping with a `path`, unlike {type(entry).__name__}")
        return entry

    def _entry(self, entry: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        own = {key: value for key, value in entry.items() if key not in {"template", "vars", "when"}}
        if not entry.get("present", True):
            return {**{key: own[key] for key in ("path", "then", "secret") if key in own}, "present": False}
        if sum(entry.get(source) is not None for source in ("template", "content", "link")) != 1:
            raise AnsibleActionFail(f"{entry['path']}: say one of `template`, `content` and `link`")
        if "template" in entry:
            own["content"] = self._render(entry["path"], entry["template"], {**variables, **(entry.get("vars") or {})})
        return own

    def _render(self, path: str, template: str, variables: dict[str, Any]) -> str:
        try:
            source = self._find_needle("templates", template)
            text = trust_as_template(self._loader.get_text_file_contents(source))
            templar = self._templar.copy_with_new_env(searchpath=[os.path.dirname(source)], available_variables=variables)
            rendered = templar.template(text, escape_backslashes=False, overrides={"trim_blocks": True, "lstrip_blocks": True})
            return "" if rendered is None else str(rendered)  # None is what a template gives that comes to nothing
        except AnsibleError as error:
            raise AnsibleActionFail(f"{path}: the template {template} cannot be rendered: {error}") from error
