"""Where users come from: a directory, OpenID Connect or SAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.directory import Ldap
    from infra_kit.inventory.models.kubernetes import Identity
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_PLACEHOLDERS = ("{username}", "{user}")
_USUAL_PORTS = {"ldaps": 636, "start-tls": 389}


def _identity(site: Site) -> Iterator[Identity]:
    if site.kubernetes:
        yield site.kubernetes.identity


def _ldap(site: Site) -> Iterator[Ldap]:
    for identity in _identity(site):
        if identity.ldap:
            yield identity.ldap


@rule("IK4050")
def providers_many(site: Site, _index: Index) -> Iterator[Problem]:
    """More than one of LDAP, OIDC and SAML is described: who a name belongs to would be ambiguous."""
    for identity in _identity(site):
        found = [kind for kind in ("ldap", "oidc", "saml") if getattr(identity, kind) is not None]
        if len(found) > 1:
            yield Problem(identity, found[1], f"users come from {' and '.join(found)} at once", "keep one of them")


@rule("IK4051")
def directory_cannot_bind(site: Site, _index: Index) -> Iterator[Problem]:
    """The directory is described with no complete way to log in: a bind credential and where to search, or a template of the users' DNs."""
    for ldap in _ldap(site):
        if ldap.bind_credential and not ldap.user_search_base:
            message = "`bind_credential` looks users up, and `user_search_base` does not say where"
            yield Problem(ldap, "bind_credential", message, "give it, such as ou=people,dc=example,dc=org")
        elif not ldap.bind_credential and not ldap.user_dn_template:
            message = f"directory {ldap.server} has neither `bind_credential` nor `user_dn_template`: nobody can log in"
            yield Problem(ldap, "", message, "name the credential that looks users up, or write how a user's DN is made")


@rule("IK4052")
def dn_template_constant(site: Site, _index: Index) -> Iterator[Problem]:
    """The template of the users' DNs has no place for the user's name."""
    for ldap in _ldap(site):
        if ldap.user_dn_template and not any(each in ldap.user_dn_template for each in _PLACEHOLDERS):
            message = f"`{ldap.user_dn_template}` has no place for the user's name"
            yield Problem(ldap, "user_dn_template", message, "write it as uid={username},ou=people,dc=example,dc=org")


@rule("IK4053", "warning")
def groups_not_searched(site: Site, _index: Index) -> Iterator[Problem]:
    """Teams have groups in the directory, and nobody said where groups are."""
    for ldap in _ldap(site):
        grouped = [team.name for team in site.teams if team.group]
        if grouped and not ldap.group_search_base:
            message = f"team {grouped[0]} has a group in the directory, and `group_search_base` is empty: no membership is found"
            yield Problem(ldap, "", message, "give it, such as ou=groups,dc=example,dc=org")


@rule("IK4054")
def provider_not_https(site: Site, _index: Index) -> Iterator[Problem]:
    """An identity provider is not asked over HTTPS."""
    for identity in _identity(site):
        hint = "write its https:// URL"
        if identity.oidc and not identity.oidc.issuer.startswith("https://"):
            yield Problem(identity.oidc, "issuer", f"issuer `{identity.oidc.issuer}` is no https:// URL", hint)
        if identity.saml and not identity.saml.metadata.startswith("https://"):
            yield Problem(identity.saml, "metadata", f"metadata `{identity.saml.metadata}` is no https:// URL", hint)


@rule("IK4055", "warning")
def directory_port_unusual(site: Site, _index: Index) -> Iterator[Problem]:
    """The directory's port is that of the other way of encrypting."""
    for ldap in _ldap(site):
        other = "start-tls" if ldap.tls == "ldaps" else "ldaps"
        if ldap.port == _USUAL_PORTS[other]:
            message = f"port {ldap.port} is that of {other}, and `tls` is {ldap.tls}"
            yield Problem(ldap, "port", message, f"{ldap.tls} usually answers on {_USUAL_PORTS[ldap.tls]}")
