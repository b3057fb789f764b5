"""Names of users that Kubernetes takes, exactly as JupyterHub's KubeSpawner makes them.

The algorithm is that of KubeSpawner 7.1 (`kubespawner/slugs.py`, scheme `safe`): the hub looks for a user's namespace under the name
that it computes itself, so ours has to be the same to the letter; the tests compare the two.
"""

from __future__ import annotations

import hashlib
import re

SLUG_LENGTH = 48
"""The longest slug of a user's name (`_slug_max_length` in `kubespawner/spawner.py`)."""
_HASH_LENGTH = 8
_PLAIN = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_STRANGE = re.compile(r"[^a-z0-9]+")


def hub_name(user: str) -> str:
    """What the hub calls a user: its authenticators turn names to lower case."""
    return user.lower()


def user_slug(user: str) -> str:
    """The `{username}` of KubeSpawner's templates for a user of the inventory."""
    return safe_slug(hub_name(user))


def safe_slug(name: str) -> str:
    """A name that is valid as a DNS label, the name itself where it is one already; two names never yield the same."""
    if "--" not in name and len(name) <= SLUG_LENGTH and _PLAIN.fullmatch(name):
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{_readable(name, SLUG_LENGTH - _HASH_LENGTH - len('---'))}---{digest}"


def _readable(name: str, length: int) -> str:
    """As much of a name as a DNS label may have of it."""
    kept = _STRANGE.sub("-", name.lower()).lstrip("-")[:length].rstrip("-")
    if kept and not "a" <= kept[0] <= "z":
        kept = f"x-{kept[: length - 2]}"
    return kept or "x"
