"""What every workspace shares: the way to the cluster, the way in, where images come from, the engine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*/?$")
"""Host, port and path of an image name, without a scheme and without a tag (distribution's reference grammar)."""
_BACKENDS = ("file://", "s3://", "gs://", "azblob://", "https://", "postgres://")
"""What Pulumi takes as a backend (pulumi.com, state and backends)."""


@rule("IK4020", "warning")
def credential_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """There are workspaces, and no credential to reach the cluster with: its layers cannot be planned."""
    if site.kubernetes and site.workspaces and site.kubernetes.credential is None:
        message = f"{len(site.workspaces)} workspace(s), and Kubernetes has no `credential`: nothing on the cluster can be planned"
        yield Problem(site.kubernetes, "", message, "name one of `credentials`; its password is the bearer token")


@rule("IK4021", "warning")
def ingress_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """There are workspaces, and no ingress: no browser reaches them."""
    if site.kubernetes and site.workspaces and site.kubernetes.ingress is None:
        message = f"{len(site.workspaces)} workspace(s), and Kubernetes has no `ingress`: no browser reaches them"
        yield Problem(site.kubernetes, "", message, "say which domain they answer beneath: ingress: {domain: apps.example.org}")


@rule("IK4022", "warning")
def volumes_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """There are workspaces, and no place for their volumes: they cannot be planned."""
    if site.kubernetes and site.workspaces and site.kubernetes.volumes is None:
        message = f"{len(site.workspaces)} workspace(s), and Kubernetes has no `volumes`: there is no place for homes and projects"
        yield Problem(site.kubernetes, "", message, "name the NFS export: volumes: {nfs: {server: ..., path: ...}}")


@rule("IK4023")
def certificate_without_key(site: Site, _index: Index) -> Iterator[Problem]:
    """The ingress has a certificate without its key, or a key without its certificate."""
    ingress = site.kubernetes.ingress if site.kubernetes else None
    if ingress and (ingress.certificate is None) != (ingress.key is None):
        there, missing = ("certificate", "key") if ingress.certificate else ("key", "certificate")
        yield Problem(ingress, there, f"the ingress has a `{there}` and no `{missing}`", "give both, or neither for a self-signed one")


@rule("IK4024", "warning")
def ingress_single(site: Site, _index: Index) -> Iterator[Problem]:
    """The ingress controller has a single replica: every update cuts everybody off."""
    ingress = site.kubernetes.ingress if site.kubernetes else None
    if ingress and ingress.replicas == 1:
        yield Problem(ingress, "replicas", "the ingress controller has a single replica", "two survive the loss of a node, and an update")


@rule("IK4025")
def mirror_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """The registry mirror is no host with an optional port and path."""
    mirror = site.kubernetes.registry_mirror if site.kubernetes else ""
    if site.kubernetes and mirror and not _REGISTRY.match(mirror):
        message = f"registry mirror `{mirror}` is no host with an optional port and path"
        yield Problem(site.kubernetes, "registry_mirror", message, "write it as registry.example.org:5000/mirror, without https://")


@rule("IK4026", "warning")
def passphrase_missing(site: Site, _index: Index) -> Iterator[Problem]:
    """The automation engine has no passphrase to encrypt the secrets in its state with."""
    kubernetes = site.kubernetes
    if kubernetes and kubernetes.engine == "automation" and kubernetes.pulumi.passphrase is None:
        message = "engine `automation` keeps secrets in its state, and `pulumi.passphrase` is missing"
        yield Problem(kubernetes, "engine", message, "name a secret reference: pulumi: {passphrase: vault:platform/pulumi#passphrase}")


@rule("IK4027")
def backend_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """The Pulumi backend is no URL that Pulumi knows."""
    pulumi = site.kubernetes.pulumi if site.kubernetes else None
    if pulumi and pulumi.backend and not pulumi.backend.startswith(_BACKENDS):
        yield Problem(pulumi, "backend", f"`{pulumi.backend}` is no Pulumi backend", f"one of {', '.join(_BACKENDS)}")


@rule("IK4028", "warning")
def replicas_in_one_place(site: Site, _index: Index) -> Iterator[Problem]:
    """The workers are one node, or stand in one rack of several: replicas that should survive each other go down together."""
    kubernetes = site.kubernetes
    workers = [site.server_by_name[name] for name in dict.fromkeys(kubernetes.workers) if name in site.server_by_name] if kubernetes else []
    if kubernetes is None or not workers or not (site.workspaces or kubernetes.ingress):
        return
    hint = "replicas are spread over racks: give workers to two at least"
    racks = {server.rack for server in workers}
    if len(workers) == 1:
        yield Problem(kubernetes, "workers", f"{workers[0].name} is the only worker: all replicas go down with it", hint)
    elif len(racks) == 1 and len({server.rack for server in site.servers}) > 1:
        yield Problem(kubernetes, "workers", f"all workers stand in rack {racks.pop()}: all replicas go down with it", hint)
