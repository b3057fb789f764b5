"""What an emulated iDRAC9 is and holds: its server, its account, its state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.lab.redfish import attributes
from infra_kit.lab.redfish.accounts import Accounts
from infra_kit.lab.redfish.state import State, factory_fresh

if TYPE_CHECKING:
    from infra_kit.inventory.models.server import Server, ServerProfile
    from infra_kit.lab.emulator import Login
    from infra_kit.lab.faults import Faults
    from infra_kit.lab.memory import Memory


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things take on the emulated server, in seconds."""

    power_s: float = 0.2
    """From one power state to the next."""
    job_s: float = 0.2
    """A configuration job during the boot."""


class EmulatedBmc:
    """One iDRAC9 with the server behind it, as every resource sees it.

    Args:
        server: the server in the inventory.
        profile: what is inside it.
        login: the account.
        faults: its misbehaviour.
        memory: where its state is kept.
    """

    def __init__(self, server: Server, profile: ServerProfile, *, login: Login, faults: Faults, memory: Memory) -> None:
        """Take up the state an earlier run left, or start factory-fresh."""
        self.server = server
        self.profile = profile
        self.faults = faults
        self.timing = Timing()
        self.accounts: Accounts = Accounts(login, faults)
        self._memory = memory
        held = memory.load()
        self.state: State = State.from_dict(held) if held else factory_fresh(server, profile)

    def save(self) -> None:
        """Write the state."""
        self._memory.save(self.state.as_dict())

    def tamper(self, change: dict[str, Any]) -> None:
        """Change the server behind infra-kit's back.

        Args:
            change: `bios` (attributes), `power`, `boot_order`, `model`, `service_tag`, `strict_dependencies`,
                `operating_system`, `sessions: expire`, `unblock: true`.

        Raises:
            ValueError: something else.
        """
        for key, value in change.items():
            if key == "bios" and set(value) <= set(attributes.entries()):
                self.state.bios |= value
            elif key == "boot_order":
                self.state.boot.order = list(value)
            elif key in ("power", "model", "service_tag", "strict_dependencies", "operating_system"):
                setattr(self.state, key, value)
            elif key == "sessions":
                self.accounts.expire()
            elif key == "unblock":
                self.accounts.unblock()
            else:
                msg = f"a BMC has nothing to tamper with called {key}: {value}"
                raise ValueError(msg)
        self.save()
