#!/usr/bin/python
"""The module `units`: have systemd units running, and others not. What it takes and gives is in units.yml."""

from __future__ import annotations

from typing import Any

from ansible.module_utils.basic import AnsibleModule

SPEC: dict[str, Any] = {kind: {"type": "list", "elements": "str", "default": []} for kind in ("started", "enabled", "stopped", "masked")}
# What `systemctl is-enabled` says of units that boot starts, or that need not be enabled to be started.
ENABLED = ("enabled", "enabled-runtime", "static", "alias", "indirect", "generated", "transient")
ABSENT = ("not-found", "")
LOG_LINES = "12"


class RefusedError(Exception):
    """What cannot be done, in the words for whoever reads the task's result."""


class Units:
    """Compares and changes the states of units.

    Args:
        module: the running module, whose parameters say what is wanted.
    """

    def __init__(self, module: AnsibleModule) -> None:
        self.module = module
        names = [name for kind in SPEC for name in module.params[kind]]
        self.state = self.show(list(dict.fromkeys(names)))

    def show(self, names: list[str]) -> dict[str, dict[str, str]]:
        """Unit -> its LoadState, ActiveState and UnitFileState."""
        if not names:
            return {}
        command = ["systemctl", "show", "--property", "Id,LoadState,ActiveState,UnitFileState", *names]
        code, out, err = self.module.run_command(command)
        if code:
            raise RefusedError(f"systemd does not answer: {err.strip()}")
        blocks = [dict(line.split("=", 1) for line in block.splitlines()) for block in out.strip().split("\n\n")]
        # An alias answers by its own name, so the order says which is which.
        return dict(zip(names, blocks))

    def run(self) -> dict[str, Any]:
        """Bring the units to what is wanted, or in check mode only say what would change.

        Returns:
            The module's result.

        Raises:
            RefusedError: systemd says no; with the last lines of the unit's log.
        """
        actions = self.actions()
        if not self.module.check_mode:
            for verb, names in _by_verb(actions):
                self.systemctl(verb, names)
        result = {"changed": bool(actions), "changed_units": [f"{verb} {name}" for verb, name in actions]}
        if self.module._diff:  # noqa: SLF001 -- the name by which AnsibleModule tells it
            changed = sorted({name for _, name in actions})
            before = "".join(f"{name}: {self.state[name].get('UnitFileState', '')} {self.state[name]['ActiveState']}\n" for name in changed)
            after = "".join(f"{name}: {', '.join(verb for verb, of in actions if of == name)}\n" for name in changed)
            result["diff"] = [{"before": before, "after": after, "before_header": "units", "after_header": "units"}]
        return result

    def actions(self) -> list[tuple[str, str]]:
        """Verb and unit of everything that is not as it should be."""
        params = self.module.params
        actions = [("mask --now", name) for name in params["masked"] if self.state[name]["LoadState"] != "masked"]
        for name in params["stopped"]:
            if self.state[name].get("UnitFileState") in {"enabled", "enabled-runtime"}:
                actions.append(("disable", name))
            if self.state[name]["ActiveState"] in {"active", "activating", "reloading"}:
                actions.append(("stop", name))
        for name in [*params["started"], *params["enabled"]]:
            if self.state[name]["LoadState"] == "masked":
                actions.append(("unmask", name))
            if self.state[name].get("UnitFileState") not in ENABLED:
                actions.append(("enable", name))
        actions.extend(("start", name) for name in params["started"] if self.state[name]["ActiveState"] not in {"active", "reloading"})
        return actions

    def systemctl(self, verb: str, names: list[str]) -> None:
        """Do it, and say why a unit did not start."""
        code, _, err = self.module.run_command(["systemctl", *verb.split(), *names])
        if not code:
            return
        failed = [name for name in names if self.show([name])[name]["ActiveState"] not in {"active", "activating"}]
        log = ["journalctl", "--no-pager", "--quiet", "--output", "cat", "--lines", LOG_LINES]
        _, said, _ = self.module.run_command([*log, *(word for name in failed or names for word in ("--unit", name))])
        raise RefusedError(f"`systemctl {verb} {' '.join(failed or names)}` failed: {err.strip()}\n{said.strip()}")


def _by_verb(actions: list[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    by_verb: dict[str, list[str]] = {}
    for verb, name in actions:
        by_verb.setdefault(verb, []).append(name)
    return list(by_verb.items())


def main() -> None:
    """Run as an Ansible module."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = Units(module).run()
    except RefusedError as refusal:
        module.fail_json(msg=str(refusal))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
