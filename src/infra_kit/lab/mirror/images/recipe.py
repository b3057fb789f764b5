"""What an image is made of: layers, each known by the digest of its recipe and of what lies beneath it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Literal

FORM = 1
"""Counted up when layers of the same recipe come out differently, so that none of the old ones is used."""

Kind = Literal["base", "apt", "pip", "npm", "program", "pick", "account", "link"]
"""base: a Debian root file system; apt: packages; pip, npm: packages in /opt/pip and /opt/npm; program: one of the lab's programs in
/usr/local/bin; pick: single files out of packages, with the libraries that they need and nothing else; account: a line of /etc/passwd for
a user; link: a symbolic link."""

GROWN: frozenset[Kind] = frozenset({"base", "apt"})
"""Kinds that others are made upon, with a package manager's state: their trees are kept."""

SUITE = "bookworm"
"""The Debian release of every base."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Args:
        kind: how it is made.
        what: of what: a suite, package names, a program, a number, `PATH TARGET`.
        beneath: the layer that it lies on; none: it is the first.
    """

    kind: Kind
    what: str
    beneath: Layer | None = None

    @property
    def key(self) -> str:
        """The digest of its recipe and of all beneath it."""
        parts = [FORM, self.kind, self.what, self.beneath.key if self.beneath else ""]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def stack(self) -> tuple[Layer, ...]:
        """It and all beneath it, the lowest first."""
        return (*(self.beneath.stack if self.beneath else ()), self)

    @property
    def ground(self) -> tuple[Layer, ...]:
        """What it is made upon, the lowest first: what lies beneath it, and for single files a base that is no part of the image."""
        if self.kind == "pick" and self.beneath is None:
            return (Layer("base", SUITE),)
        return self.beneath.stack if self.beneath else ()

    def __str__(self) -> str:
        return f"{self.kind}:{self.what.partition(':')[0]}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """One image.

    Args:
        reference: registry, repository and tag, as pods name it.
        top: its uppermost layer.
        entrypoint: what it starts.
        environment: its variables; PATH is among them.
        uid: the user that it runs as; 0 is root.
    """

    reference: str
    top: Layer
    entrypoint: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    uid: int = 0

    def config(self, architecture: str, diff_ids: list[str]) -> dict[str, Any]:
        """The image's configuration (OCI image specification, config.md).

        Args:
            architecture: as Go names it.
            diff_ids: digests of the plain tars of its layers, the lowest first.
        """
        return {
            "architecture": architecture,
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",  # the same recipe and layers are the same image, whenever it was built
            "config": {
                "User": str(self.uid) if self.uid else "",
                "Env": [f"{name}={value}" for name, value in self.environment.items()],
                "Entrypoint": list(self.entrypoint),
                "WorkingDir": "/",
            },
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }


def layers(*steps: tuple[Kind, str]) -> Layer:
    """The top of a pile of layers, the lowest first."""
    top: Layer | None = None
    for kind, what in steps:
        top = Layer(kind, what, top)
    assert top is not None, "an image has a layer"
    return top
