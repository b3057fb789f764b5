"""A host's cables, which can be pulled and plugged in again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infra_kit.lab.hosts.fabric import Fabric
    from infra_kit.lab.hosts.specification import HostSpec


class Cables:
    """All of one host's, container or machine. Its methods block.

    Args:
        fabric: what they lead to.
        spec: the host.
    """

    def __init__(self, fabric: Fabric, spec: HostSpec) -> None:
        """Plugged in."""
        self._fabric = fabric
        self._spec = spec
        self._are_cut = False

    def cut(self) -> None:
        """Pull them, where they are not."""
        if not self._are_cut:
            self._fabric.cut(self._spec)
            self._are_cut = True

    def mend(self) -> None:
        """Plug them in again, where they are pulled."""
        if self._are_cut:
            self._are_cut = False
            self._fabric.mend(self._spec)

    def restore(self) -> None:
        """Have them as they were, after the host's interfaces were made anew."""
        if self._are_cut:
            self._fabric.cut(self._spec)
