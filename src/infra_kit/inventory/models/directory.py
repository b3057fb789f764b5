"""A directory that knows the users: of the workspaces, and of the hosts."""

from __future__ import annotations

from typing import Literal

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Host, Name, PositiveCount


class Ldap(Noun):
    """A directory that knows the users."""

    server: Host
    port: PositiveCount = 636
    tls: Literal["ldaps", "start-tls"] = "ldaps"
    bind_credential: Name | None = None
    """Credential (user: the bind DN) that looks users up; none: users bind themselves by `user_dn_template`."""
    user_dn_template: str = ""
    """How a user's DN is made: `uid={username},ou=people,dc=example,dc=org`."""
    user_search_base: str = ""
    """Where the bind credential looks for users."""
    user_attribute: str = "uid"
    """The attribute that holds the name that users log in with."""
    group_search_base: str = ""
    """Where groups are; empty: teams' groups are not looked up."""
    group_member_attribute: str = "member"
