"""Where a site's journal is: a team's PostgreSQL, or SQLite in the state folder. Light: SQLAlchemy comes with the first journal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import StateError

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.access import Access
    from infra_kit.inventory.models.site import Site
    from infra_kit.plan.record.database import Database
    from infra_kit.plan.state import StateFolder

STATE_URL = "INFRA_KIT_STATE_URL"
"""The environment variable with the URL of a team's database."""


def open_database(site: Site, folder: StateFolder, access: Access | None = None) -> Database:
    """The site's database: `INFRA_KIT_STATE_URL`, else the site's `state_url`, else SQLite in the state folder.

    Args:
        site: the site.
        folder: its state folder.
        access: remembers the URL's password for masking, where there is an access.

    Raises:
        StateError: it cannot be opened.
        SecretError: the site's `state_url` leads nowhere.
    """
    from infra_kit.plan.record.database import Database

    url = shared_url(site)
    if url is None:
        if not folder.database.exists():
            # SQLite gives its companions the mode of the database itself.
            _touch_private(folder.database)
        return Database(f"sqlite:///{folder.database}")
    database = Database(url)
    if access is not None and database.password:
        access.secrets.remember(STATE_URL, database.password)
    return database


def existing_database(site: Site, folder: StateFolder) -> Database | None:
    """As `open_database`, but None where nothing has ever been journaled: commands that only look create nothing."""
    if shared_url(site) is None and not folder.database.exists():
        return None
    return open_database(site, folder)


def shared_url(site: Site) -> str | None:
    """The URL of a team's database, if there is one."""
    from infra_kit.inventory.secrets import SecretStore

    if url := os.environ.get(STATE_URL):
        return url
    if site.site.state_url:
        return SecretStore(site.folder).resolve(site.site.state_url).get_secret_value()
    return None


def _touch_private(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError as error:
        raise StateError(f"the journal cannot be made: {error.strerror}", where=str(path)) from error
