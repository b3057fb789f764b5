"""Services that every device uses, and what devices are trusted by."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_NTP_MAJORITY = 3
_LEAST_DNS = 2


@rule("IK5101")
def ntp_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no NTP servers; Kerberos and the cluster fail when clocks part."""
    if not site.services.ntp_servers:
        yield Problem(site.services, "ntp_servers", "the site has no NTP servers: Kerberos fails when clocks part", "add `ntp_servers`")


@rule("IK5102", "warning")
def ntp_few(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has fewer than three NTP servers: two cannot outvote one that is wrong."""
    count = len(set(site.services.ntp_servers))
    if 0 < count < _NTP_MAJORITY:
        message = f"the site has {count} NTP server(s): {', '.join(site.services.ntp_servers)}"
        yield Problem(site.services, "ntp_servers", message, "three or more outvote one that is wrong")


@rule("IK5103")
def dns_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no name servers."""
    if not site.services.dns_servers:
        yield Problem(site.services, "dns_servers", "the site has no name servers", "add `dns_servers`")


@rule("IK5104", "warning")
def dns_single(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has a single name server."""
    if 0 < len(set(site.services.dns_servers)) < _LEAST_DNS:
        yield Problem(site.services, "dns_servers", f"the site has one name server: {site.services.dns_servers[0]}", "name two")


@rule("IK5105", "warning")
def service_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A server of a service is listed twice."""
    for field in ("ntp_servers", "dns_servers", "syslog_servers", "dns_search"):
        seen: set[object] = set()
        for position, entry in enumerate(getattr(site.services, field)):
            if entry in seen:
                yield Problem(site.services, (field, position), f"{entry} is listed twice in `{field}`", "keep one of the two")
            seen.add(entry)


@rule("IK5106", "warning")
def syslog_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no syslog server: what a device said before it died is lost."""
    if not site.services.syslog_servers:
        yield Problem(site.services, "syslog_servers", "the site has no syslog server", "add `syslog_servers`")


@rule("IK5107")
def timezone_unknown(site: Site, _index: Index) -> Iterator[Problem]:
    """The site's time zone does not exist."""
    if site.site.timezone != "UTC" and not _zone_exists(site.site.timezone) and _zone_exists("Europe/Berlin"):
        yield Problem(
            site.site, "timezone", f"time zone `{site.site.timezone}` does not exist", "write UTC, or a name such as Europe/Berlin"
        )


def _zone_exists(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


@rule("IK5108")
def trust_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A live site has no pinned host keys for its switches."""
    if site.site.access == "live" and site.trust.known_hosts is None:
        message = "the site is live, and has no `trust.known_hosts`: no switch's host key can be checked"
        yield Problem(site.site, "access", message, "collect the keys with ssh-keyscan, compare them on the consoles, and name the file")


@rule("IK5109")
def trust_file_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """A trust file that the site names does not exist."""
    for field in ("ca_bundle", "known_hosts"):
        path = getattr(site.trust, field)
        if path is not None and not (site.folder / path).is_file():
            yield Problem(site.trust, field, f"`{field}` names {path}, which does not exist in {site.folder}", "put the file there")


@rule("IK5110", "warning")
def array_resolves_elsewhere(site: Site, _index: Index) -> Iterator[Problem]:
    """A groupnet of the array has none of the site's name servers."""
    known = set(site.services.dns_servers)
    for groupnet in site.storage.groupnets if site.storage else []:
        if known and not known.intersection(groupnet.dns_servers):
            theirs = ", ".join(map(str, groupnet.dns_servers)) or "none"
            message = f"groupnet {groupnet.name} resolves by {theirs}, the site by {', '.join(map(str, site.services.dns_servers))}"
            yield Problem(groupnet, "dns_servers", message, "use the site's name servers, or both disagree about names")
