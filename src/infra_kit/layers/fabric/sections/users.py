"""Local accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infra_kit.layers.fabric.facts import marker
from infra_kit.layers.fabric.section import Section

if TYPE_CHECKING:
    from infra_kit.layers.fabric.facts import SwitchFacts


@dataclass(frozen=True, slots=True)
class User:
    """One account; the password is a marker for its crypt(3) hash."""

    name: str
    password: str
    role: str


def build(facts: SwitchFacts) -> list[User]:
    """The fabric's accounts, by name."""
    users = sorted(facts.site.fabric.users, key=lambda user: user.name)
    return [User(user.name, marker(user.password_hash), user.role) for user in users]


SECTION = Section("users", build, (r"username ",))
