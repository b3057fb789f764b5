"""Variables of the role identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.layers.hosts.secret import Secret

if TYPE_CHECKING:
    from infra_kit.inventory.models.directory import Ldap
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    system = facts.os
    variables: dict[str, Any] = {
        "identity_groups": [group.model_dump(mode="json") for group in system.groups],
        "identity_users": [user.model_dump(mode="json") for user in system.users],
        "identity_realm": system.kerberos_realm or "",
        "identity_kdcs": [str(kdc) for kdc in system.kerberos_kdcs],
        "identity_domain": facts.site.site.domain,
    }
    if system.directory is not None:
        variables["identity_directory"] = _directory(facts, system.directory)
    return variables


def _directory(facts: HostFacts, ldap: Ldap) -> dict[str, Any]:
    start_tls = ldap.tls == "start-tls"
    variables: dict[str, Any] = {
        "uri": f"{'ldap' if start_tls else 'ldaps'}://{ldap.server}:{ldap.port}",
        "start_tls": start_tls,
        "user_base": ldap.user_search_base,
        "user_attribute": ldap.user_attribute,
        "group_base": ldap.group_search_base,
        "member_attribute": ldap.group_member_attribute,
    }
    if ldap.bind_credential is not None:
        login = facts.site.credential_by_name[ldap.bind_credential]
        variables.update(bind_dn=login.user, bind_password=Secret(login.password))
    return variables
