"""The data cluster: its services and what they need of each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.base import Noun
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_NEEDS = {
    "yarn": ("zookeeper", "hdfs"),
    "hdfs": ("zookeeper",),
    "hbase": ("zookeeper", "hdfs"),
    "hive": ("hdfs",),
    "hive-on-tez": ("hive", "tez", "yarn"),
    "tez": ("yarn",),
    "impala": ("hive", "hdfs"),
    "spark": ("yarn",),
    "livy": ("spark",),
    "ranger": ("solr",),
    "atlas": ("hbase", "kafka", "solr"),
    "kafka": ("zookeeper",),
    "solr": ("zookeeper",),
    "oozie": ("yarn",),
    "schema-registry": ("kafka",),
}
"""Services that another stands on: general knowledge of the platform, not a published table; so this only warns."""
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){1,3}([-.][A-Za-z0-9]+)*$")


@rule("IK4201", "warning")
def service_needs_other(site: Site, _index: Index) -> Iterator[Problem]:
    """A service of the cluster needs one that is not listed."""
    services = site.cluster.services if site.cluster else []
    for position, service in enumerate(services):
        missing = [name for name in _NEEDS.get(service, ()) if name not in services]
        if missing and site.cluster:
            yield Problem(site.cluster, ("services", position), f"service {service} needs {', '.join(missing)}", "add it to `services`")


@rule("IK4202")
def service_twice(site: Site, _index: Index) -> Iterator[Problem]:
    """A service is listed twice."""
    seen: set[str] = set()
    for position, service in enumerate(site.cluster.services if site.cluster else []):
        if service in seen and site.cluster:
            yield Problem(site.cluster, ("services", position), f"service {service} is listed twice", "keep one of the two")
        seen.add(service)


@rule("IK4203")
def address_is_no_url(site: Site, _index: Index) -> Iterator[Problem]:
    """A mirror is not the URL of one."""
    entries: list[tuple[Noun, str, str]] = [(site.operating_system, "mirror", site.operating_system.mirror)]
    if site.cluster:
        entries.append((site.cluster, "parcel_mirror", site.cluster.parcel_mirror))
    for noun, field, url in entries:
        if not re.match(r"(https?|file)://[^\s/]+", url) and not url.startswith("file:///"):
            yield Problem(noun, field, f"`{field}` is no URL: {url.partition('@')[2] or url}", "write https://HOST/PATH")


@rule("IK4204", "warning")
def mirror_not_encrypted(site: Site, _index: Index) -> Iterator[Problem]:
    """Software comes over plain HTTP."""
    if site.operating_system.mirror.startswith("http://"):
        yield Problem(site.operating_system, "mirror", "the package mirror is plain HTTP", "use https")
    if site.cluster and site.cluster.parcel_mirror.startswith("http://"):
        yield Problem(site.cluster, "parcel_mirror", "the parcel mirror is plain HTTP", "use https")


@rule("IK4205")
def version_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A version of the cluster's software is no version."""
    for field in ("runtime", "manager"):
        if site.cluster and not _VERSION.match(getattr(site.cluster, field)):
            yield Problem(site.cluster, field, f"`{field}` is `{getattr(site.cluster, field)}`, no version", "write it as 7.1.9")


@rule("IK4206")
def realm_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster speaks Kerberos, and the hosts have no realm or no KDC."""
    system = site.operating_system
    if site.cluster and site.cluster.kerberos:
        if not system.kerberos_realm:
            yield Problem(system, "family", "the cluster has `kerberos: true`, the hosts no `kerberos_realm`", "add `kerberos_realm:`")
        if not system.kerberos_kdcs:
            yield Problem(system, "family", "the cluster has `kerberos: true`, the hosts no `kerberos_kdcs`", "add `kerberos_kdcs:`")


@rule("IK4207", "warning")
def cluster_unprotected(site: Site, _index: Index) -> Iterator[Problem]:
    """The cluster runs without Kerberos, TLS or high availability."""
    for field, risk in (
        ("kerberos", "anyone on the network can be anyone in the cluster"),
        ("auto_tls", "data and passwords cross the network readable"),
        ("high_availability", "one lost master stops the cluster"),
    ):
        if site.cluster and not getattr(site.cluster, field):
            yield Problem(site.cluster, field, f"`{field}` is off: {risk}", "turn it on")


@rule("IK4208", "warning")
def realm_lower_case(site: Site, _index: Index) -> Iterator[Problem]:
    """A Kerberos realm is not in capitals, as everything else expects it."""
    realm = site.operating_system.kerberos_realm
    if realm and realm != realm.upper():
        yield Problem(site.operating_system, "kerberos_realm", f"Kerberos realm {realm} is not in capitals", f"write {realm.upper()}")
