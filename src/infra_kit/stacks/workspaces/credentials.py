"""Secrets that nobody needs to know: made at random when the workspace is made, and left alone from then on.

What the inventory refers to (a directory's bind password, a client secret) is in the Secrets of those who use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_kubernetes.core.v1 import Secret

from infra_kit.stacks.parts.secret import generated
from infra_kit.stacks.workspaces.services import table

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context

HUB_SECRET = "hub"  # noqa: S105  the Secret's name
COOKIE_KEY, PROXY_TOKEN_KEY, LOGIN_KEY = "cookie", "proxy-token", "login"
"""Its keys: what signs the login cookies, what the hub shows to the proxy, and the shared password where there is no directory."""


class Credentials(ComponentResource):
    """Makes the Secret of the hub and one for each of the databases (`Names.database`)."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__(
            "infra-kit:workspaces:Credentials", context.names.cluster_wide("credentials"), None, ResourceOptions(parent=parent)
        )
        self._context = context
        self.hub = self._secret(HUB_SECRET, {COOKIE_KEY: generated(), PROXY_TOKEN_KEY: generated(), LOGIN_KEY: generated()})
        self.databases = {name: self._database(name) for name in table().databases}
        """The Secrets' objects by the database's name."""
        self.register_outputs({})

    def _database(self, name: str) -> Secret:
        database = self._context.names.database(name)
        return self._secret(database.secret, {"username": database.database, "password": generated(), "database": database.database})

    def _secret(self, name: str, values: dict[str, str]) -> Secret:
        place = self._context.services(self)
        return Secret(
            place.logical(name),
            metadata=place.metadata(name, "workspace", "credentials"),
            type="Opaque",
            string_data={key: Output.secret(value) for key, value in values.items()},
            opts=place.options(ignore_changes=["stringData", "data"]),
        )
