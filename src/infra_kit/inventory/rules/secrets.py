"""Secret fields hold references, well formed and leading somewhere safe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule
from infra_kit.inventory.secrets import SCHEMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_FORMS = {
    "env": re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*$"),
    "file": re.compile(r"file:[^\s].*$"),
    "ansible-vault": re.compile(r"ansible-vault:[^#\s][^#]*#[^#\s]+$"),
    "vault": re.compile(r"vault:[^#\s/][^#\s]*#[^#\s]+$"),
}
_FORM_TEXT = "env:NAME, file:PATH, ansible-vault:FILE#KEY or vault:PATH#KEY"
_STATE_FOLDER = ".infra-kit/"


def _references(site: Site) -> Iterator[tuple[Noun, str, str, str]]:
    """Every secret field: noun, field, value, owner."""
    for credential in site.credentials:
        yield credential, "password", credential.password, f"the password of credential {credential.name}"
    fabric = site.fabric
    if fabric.tacacs:
        yield fabric.tacacs, "key", fabric.tacacs.key, "the TACACS+ key"
    if fabric.snmp:
        yield fabric.snmp, "community", fabric.snmp.community, "the SNMP community"
    for user in fabric.users:
        yield user, "password_hash", user.password_hash, f"the password hash of switch user {user.name}"
    if site.cluster:
        yield site.cluster, "licence", site.cluster.licence, "the cluster's licence"
    for receiver in site.monitoring.receivers if site.monitoring else []:
        if receiver.webhook:
            yield receiver, "webhook", receiver.webhook, f"the webhook of receiver {receiver.name}"
    yield from _references_of_platform(site)


def _references_of_platform(site: Site) -> Iterator[tuple[Noun, str, str, str]]:
    kubernetes = site.kubernetes
    optional: list[tuple[Noun, str, str | None, str]] = []
    if kubernetes:
        optional.append((kubernetes.pulumi, "passphrase", kubernetes.pulumi.passphrase, "Pulumi's passphrase"))
        if kubernetes.ingress:
            optional.append((kubernetes.ingress, "certificate", kubernetes.ingress.certificate, "the ingress's certificate"))
            optional.append((kubernetes.ingress, "key", kubernetes.ingress.key, "the key of the ingress's certificate"))
        if kubernetes.identity.oidc:
            optional.append((kubernetes.identity.oidc, "client_secret", kubernetes.identity.oidc.client_secret, "the OIDC client's secret"))
    for workspace in site.workspaces:
        for field in ("access_key", "secret_key"):
            value = getattr(workspace.artifacts, field)
            optional.append((workspace.artifacts, field, value, f"the artifacts' `{field}` of workspace {workspace.name}"))
    for noun, name, value, owner in optional:
        if value:
            yield noun, name, value, owner


@rule("IK5001")
def secret_is_literal(site: Site, _index: Index) -> Iterator[Problem]:
    """A secret field holds something that is no reference. The value is not repeated."""
    for noun, field, value, owner in _references(site):
        if value.partition(":")[0] not in SCHEMES or ":" not in value:
            message = f"{owner} is no reference: a secret may stand here in plain text"
            yield Problem(noun, field, message, f"write {_FORM_TEXT}; if it was a secret, change it: it has been seen")


@rule("IK5002")
def reference_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A secret reference is not well formed."""
    for noun, field, value, owner in _references(site):
        scheme = value.partition(":")[0]
        if scheme in SCHEMES and ":" in value and not _FORMS[scheme].match(value):
            yield Problem(noun, field, f"{owner} is a {scheme} reference, but not well formed", f"the form is {_FORM_TEXT}")


@rule("IK5003", "warning")
def secret_file_beside_site(site: Site, _index: Index) -> Iterator[Problem]:
    """A secret's plain file lies in the site's own folder, where it is easily committed."""
    for noun, field, value, owner in _references(site):
        path = value.removeprefix("file:")
        inside = value.startswith("file:") and not path.startswith(("/", "~", ".."))
        if inside and not path.removeprefix("./").startswith(_STATE_FOLDER):
            message = f"{owner} is in plain file {path} inside the site's folder"
            yield Problem(noun, field, message, "keep it outside the folder, or in an Ansible vault: ansible-vault:FILE#KEY")


@rule("IK5004")
def vault_file_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """An Ansible vault that a reference names does not exist."""
    for noun, field, value, owner in _references(site):
        if _FORMS["ansible-vault"].match(value):
            path = site.folder / value.removeprefix("ansible-vault:").partition("#")[0]
            if not path.is_file():
                yield Problem(noun, field, f"{owner} is in vault file {path}, which does not exist", "make it with `ansible-vault create`")
