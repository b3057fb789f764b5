"""Monitoring: alerts reach someone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_LONGEST_INTERVAL_S = 120


@rule("IK5201")
def receiver_unreachable(site: Site, _index: Index) -> Iterator[Problem]:
    """An alert receiver has neither mail nor webhook."""
    for receiver in site.monitoring.receivers if site.monitoring else []:
        if receiver.mail is None and receiver.webhook is None:
            yield Problem(receiver, "name", f"alert receiver {receiver.name} has neither `mail` nor `webhook`", "give it one")


@rule("IK5202")
def relay_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """An alert receiver has a mail address, and there is no mail relay."""
    monitoring = site.monitoring
    for receiver in monitoring.receivers if monitoring and monitoring.mail_relay is None else []:
        if receiver.mail is not None:
            yield Problem(receiver, "mail", f"alerts of {receiver.name} go by mail, and there is no `mail_relay`", "add `mail_relay:`")


@rule("IK5203")
def mail_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A mail address is none."""
    for receiver in site.monitoring.receivers if site.monitoring else []:
        local, at, domain = (receiver.mail or "x@y").rpartition("@")
        if not (local and at and domain) or " " in (receiver.mail or ""):
            yield Problem(receiver, "mail", f"`{receiver.mail}` of receiver {receiver.name} is no mail address", "write NAME@DOMAIN")


@rule("IK5204", "warning")
def receivers_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """Monitoring has nobody to tell."""
    if site.monitoring and not site.monitoring.receivers:
        yield Problem(site.monitoring, "receivers", "monitoring has no receivers: alerts reach nobody", "add one")


@rule("IK5205", "warning")
def interval_long(site: Site, _index: Index) -> Iterator[Problem]:
    """Scrapes are so rare that five-minute rates have fewer than two points to stand on."""
    if site.monitoring and site.monitoring.scrape_interval_s > _LONGEST_INTERVAL_S:
        message = f"scrapes are {site.monitoring.scrape_interval_s} s apart: a five-minute rate needs at least two points"
        yield Problem(site.monitoring, "scrape_interval_s", message, f"{_LONGEST_INTERVAL_S} s at most; 30 s is usual")
