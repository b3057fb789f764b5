"""Variables of the role etcd_backup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra_kit.layers.hosts.facts import HostFacts


def build(facts: HostFacts) -> dict[str, Any]:
    """The variables of a host."""
    backup = facts.kubernetes.etcd_backup
    return {
        "etcd_backup_hour": backup.hour,
        "etcd_backup_keep": backup.keep,
        "etcd_backup_folder": backup.folder,
        "etcd_backup_timezone": facts.site.site.timezone,
    }
