"""Ansible's vars plugin of infra-kit: the secrets of a run, read from a file in memory that has no name.

Loaded by Ansible alone. `--extra-vars @FILE` would not do: it looks for the file behind `/proc/PID/fd/N`, and its warnings quote from it.
What it gives is not trusted as a template, so a password may hold braces.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any

from ansible.inventory.group import Group
from ansible.plugins.vars import BaseVarsPlugin

DOCUMENTATION = """
    name: infra_kit_secrets
    short_description: secrets of a run
    description: Reads them from the descriptor that INFRA_KIT_SECRETS names.
    options: {}
"""


class VarsModule(BaseVarsPlugin):  # type: ignore[misc]
    """Gives each host its password, and all hosts the secrets that their variables refer to."""

    REQUIRES_ENABLED = True

    def get_vars(self, loader: Any, path: str, entities: Any, cache: bool = True) -> dict[str, Any]:
        """The variables of some groups and hosts."""
        del cache
        super().get_vars(loader, path, entities)
        found: dict[str, Any] = {}
        for each in entities if isinstance(entities, list) else [entities]:
            if isinstance(each, Group):
                found |= {"infra_kit_secrets": _kept()["secrets"]} if each.name == "all" else {}
            elif password := _kept()["passwords"].get(each.name):
                found |= {"ansible_password": password, "ansible_become_password": password}
        return found


@cache
def _kept() -> dict[str, Any]:
    with open(os.environ["INFRA_KIT_SECRETS"], encoding="utf-8") as memory:  # noqa: PTH123  not a path of the file system
        found: dict[str, Any] = json.load(memory)
        return found
