"""One value of a YAML file encrypted by `ansible-vault`; decrypted in memory only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import yaml

from infra_kit.inventory.errors import SecretError

PASSWORD_FILE = "ANSIBLE_VAULT_PASSWORD_FILE"  # noqa: S105  the name of a variable, which Ansible reads, too
_SCRIPT_TIMEOUT_S = 30


def read(path: Path, key: str) -> str:
    """The value of `key` in the vault; `a.b` goes into a mapping.

    Raises:
        SecretError: no ansible-core, no password, wrong password, no such file or key. Never carries a value.
    """
    where = f"Ansible vault {path}"
    value = _document(_decrypt(path, where), where)
    for part in key.split("."):
        if not isinstance(value, dict) or part not in value:
            raise SecretError(f"{where} has no key `{key}`", remedy=f"`ansible-vault edit {path}` shows what it has")
        value = value[part]
    if not isinstance(value, str | int | float) or isinstance(value, bool) or value == "":
        raise SecretError(f"`{key}` in {where} is no text", remedy=f"`ansible-vault edit {path}`")
    return str(value)


def _decrypt(path: Path, where: str) -> bytes:
    from ansible.errors import AnsibleError
    from ansible.parsing.vault import VaultLib, VaultSecret

    try:
        content = path.read_bytes()
    except OSError as error:
        raise SecretError(f"{where} cannot be read: {error.strerror}", remedy="make it with `ansible-vault create`") from error
    if not content.startswith(b"$ANSIBLE_VAULT;"):
        raise SecretError(f"{where} is not encrypted", remedy=f"`ansible-vault encrypt {path}`; what was readable is no secret any more")
    vault = VaultLib([("default", VaultSecret(_password()))])
    try:
        return bytes(vault.decrypt(content))
    except AnsibleError:
        remedy = f"check the password that {PASSWORD_FILE} leads to"
        raise SecretError(f"{where} does not open with this password", remedy=remedy) from None


def _password() -> bytes:
    """What the password file holds, or prints where it is a program, as Ansible does it."""
    name = os.environ.get(PASSWORD_FILE)
    if not name:
        raise SecretError("no password for the Ansible vault", remedy=f"export {PASSWORD_FILE}, a file or a program that prints it")
    path = Path(name).expanduser()
    try:
        if path.is_file() and os.access(path, os.X_OK):
            run = subprocess.run([path.resolve()], capture_output=True, check=True, timeout=_SCRIPT_TIMEOUT_S)  # noqa: S603  the user's own
            password = run.stdout
        else:
            password = path.read_bytes()
    except OSError as error:
        raise SecretError(f"vault password file {path} cannot be read: {error.strerror}", remedy=f"check {PASSWORD_FILE}") from error
    except subprocess.SubprocessError:
        raise SecretError(f"vault password program {path} failed", remedy="run it by hand") from None
    if not password.strip():
        raise SecretError(f"vault password file {path} is empty", remedy=f"check {PASSWORD_FILE}")
    return password.strip()


def _document(content: bytes, where: str) -> Any:
    try:
        return yaml.load(content, Loader=yaml.CSafeLoader)
    except (yaml.YAMLError, UnicodeDecodeError):  # their words may quote the content
        raise SecretError(f"what {where} holds is no YAML", remedy="a mapping of keys to secrets is expected") from None
