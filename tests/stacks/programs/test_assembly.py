"""What a program may not make is refused, by its name in the program and on the cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.programs.assembly import assemble
from infra_kit.stacks.programs.recording import record
from infra_kit.stacks.programs.source import program_of
from infra_kit.stacks.stack import Stack

PROGRAMS = Path(__file__).with_name("small.py")


@pytest.mark.parametrize(
    ("function", "words"),
    [
        ("twice", ["makes ConfigMap/n/c twice: as `first` and as `second`"]),
        ("nameless", ["kubernetes:core/v1:ConfigMap `c`", "has no metadata.name"]),
        ("foreign", ["random:index/randomPassword:RandomPassword `pw`", "no plain Kubernetes object"]),
        ("exposed", ["ConfigMap `c` of stack `small`", "holds a secret reference", "`string_data` of a Secret"]),
        ("protected", ["only Pulumi itself can honour: protect"]),
        ("reading", ["reads kubernetes:core/v1:ConfigMap `c` from the cluster"]),
        ("calling", ["calls `kubernetes:yaml:decode`"]),
        ("circle", ["in a circle: ConfigMap/n/c needs Namespace/n needs ConfigMap/n/c"]),
        ("namesakes", ["two resources of type kubernetes:core/v1:ConfigMap are called c"]),
        ("referring", ["c.data.x is an asset, an archive or another resource"]),
        ("absent", ["small.py: the program of stack small has no function `absent`"]),
    ],
)
def test_what_no_cluster_can_hold_is_refused(function: str, words: list[str]) -> None:
    stack = Stack("workspaces", "small", source=f"{PROGRAMS}:{function}")
    with pytest.raises(ProgramError) as caught:
        assemble(stack, record(program_of(stack, None), stack.name))
    assert [word for word in words if word not in str(caught.value)] == []
