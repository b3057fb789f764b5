"""Secrets in manifests: resolved in memory at the last moment, and shown to nobody."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import DeviceError, NoSecretError, SecretError
from infra_kit.stacks.engines.server_side.ownership import MISSING
from infra_kit.stacks.parts.secret import MARKER

if TYPE_CHECKING:
    from infra_kit.inventory.access import Access

SECRET = "(secret)"  # noqa: S105  what stands in the place of one
DIFFERS = "(secret, differs)"

_PASSWORD_LENGTH = 16
"""What is at least so long and stands within another value is there on purpose."""
_ITEM = re.compile(r"\[[^\]]*\]")


@dataclass(frozen=True, slots=True)
class Resolved:
    """A manifest with its secrets in it."""

    manifest: dict[str, Any]
    secret_paths: frozenset[str]
    """Where they are, list items not told apart: `.spec.template.spec.containers[].env[].value`."""

    def hides(self, path: str) -> bool:
        """Whether the value at a path is, is part of, or has in it a secret."""
        plain = _ITEM.sub("[]", path)
        return any(_leads(plain, secret) or _leads(secret, plain) for secret in self.secret_paths)


def _leads(path: str, root: str) -> bool:
    return path.startswith(root) and path[len(root) : len(root) + 1] in {"", ".", "["}


def resolve(manifest: Mapping[str, Any], device: str, access: Access) -> Resolved:
    """A manifest with its markers resolved, without nulls and status; a Secret's `stringData`, which is write-only, is in its `data`.

    Raises:
        NoSecretError: a reference does not resolve. Nothing is sent.
    """
    found: set[str] = set()

    def replace(match: re.Match[str]) -> str:
        reference = match["reference"]
        try:
            return access.secrets.resolve(reference).get_secret_value()
        except SecretError as error:
            raise NoSecretError(device, f"{error.where}: {error.what}", remedy=error.remedy) from error

    resolved = _walk({key: value for key, value in manifest.items() if key != "status"}, "", replace, found)
    if resolved["kind"] == "Secret" and resolved["apiVersion"] == "v1":
        texts = resolved.pop("stringData", {})
        encoded = {name: base64.b64encode(str(text).encode()).decode() for name, text in texts.items()}
        if encoded or "data" in resolved:
            resolved["data"] = {**(resolved.get("data") or {}), **encoded}
        found |= {".data", ".stringData"}
    return Resolved(resolved, frozenset(found))


def grown(wanted: Mapping[str, str], live: Mapping[str, str]) -> dict[str, str]:
    """What a Secret that was made once and left alone since (`generated` passwords) lacks of what the program gives it by now.

    A new key may have a password in it that another key holds, which is another one at each evaluation: there the one on the cluster
    stands in its place. A key whose password stands in a key that is there (it was removed by hand) is not made up anew: the two would
    not go together.

    Args:
        wanted: `data` of the program, base64.
        live: `data` of the object as it is, base64.
    """
    texts = {key: _decoded(value) for key, value in wanted.items()}
    there = {key: (text, _decoded(live[key])) for key, text in texts.items() if key in live and len(text) >= _PASSWORD_LENGTH}
    found = {}
    for key in texts.keys() - live.keys():
        text = texts[key]
        if len(text) >= _PASSWORD_LENGTH and any(text in old for old, _ in there.values()):
            continue
        for old, now in there.values():
            text = text.replace(old, now)
        found[key] = base64.b64encode(text).decode()
    return found


def _decoded(value: str) -> bytes:
    return base64.b64decode(value)


def _walk(value: Any, path: str, replace: Callable[[re.Match[str]], str], found: set[str]) -> Any:
    if isinstance(value, str):
        if "${infra-kit-secret:" not in value:
            return value
        found.add(path)
        return MARKER.sub(replace, value)
    if isinstance(value, dict):  # all of it comes from JSON; a look for any Mapping takes ten times as long
        # A null says the same as nothing, and a server-side apply would hold it as a field.
        return {str(name): _walk(each, f"{path}.{name}", replace, found) for name, each in value.items() if each is not None}
    if isinstance(value, list | tuple):
        return [_walk(each, f"{path}[]", replace, found) for each in value if each is not None]
    return value


def veiled(value: Any, *, other: Any) -> Any:
    """What is shown of a secret value: that it is there, or that it differs from the other."""
    if value is MISSING:
        return None
    return SECRET if other is MISSING else DIFFERS


def veil(value: Any, resolved: Resolved, path: str = "") -> Any:
    """A value with every secret in it replaced."""
    if not resolved.secret_paths:
        return value
    if isinstance(value, dict):
        return {name: veil(each, resolved, f"{path}.{name}") for name, each in value.items()}
    if resolved.hides(path) and not isinstance(value, list):
        return SECRET
    if isinstance(value, list):
        return [veil(each, resolved, f"{path}[]") for each in value]
    return value


@contextmanager
def unspoken(access: Access) -> Iterator[None]:
    """Keep secrets out of what an API server says against the object that they are in."""
    try:
        yield
    except DeviceError as error:
        masked = access.mask(error.what)
        if masked != error.what:
            error.what = masked
            error.args = (masked,)
            error.__cause__ = None
        raise
