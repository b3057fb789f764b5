"""The secrets of one lab: random, made on first use, kept in files of mode 0600 that the site's references name."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.access import LAB_FOLDER
from infra_kit.inventory.secrets import SecretStore
from infra_kit.lab.private_file import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra_kit.inventory.models.site import Site
    from infra_kit.lab.folder import LabFolder

_PREFIX = f"file:{LAB_FOLDER.as_posix()}/secrets/"
_PASSWORD_BYTES = 18  # 24 characters of base64: within what iDRAC, OS10 and OneFS take


def make_secrets(site: Site, folder: LabFolder) -> None:
    """Make every secret that the site's references expect of its lab, and leave those that are there.

    A reference in a field `password_hash` gets a SHA-512 crypt hash: of the password of the credential with the same
    user, where the site has one, so that the account a switch is configured with is the one that logs in.
    """
    for field, name in sorted(_references(site.model_dump(mode="python"))):
        if field != "password_hash":
            _make(folder.secrets / name, _password())
    for user in site.fabric.users:
        if user.password_hash.startswith(_PREFIX):
            login = next((each.name for each in site.credentials if each.user == user.name), None)
            password = password_of(site, folder, login) if login else _password()
            _make(folder.secrets / user.password_hash.removeprefix(_PREFIX), _sha512_crypt(password))


def password_of(site: Site, folder: LabFolder, credential: str) -> str:
    """The password that the lab's devices accept for a credential."""
    return SecretStore(folder.root).resolve(overlay_reference(site, folder, credential)).get_secret_value()


def overlay_reference(site: Site, folder: LabFolder, credential: str) -> str:
    """The reference, relative to the endpoints overlay, of the lab's password for a credential.

    Where the site's own reference leads elsewhere (the environment, a vault), the lab has a password of its own:
    a real password never reaches an emulated device.
    """
    reference = site.credential_by_name[credential].password
    name = reference.removeprefix(_PREFIX) if reference.startswith(_PREFIX) else f"credential-{credential}"
    _make(folder.secrets / name, _password())
    return f"file:secrets/{name}"


def _references(value: Any, field: str = "") -> Iterator[tuple[str, str]]:
    """Every reference into the lab's secrets with the name of the field that holds it."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _references(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _references(inner, field)
    elif isinstance(value, str) and value.startswith(_PREFIX):
        yield field, value.removeprefix(_PREFIX)


def _make(path: Path, value: str) -> None:
    if not path.exists():
        write_private(path, value + "\n")


def _password() -> str:
    return secrets.token_urlsafe(_PASSWORD_BYTES)


def _sha512_crypt(password: str) -> str:
    from passlib.hash import sha512_crypt

    # 5000 rounds is crypt(3)'s default and the form `$6$salt$hash` without a rounds field, as OS10 shows it.
    hashed: str = sha512_crypt.using(rounds=5000).hash(password)
    return hashed
