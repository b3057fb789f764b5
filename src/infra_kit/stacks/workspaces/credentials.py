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
COOKIE_KEY, PROXY_TOKEN_KEY, LOGIN_KEY, PROOF_KEY, GATE_KEY = "cookie", "proxy-token", "login", "saml-proof", "gate"
"""Its keys: what signs the login cookies, what the hub shows to the proxy, the shared password where there is no directory,
by what the hub knows that a user's name comes from the SAML proxy, and the password of the auth proxy at the hub."""
LOGIN_FILE = "service.conf"
"""The key of a database's Secret that says in libpq's own form where the database is and how to log in to it: its clients take it as a
file, so that no password is in a variable or on a command line (https://www.postgresql.org/docs/15/libpq-pgservice.html)."""
LOGIN_SERVICE = "database"
"""The name of the one entry in it."""
LOGIN_PATH = "/etc/database"
"""Where the pods have it."""


class Credentials(ComponentResource):
    """Makes the Secret of the hub and one for each of the databases (`Names.database`)."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__(
            "infra-kit:workspaces:Credentials", context.names.cluster_wide("credentials"), None, ResourceOptions(parent=parent)
        )
        self._context = context
        self.hub = self._secret(HUB_SECRET, {key: generated() for key in (COOKIE_KEY, PROXY_TOKEN_KEY, LOGIN_KEY, PROOF_KEY, GATE_KEY)})
        self.databases = {name: self._database(name) for name in table().databases}
        """The Secrets' objects by the database's name."""
        self.register_outputs({})

    def _database(self, name: str) -> Secret:
        database = self._context.names.database(name)
        password = generated()
        login = {"host": database.host, "port": database.port, "dbname": database.database, "user": database.database, "password": password}
        lines = [f"[{LOGIN_SERVICE}]", *(f"{key}={value}" for key, value in login.items())]
        values = {"username": database.database, "password": password, "database": database.database, LOGIN_FILE: "\n".join(lines) + "\n"}
        return self._secret(database.secret, values)

    def _secret(self, name: str, values: dict[str, str]) -> Secret:
        place = self._context.services(self)
        return Secret(
            place.logical(name),
            metadata=place.metadata(name, "workspace", "credentials"),
            type="Opaque",
            string_data={key: Output.secret(value) for key, value in values.items()},
            opts=place.options(ignore_changes=["stringData", "data"]),
        )
