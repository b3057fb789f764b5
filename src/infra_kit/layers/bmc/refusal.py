"""The refusal that names attributes."""

from __future__ import annotations

from infra_kit.inventory.errors import RefusedError


class AttributesRefusedError(RefusedError):
    """The BMC refused some attributes. Some firmware stages the others of the request all the same; the next reading tells.

    Args:
        device: the server.
        operation: what was asked.
        reasons: attribute -> the BMC's reason.
    """

    def __init__(self, device: str, operation: str, reasons: dict[str, str]) -> None:
        """Keep the reasons by attribute."""
        text = "; ".join(f"{name}: {why}" for name, why in reasons.items())
        super().__init__(
            device, f"{operation}: refused: {text}", remedy="correct the BIOS profile, or leave the attribute out for this model"
        )
        self.reasons = reasons
