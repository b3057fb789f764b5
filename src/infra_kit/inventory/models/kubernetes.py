"""The Kubernetes platform: versions, address ranges, which servers are its nodes, and what every workspace shares."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from infra_kit.inventory.models.base import Noun
from infra_kit.inventory.models.directory import Ldap
from infra_kit.inventory.types import (
    Address,
    Count,
    CpuQuantity,
    DomainName,
    Host,
    MemoryQuantity,
    Name,
    PositiveCount,
    SecretReference,
    Subnet,
)


class Reserved(Noun):
    """What a node keeps for the system and the kubelet."""

    cpu: CpuQuantity
    memory: MemoryQuantity


class Ingress(Noun):
    """How browsers and model clients get in."""

    domain: DomainName
    """Workspaces answer beneath it: `hub.WORKSPACE.DOMAIN`, `MODEL.models.WORKSPACE.DOMAIN`."""
    replicas: PositiveCount = 2
    certificate: SecretReference | None = None
    """PEM chain of a certificate for the domain and its sub-domains; none: the controller's own self-signed one."""
    key: SecretReference | None = None
    """PEM key of the certificate."""


class NfsExport(Noun):
    """An NFS export that volumes are directories of."""

    server: Host
    path: str
    version: Literal["3", "4.0", "4.1", "4.2"] = "4.1"


class Volumes(Noun):
    """Where persistent volumes are."""

    nfs: NfsExport
    """Shared by all nodes; every volume is a directory beneath it. Configuration 1: the array's export; 2: an NFS server of the site."""
    local_path: str | None = None
    """A directory on every worker's own disks for volumes that stay on one node (shuffle, scratch); none: no such class."""


class NodeGroup(Noun):
    """Workers of one make and the bounds within which an autoscaler may power them on and off."""

    name: Name
    servers: list[Name]
    min: Count
    max: PositiveCount


class Oidc(Noun):
    """An OpenID Connect provider; a SAML identity provider is used through one that brokers it, or through `saml`."""

    issuer: str
    client_id: str
    client_secret: SecretReference
    user_claim: str = "preferred_username"
    group_claim: str = "groups"


class Saml(Noun):
    """A SAML 2.0 identity provider, used by the authenticating proxy in front of the workspaces."""

    metadata: str
    """URL of the identity provider's metadata."""
    entity_id: str
    user_attribute: str = "uid"
    group_attribute: str = "groups"


class Identity(Noun):
    """Who the users are. At most one of the three; none: workspaces know no login but the one made for their administrators."""

    ldap: Ldap | None = None
    oidc: Oidc | None = None
    saml: Saml | None = None


class Pulumi(Noun):
    """The automation engine's settings; the server-side engine needs none."""

    backend: str = ""
    """A Pulumi backend URL; empty: a file backend in the site's state folder."""
    passphrase: SecretReference | None = None
    """What encrypts secrets in the backend."""


class Authority(Noun):
    """A certificate authority that exists already, which then signs the cluster's certificates."""

    certificate: SecretReference
    key: SecretReference


class EtcdBackup(Noun):
    """When each control-plane node saves what the cluster remembers, and where."""

    hour: Annotated[int, Field(ge=0, le=23)] = 1
    """Of every day, in the site's time zone."""
    keep: PositiveCount = 14
    """How many are kept."""
    folder: str = "/var/backups/etcd"


class Kubernetes(Noun):
    """One cluster over chosen servers."""

    version: str
    pod_cidr: Subnet
    service_cidr: Subnet
    api_address: Address
    """The virtual address of the API server."""
    control_plane: list[Name]
    workers: list[Name]
    max_pods: PositiveCount = 110
    reserved: Reserved
    credential: Name | None = None
    """The credential whose password is the bearer token that infra-kit uses. Needed for what is on the cluster."""
    authority: Authority | None = None
    """None: kubeadm makes one on the first control-plane node, and its key never leaves the control plane."""
    cni: Literal["bridge", "cilium", "calico"] = "bridge"
    """bridge: each node's pods are a subnet that the leaf switches route to the node. Others: what `cni_manifest` brings."""
    cni_manifest: str | None = None
    """File beside the inventory with the manifests of Cilium or Calico."""
    pod_subnets: dict[Name, Subnet] = {}
    """Server -> its pods' subnet. A server that is not named has the /24 of its place among `control_plane` and `workers`: name
    those that stay when one leaves from the middle, or they would move."""
    packages: str = ""
    """URL of the mirror of the Kubernetes packages; empty: they are in `operating_system.mirror`."""
    etcd_backup: EtcdBackup = EtcdBackup()
    certificate_days: PositiveCount = 60
    """A control-plane certificate that expires within so many days is renewed by the next apply."""
    registry_mirror: str = ""
    """Host and path that stand in front of every image name (air gap); empty: the images' own registries."""
    engine: Literal["automatic", "server-side", "automation"] = "automatic"
    """automatic: the engine that owns a stack already; else automation where the `pulumi` program is found; else server-side."""
    pulumi: Pulumi = Pulumi()
    ingress: Ingress | None = None
    volumes: Volumes | None = None
    queues: Literal["quotas", "yunikorn"] = "quotas"
    """quotas: the plain scheduler and ResourceQuotas. yunikorn: hierarchical queues with gang scheduling."""
    metrics_server: bool = True
    node_groups: list[NodeGroup] = []
    identity: Identity = Identity()
