"""What a run of Ansible is told by its parent: one JSON document, over a pipe."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """One run.

    Args:
        folder: the run's private folder (mode 0700, in memory where that can be had). The parent made it; both remove it.
        playbooks: `playbooks/`, with roles and modules.
        playbook: the plays, as YAML.
        inventory: hosts and their variables, as YAML; secrets are references in it.
        secrets: reference -> value.
        passwords: host -> the password that logs in and becomes root.
        check: change nothing, say what would be changed.
        forks: hosts at work at once.
        skip_tags: tags of tasks that are left out.
    """

    folder: str
    playbooks: str
    playbook: str
    inventory: str
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    passwords: dict[str, str] = field(default_factory=dict, repr=False)
    check: bool = True
    forks: int = 4
    skip_tags: tuple[str, ...] = ()

    def line(self) -> str:
        """As one line."""
        return json.dumps(asdict(self), separators=(",", ":")) + "\n"

    @classmethod
    def of(cls, line: str) -> Order:
        """The order of a line."""
        document: dict[str, Any] = json.loads(line)
        return cls(**{**document, "skip_tags": tuple(document["skip_tags"])})
