"""One server as the target of the layer's resources: its id's parts, its clients, and the guard of its identity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import IdentityError
from infra_kit.layers.bmc.reader import BmcReader
from infra_kit.layers.bmc.writer import BmcWriter

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import Server
    from infra_kit.layers.bmc.readings import ServerState
    from infra_kit.plan.resource import ReadContext, RunContext

_GROUPS = {"master": "masters", "utility": "utilities", "edge": "edges", "worker": "pool:workers", "gpu-worker": "pool:gpu-workers"}


@dataclass(frozen=True, slots=True)
class Target:
    """A server of the site.

    Args:
        server: the server.
        model: its model in the hardware catalogue, such as R6515.
    """

    server: Server
    model: str

    @property
    def name(self) -> str:
        """The server's name, which is the device's."""
        return self.server.name

    @property
    def group(self) -> str:
        """The rolling group of its role: masters are never reset two at a time, nor are two workers."""
        return _GROUPS[self.server.role]

    def id(self, kind: str) -> str:
        """The id of one of its resources."""
        return f"bmc/{kind}/{self.name}"

    def reader(self, context: ReadContext) -> BmcReader:
        """The client that can only read."""
        return context.connections.client(self.name, "redfish", BmcReader, BmcReader.open)

    def read(self, context: ReadContext, *, fresh: bool = False) -> ServerState:
        """The server's state, if it is the right server.

        Raises:
            IdentityError: another server answers at this address.
            DeviceError: it cannot be read.
        """
        state = self.reader(context).server(fresh=fresh)
        self.check(state)
        return state

    def writer(self, context: RunContext) -> BmcWriter:
        """The client that changes, handed out only after the server's identity has been read again.

        The reader goes first also because a login that was refused there must not be tried here.

        Raises:
            IdentityError: another server answers at this address.
            DeviceError: it cannot be read, or refuses the login.
        """
        self.read(context, fresh=True)
        return context.connections.client(self.name, "redfish", BmcWriter, BmcWriter.open)

    def check(self, state: ServerState) -> None:
        """Refuse another server than the inventory's.

        Raises:
            IdentityError: model or service tag differ.
        """
        found = state.model.removeprefix("PowerEdge ")
        wrong = [
            f"{what} is {actual}, the inventory says {wanted}"
            for what, actual, wanted in (("model", found, self.model), ("service tag", state.service_tag, self.server.service_tag))
            if actual != wanted
        ]
        if wrong:
            raise IdentityError(
                self.name,
                f"another server answers at this BMC address: {'; '.join(wrong)}",
                remedy="correct the BMC's address or the server in the inventory; nothing of it is changed until they agree",
            )
