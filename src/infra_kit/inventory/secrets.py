"""Secret references and what they resolve to: late, into SecretStr, remembered only to be masked."""

from __future__ import annotations

import os
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from infra_kit.inventory.errors import SecretError

if TYPE_CHECKING:
    from collections.abc import Callable

_STORES: weakref.WeakSet[SecretStore] = weakref.WeakSet()

SCHEMES = ("env", "file", "ansible-vault", "vault")


class SecretStore:
    """Resolves references relative to a folder and remembers the values so that texts can be masked.

    Args:
        folder: what `file:` and `ansible-vault:` paths are relative to.
    """

    def __init__(self, folder: Path | None = None) -> None:
        """Nothing is resolved yet."""
        self._folder = folder or Path.cwd()
        self._lock = threading.Lock()
        self._values: dict[str, SecretStr] = {}
        self._masks: tuple[tuple[SecretStr, str], ...] | None = ()
        """What stands for each secret, the longest first; None: to be put together anew. Every line of a run's log asks for it."""
        _STORES.add(self)

    def resolve(self, reference: str) -> SecretStr:
        """The secret behind a reference.

        Raises:
            SecretError: unknown scheme, or nothing there. `where` names the reference, never a value.
        """
        with self._lock:
            if reference not in self._values:
                self._values[reference] = SecretStr(self._read(reference))
                self._masks = None
            return self._values[reference]

    def remember(self, reference: str, value: str) -> None:
        """A secret that came by another way, such as inside a URL, so that it is masked too."""
        with self._lock:
            self._values[reference] = SecretStr(value)
            self._masks = None

    def mask(self, text: str) -> str:
        """`text` with every secret resolved so far replaced by its reference in guillemets."""
        masks = self._masks
        if masks is None:
            with self._lock:
                known = sorted(self._values.items(), key=lambda item: -len(item[1].get_secret_value()))
                masks = self._masks = tuple((secret, f"«{reference}»") for reference, secret in known if secret.get_secret_value())
        for secret, shown in masks:
            text = text.replace(secret.get_secret_value(), shown)
        return text

    def _read(self, reference: str) -> str:
        scheme, _, rest = reference.partition(":")
        readers: dict[str, Callable[[str], str]] = {
            "env": _from_environment,
            "file": lambda path: _from_file(self._folder / Path(path).expanduser()),
            "ansible-vault": lambda entry: _from_ansible_vault(self._folder, entry),
            "vault": _from_hashicorp_vault,
        }
        if scheme not in readers:
            # A reference of no known scheme may be the secret itself: it is not repeated.
            raise SecretError("it has an unknown scheme", where="a secret reference", remedy=f"use one of {', '.join(SCHEMES)}")
        try:
            return readers[scheme](rest)
        except SecretError as error:
            error.where = error.where or f"secret reference {reference}"
            raise


def mask_all(text: str) -> str:
    """`text` with every secret that any store of this process has resolved masked: for what is said about failures."""
    for store in list(_STORES):
        text = store.mask(text)
    return text


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SecretError(f"environment variable {name} is not set", remedy=f"export {name} before the run")
    return value


def _from_file(path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").rstrip("\n")
    except OSError as error:
        raise SecretError(f"secret file {path} cannot be read: {error.strerror}", remedy="create it with mode 0600") from error
    except UnicodeDecodeError:
        raise SecretError(f"secret file {path} is not UTF-8", remedy="save it as UTF-8 text") from None
    if not value:
        raise SecretError(f"secret file {path} is empty", remedy="write the secret into it")
    return value


def _from_ansible_vault(folder: Path, entry: str) -> str:
    from infra_kit.inventory.secret_stores.ansible_vault import read

    return read(*_split(folder, entry))


def _split(folder: Path, entry: str) -> tuple[Path, str]:
    path, _, key = entry.partition("#")
    return folder / Path(path).expanduser(), key


def _from_hashicorp_vault(entry: str) -> str:
    from infra_kit.inventory.secret_stores.hashicorp_vault import read

    path, _, key = entry.partition("#")
    return read(path, key)
