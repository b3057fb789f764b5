"""A Deployment that serves: restricted, spread over racks, updated without downtime, with its Service and its disruption budget."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from infra_kit.stacks.parts.labels import PREFIX, labels, selector

if TYPE_CHECKING:
    from pulumi import Resource
    from pulumi_kubernetes.apps.v1 import Deployment
    from pulumi_kubernetes.core.v1 import Service
    from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.parts.pod import Pod

LEAVES_AFTER_S = 5
"""How long a pod that serves goes on after it was told to end (`Container.leaves_after_s`): with 5 s none of 2,000 requests of a rolling
update was lost, without it 25 were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A workload of equal replicas.

    Args:
        name: the Deployment's and the Service's name.
        application: its `app.kubernetes.io/name`; empty: the name.
        component: its `app.kubernetes.io/component`.
        pod: what each replica is.
        ports: the Service's ports by the name of the container's port that each goes to; none: no Service.
        replicas: how many; 0 while suspended.
        single: it cannot run twice: a new revision comes in the place of the old one, and no budget keeps its node from being drained.
        scaled: an autoscaler says how many; `replicas` is only what it starts with.
        pod_labels: labels of the pods beside the usual ones, such as the queue's.
        pod_annotations: annotations of the pods.
        configuration: texts whose change must restart the pods, which do not notice changed ConfigMaps.
        node_ports: ports of every node by the name of the Service's port; makes the Service one of type NodePort.
        service_name: the Service's name where it must be another one than the Deployment's.
        service: further fields of the Service's spec.
        ready_within_s: how long until it must be ready.
    """

    name: str
    pod: Pod
    application: str = ""
    component: str = ""
    ports: Mapping[str, int] = field(default_factory=dict)
    replicas: int = 2
    single: bool = False
    scaled: bool = False
    pod_labels: Mapping[str, str] = field(default_factory=dict)
    pod_annotations: Mapping[str, str] = field(default_factory=dict)
    configuration: tuple[str, ...] = ()
    node_ports: Mapping[str, int] = field(default_factory=dict)
    service_name: str = ""
    service: Mapping[str, Any] = field(default_factory=dict)
    ready_within_s: int = 300


class Deployed(NamedTuple):
    """The objects of a workload."""

    deployment: Deployment
    service: Service | None
    disruption_budget: PodDisruptionBudget | None
    pods: dict[str, str]
    """Labels that select its pods, for network policies and autoscalers."""


def deploy(place: Place, workload: Workload, *after: Resource) -> Deployed:
    """Make the objects of a workload.

    Args:
        place: where.
        workload: what.
        after: what its pods need first: ConfigMaps, Secrets, accounts, claims.
    """
    application = workload.application or workload.name
    own = labels(place.owner, application, workload.component)
    pods = selector(own)
    return Deployed(
        deployment=_deployment(place, workload, own, *after),
        service=_service(place, workload, pods) if workload.ports else None,
        disruption_budget=None if workload.single else _budget(place, workload, pods),
        pods=pods,
    )


def another_name(place: Place, name: str, workload: Workload, deployed: Deployed) -> Service:
    """A second Service for a workload, under the name that some clients look for."""
    return _service(place, replace(workload, service_name=name), deployed.pods)


def template(workload: Workload, own: Mapping[str, str]) -> dict[str, Any]:
    """The pod template: labels, annotations, spec. For other kinds of workloads too."""
    annotations = dict(workload.pod_annotations)
    if workload.configuration:
        digest = hashlib.sha256("\0".join(workload.configuration).encode()).hexdigest()
        annotations[f"{PREFIX}configuration"] = digest[:16]
    metadata: dict[str, Any] = {"labels": {**own, **workload.pod_labels}}
    if annotations:
        metadata["annotations"] = annotations
    return {"metadata": metadata, "spec": workload.pod.manifest(selector(own))}


def strategy(workload: Workload) -> dict[str, Any]:
    """How a new revision comes: beside the old one where traffic flows; in its place where two cannot be at once."""
    if workload.single:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}


def _deployment(place: Place, workload: Workload, own: Mapping[str, str], *after: Resource) -> Deployment:
    from pulumi import CustomTimeouts
    from pulumi_kubernetes.apps.v1 import Deployment

    spec: Any = {
        "replicas": workload.replicas,
        "selector": {"matchLabels": selector(own)},
        "strategy": strategy(workload),
        "revisionHistoryLimit": 5,
        "progressDeadlineSeconds": workload.ready_within_s,
        "template": template(workload, own),
    }
    limit = f"{workload.ready_within_s}s"
    return Deployment(
        place.logical(workload.name),
        metadata=place.metadata(workload.name, workload.application or workload.name, workload.component),
        spec=spec,
        opts=place.options(
            *after,
            ignore_changes=["spec.replicas"] if workload.scaled else None,
            custom_timeouts=CustomTimeouts(create=limit, update=limit),
        ),
    )


def _service(place: Place, workload: Workload, pods: Mapping[str, str]) -> Service:
    from pulumi_kubernetes.core.v1 import Service

    ports: list[dict[str, Any]] = [
        {"name": name, "port": port, "targetPort": name, "protocol": "TCP"} for name, port in workload.ports.items()
    ]
    for port in ports:
        if port["name"] in workload.node_ports:
            port["nodePort"] = workload.node_ports[port["name"]]
    kind = "NodePort" if workload.node_ports else "ClusterIP"
    spec: Any = {"selector": dict(pods), "ports": ports, "type": kind, **workload.service}
    name = workload.service_name or workload.name
    return Service(
        place.logical(name),
        metadata=place.metadata(name, workload.application or workload.name, workload.component),
        spec=spec,
        opts=place.options(),
    )


def _budget(place: Place, workload: Workload, pods: Mapping[str, str]) -> PodDisruptionBudget:
    from pulumi_kubernetes.policy.v1 import PodDisruptionBudget

    # `maxUnavailable` lets a drain go on whatever an autoscaler makes of the replicas; a pod that is broken anyway holds up nobody.
    spec: Any = {"selector": {"matchLabels": dict(pods)}, "maxUnavailable": 1, "unhealthyPodEvictionPolicy": "AlwaysAllow"}
    return PodDisruptionBudget(
        place.logical(workload.name),
        metadata=place.metadata(workload.name, workload.application or workload.name, workload.component),
        spec=spec,
        opts=place.options(),
    )
