"""The NFS export that the cluster's volumes are directories of: it is there, and the workers may use it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule
from infra_kit.inventory.volumes import array_exports, pools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.kubernetes import NfsExport
    from infra_kit.inventory.models.server import Server
    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_PATH = re.compile(r"(/[A-Za-z0-9._@%+=-]+)+/?$")


def _nfs(site: Site) -> Iterator[NfsExport]:
    if site.kubernetes and site.kubernetes.volumes:
        yield site.kubernetes.volumes.nfs


def _addresses(server: Server) -> list[str]:
    return [str(entry.address) for bond in server.bonds for entry in bond.addresses]


@rule("IK4030")
def server_no_zone(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has an array, and the volumes' server is none of its SmartConnect zones."""
    for nfs in _nfs(site):
        zones = pools(site)
        if site.storage and nfs.server not in zones:
            message = f"`{nfs.server}` is no SmartConnect zone of array {site.storage.name}"
            yield Problem(nfs, "server", message, f"its zones: {', '.join(sorted(zones)) or 'none'}")


@rule("IK4031")
def path_not_exported(site: Site, _index: Index) -> Iterator[Problem]:
    """The volumes' path is beneath no NFS export of the access zone that the server's name leads to."""
    for nfs in _nfs(site):
        pool = pools(site).get(nfs.server)
        if site.storage and pool and not array_exports(site, nfs):
            known = [export.path for export in site.storage.nfs_exports if export.zone == pool.access_zone]
            message = f"`{nfs.path}` is beneath no NFS export of access zone {pool.access_zone}, which {nfs.server} leads to"
            yield Problem(nfs, "path", message, f"exported there: {', '.join(known) or 'nothing'}")


@rule("IK4032")
def worker_no_client(site: Site, _index: Index) -> Iterator[Problem]:
    """A worker has no address among the clients of the volumes' export."""
    for nfs in _nfs(site):
        exports = array_exports(site, nfs)
        workers = [site.server_by_name[name] for name in site.kubernetes.workers if name in site.server_by_name] if site.kubernetes else []
        clients = exports[0].clients if exports else []
        outside = [
            server.name
            for server in workers
            if not any(entry.address in client for bond in server.bonds for entry in bond.addresses for client in clients)
        ]
        if exports and outside:
            more = f" and {len(outside) - 1} more" if len(outside) > 1 else ""
            message = f"{outside[0]}{more} may not mount {exports[0].path}: none of its addresses is among the export's clients"
            yield Problem(exports[0], "clients", message, "add the networks of the workers")


@rule("IK4033")
def export_read_only(site: Site, _index: Index) -> Iterator[Problem]:
    """The volumes' export is read-only."""
    for nfs in _nfs(site):
        for export in array_exports(site, nfs)[:1]:
            if export.read_only:
                yield Problem(export, "read_only", f"{export.path} holds the cluster's volumes and is exported read-only", "remove it")


@rule("IK4034")
def server_no_host(site: Site, _index: Index) -> Iterator[Problem]:
    """The site has no array, and the volumes' server is no server of the site."""
    for nfs in _nfs(site):
        names = {name for server in site.servers for name in (server.name, f"{server.name}.{site.site.domain}", *_addresses(server))}
        if site.storage is None and nfs.server not in names:
            message = f"`{nfs.server}` is no server of the site"
            yield Problem(nfs, "server", message, f"name one that exports {nfs.path}, as NAME.{site.site.domain} or by its address")


@rule("IK4035")
def path_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A path of the volumes is not absolute, or has characters that NFS clients trip over."""
    for nfs in _nfs(site):
        if not _PATH.match(nfs.path):
            yield Problem(nfs, "path", f"`{nfs.path}` is no plain absolute path", "write it as /ifs/data/kubernetes")
        volumes = site.kubernetes.volumes if site.kubernetes else None
        if volumes and volumes.local_path is not None and not _PATH.match(volumes.local_path):
            yield Problem(volumes, "local_path", f"`{volumes.local_path}` is no plain absolute path", "write it as /data/local")
