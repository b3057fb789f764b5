"""The hosts' operating system: local accounts, the directory, authorities."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

SYSTEM_GROUPS = frozenset({"adm", "sudo", "wheel", "systemd-journal", "users", "docker", "hadoop", "hdfs"})
"""Groups that the operating system or the data cluster brings."""
_KEY_TYPES = frozenset(
    {
        "ssh-ed25519",
        "ssh-rsa",
        "ecdsa-sha2-nistp256",
        "ecdsa-sha2-nistp384",
        "ecdsa-sha2-nistp521",
        "sk-ssh-ed25519@openssh.com",
        "sk-ecdsa-sha2-nistp256@openssh.com",
    }
)
"""sshd(8), AUTHORIZED_KEYS FILE FORMAT."""


def _twice(nouns: list[tuple[Noun, str, object, str]]) -> Iterator[Problem]:
    first: dict[tuple[str, object], str] = {}
    for noun, field, value, owner in nouns:
        if (field, value) in first:
            yield Problem(noun, field, f"{field} {value} of {owner} is {first[field, value]}'s already", "give it one of its own")
        first.setdefault((field, value), owner)


@rule("IK3020")
def account_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """Two local accounts, or two local groups, share a name or a number."""
    system = site.operating_system
    yield from _twice([(user, field, getattr(user, field), f"user {user.name}") for user in system.users for field in ("name", "uid")])
    yield from _twice(
        [(group, field, getattr(group, field), f"group {group.name}") for group in system.groups for field in ("name", "gid")]
    )


@rule("IK3021")
def group_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """A local account is in a group that nobody makes."""
    known = SYSTEM_GROUPS | {group.name for group in site.operating_system.groups}
    for user in site.operating_system.users:
        for position, name in enumerate(user.groups):
            if name not in known:
                message = f"user {user.name} is in group `{name}`, which no host has"
                yield Problem(user, ("groups", position), message, "add it to `operating_system.groups`, with its number")


@rule("IK3022", "warning")
def account_without_key(site: Site, _index: Index) -> Iterator[Problem]:
    """Nobody can log in as a local account: it has no key, and local accounts have no password."""
    for user in site.operating_system.users:
        if not user.authorized_keys:
            yield Problem(user, "", f"user {user.name} has no key to log in with", "add a public key to `authorized_keys`")


@rule("IK3023")
def key_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """What shall let somebody log in is no public key."""
    for user in site.operating_system.users:
        for position, key in enumerate(user.authorized_keys):
            if "PRIVATE KEY" in key:
                message = f"key {position + 1} of user {user.name} is a private key"
                yield Problem(user, ("authorized_keys", position), message, "take it out, make a new pair, write its public half (.pub)")
            elif not _is_public_key(key):
                message = f"key {position + 1} of user {user.name} is no public key"
                yield Problem(user, ("authorized_keys", position), message, "write the line of the .pub file: ssh-ed25519 AAAA... comment")


@rule("IK3024")
def own_login_managed(site: Site, _index: Index) -> Iterator[Problem]:
    """The login that infra-kit itself uses is among the local accounts that it manages."""
    own = next((each.user for each in site.credentials if each.name == site.operating_system.ssh_credential), None)
    for user in site.operating_system.users:
        if user.name == own:
            message = f"user {user.name} is infra-kit's own login (credential {site.operating_system.ssh_credential})"
            yield Problem(user, "name", message, "leave it out: the installation of the operating system makes it, and infra-kit keeps it")


@rule("IK3025")
def directory_search_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The hosts' directory says nowhere where users are."""
    directory = site.operating_system.directory
    if directory is not None and not directory.user_search_base:
        message = f"directory {directory.server} of the hosts has no `user_search_base`: sssd finds nobody"
        yield Problem(directory, "", message, "give it, such as ou=people,dc=example,dc=org")


@rule("IK3026")
def authority_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """An authority that hosts shall trust is not beside the inventory, or is no PEM file."""
    for position, name in enumerate(site.operating_system.ca_certificates):
        file = site.folder / name
        try:
            is_pem = b"-----BEGIN CERTIFICATE-----" in file.read_bytes()
        except OSError:
            message = f"there is no file {name} in the site's folder"
            yield Problem(site.operating_system, ("ca_certificates", position), message, "put the authority's certificate there (PEM)")
            continue
        if not is_pem:
            message = f"{name} holds no certificate in PEM form"
            yield Problem(site.operating_system, ("ca_certificates", position), message, "`openssl x509` turns DER into PEM")


def _is_public_key(line: str) -> bool:
    kind, _, rest = line.strip().partition(" ")
    text = rest.split(" ")[0]
    try:
        body = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return kind in _KEY_TYPES and body[4 : 4 + len(kind)] == kind.encode()
