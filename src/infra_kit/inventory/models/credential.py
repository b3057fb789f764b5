"""Credentials: a user and where its password is, never the password."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Name, SecretReference


class Credential(Noun):
    """A login that devices name."""

    name: Name
    user: str
    password: SecretReference
