"""Monitoring: retention and where alerts go."""

from __future__ import annotations

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.types import Host, Name, PositiveCount, SecretReference


class AlertReceiver(Noun):
    """Who gets alerts, by mail or webhook."""

    name: Name
    mail: str | None = None
    webhook: SecretReference | None = None


class Monitoring(Noun):
    """The monitoring stack of the site."""

    retention_days: PositiveCount = 30
    scrape_interval_s: PositiveCount = 30
    mail_relay: Host | None = None
    receivers: list[AlertReceiver] = []
