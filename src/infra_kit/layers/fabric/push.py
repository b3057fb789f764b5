"""A change on its way to a switch: backup, lines, verification, and back again if anything goes wrong."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import DeviceError, StateError, UnreachableError, VerificationError
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.secret_lines import Masking
from infra_kit.layers.fabric.state import read_state

if TYPE_CHECKING:
    from pathlib import Path

    from hier_config.root import HConfig

    from infra_kit.inventory.secrets import SecretStore
    from infra_kit.layers.fabric.client import SwitchWriter
    from infra_kit.layers.fabric.intent import Intent
    from infra_kit.layers.fabric.state import SwitchState


@dataclass(slots=True)
class Push:
    """One switch's change.

    Args:
        intent: what it is meant to be.
        writer: the session.
        secrets: where the markers lead.
        folder: the run's folder.
    """

    intent: Intent
    writer: SwitchWriter
    secrets: SecretStore
    folder: Path

    def run(self) -> int:
        """Bring the switch to its intention and save; gives the number of lines sent.

        Raises:
            DeviceError: it refused, broke off or is not as intended afterwards. It has been put back as far as it can be reached.
            StateError: the backup cannot be written; nothing has been sent.
        """
        state = read_state(self.writer, self.intent.switch)
        masking = Masking(self.intent.secret_lines, self.secrets.resolve)
        self._back_up(masking, state)
        change = compare(managed(self.intent, masking.mask(state.running)), self.intent.wanted)
        if change.lines:
            before = self._raw(state)
            try:
                self.writer.configure((masking.reveal(line) for line in change.lines), said=self._said)
                self._check(masking)
            except DeviceError as error:
                raise self._undo(before, error) from error
        self.writer.save()
        return len(change.lines)

    def _check(self, masking: Masking) -> None:
        state = read_state(self.writer, self.intent.switch)
        rest = compare(managed(self.intent, masking.mask(state.running)), self.intent.wanted)
        if rest.lines:
            raise VerificationError(
                self.writer.device, f"the switch took every line, but differs afterwards; missing: {'; '.join(rest.lines[:6])}"
            )

    def _raw(self, state: SwitchState) -> HConfig:
        """With secrets, as the inverse has to send them back."""
        return managed(self.intent, state.running)

    def _undo(self, before: HConfig, error: DeviceError) -> DeviceError:
        """The error to raise after the attempt to put the switch back."""
        try:
            if isinstance(error, UnreachableError):
                self.writer.reconnect()
            inverse = compare(self._raw(read_state(self.writer, self.intent.switch)), before)
            self.writer.configure(inverse.lines, said=self._said)
            left = compare(self._raw(read_state(self.writer, self.intent.switch)), before)
        except DeviceError as second:
            outcome = f"putting it back failed too ({second.what}); nothing was saved, so a reload brings the old configuration back"
        else:
            outcome = "put back as it was" if not left.lines else f"put back except: {self._said('; '.join(left.lines[:6]))}"
        return type(error)(self.writer.device, f"{error.what}; {outcome}", remedy=error.remedy or f"backup: {self._backup}")

    @property
    def _backup(self) -> Path:
        return self.folder / "backups" / f"{self.intent.switch.name}.cfg"

    def _back_up(self, masking: Masking, state: SwitchState) -> None:
        text = "\n".join(["! secrets are shown as references, unknown ones as «hidden-N»", *masking.mask(state.running), ""])
        try:
            self._backup.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(self._backup, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise StateError(
                f"the backup of {self.intent.switch.name} cannot be written: {error.strerror}; nothing was sent", where=str(self._backup)
            ) from error

    def _said(self, line: str) -> str:
        """A line as it may stand in a message."""
        return next(Masking((), self.secrets.resolve).mask([self.secrets.mask(line)]))
