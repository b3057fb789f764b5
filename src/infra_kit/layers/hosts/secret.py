"""A secret among a role's variables: a reference, never a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable whose value is behind a secret reference.

    The layer resolves it when a role runs, and Ansible gets it from a file descriptor; rendered files show the reference in guillemets.

    Args:
        reference: such as `env:LDAP_PASSWORD`, as the inventory writes it.
    """

    reference: str

    def __str__(self) -> str:
        return f"«{self.reference}»"
