"""Pods that Pod Security `restricted` admits, spread over racks, with limits, probes and a priority.

Everything here yields plain values in the API's own form; what makes objects of them is in `deployment.py` and in the components.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from infra_kit.stacks.parts.security import UID, container_security, pod_security

RACK = "topology.kubernetes.io/zone"
"""Label of a node that says in which rack it stands: the rack is what fails as one (power feeds, leaf pair)."""
HOST = "kubernetes.io/hostname"
GPU = "nvidia.com/gpu"
"""The resource that NVIDIA's device plugin offers, and the taint that keeps other pods off the nodes that have it."""

PriorityClassName = Literal["platform-critical", "serving", "interactive", "batch"]

LEAVING_S = 60
"""After how long pods leave a node that no longer answers; Kubernetes' own default is 300 s."""

Probe = dict[str, Any]


def http_probe(path: str, port: int | str, *, period_s: int = 10, failures: int = 3, headers: Mapping[str, str] | None = None) -> Probe:
    """A probe by HTTP GET; `port` by number or by its name in the container."""
    get: dict[str, Any] = {"path": path, "port": port}
    if headers:
        get["httpHeaders"] = [{"name": name, "value": value} for name, value in headers.items()]
    return {"httpGet": get, "periodSeconds": period_s, "timeoutSeconds": 5, "failureThreshold": failures}


def tcp_probe(port: int | str, *, period_s: int = 10, failures: int = 3) -> Probe:
    """A probe by opening a connection."""
    return {"tcpSocket": {"port": port}, "periodSeconds": period_s, "timeoutSeconds": 5, "failureThreshold": failures}


def command_probe(*command: str, period_s: int = 10, failures: int = 3) -> Probe:
    """A probe by a program in the container."""
    return {"exec": {"command": list(command)}, "periodSeconds": period_s, "timeoutSeconds": 5, "failureThreshold": failures}


def from_secret(variable: str, secret: str, key: str) -> dict[str, Any]:
    """An environment variable out of a Secret."""
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}


def from_pod(variable: str, path: str) -> dict[str, Any]:
    """An environment variable out of the pod's own fields, such as `status.podIP`."""
    return {"name": variable, "valueFrom": {"fieldRef": {"fieldPath": path}}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of a pod, in the terms that differ from one to the next.

    Args:
        name: its name.
        image: its reference (`parts.image.image`).
        command: in place of the image's entry point; empty: the image's own.
        args: arguments of the command.
        ports: numbers of the ports that it listens on, by name.
        env: variables: plain ones by name.
        env_from: further entries of `env` in the API's form: `from_secret`, `from_pod`.
        cpu: what it requests; without `cpu_limit` it may use more where the node has it.
        cpu_limit: what it may use at most; needed where a quota bounds limits.
        memory: what it requests and may use at most: memory cannot be taken back, so the two are the same.
        gpus: whole GPUs.
        readiness: whether it takes traffic now.
        liveness: whether it is beyond help and must be started again.
        startup: how long it may take to start before the other two count.
        mounts: `volumeMounts` in the API's form.
        leaves_after_s: how long it goes on serving after it was told to end, until every proxy knows that it is going. Readiness and
            `maxUnavailable: 0` alone lose requests in a rolling update; with this none was lost.
        writable: directories that get an empty volume of their own, since the root file system cannot be written.
        writes_root: the exception: its root file system can be written. Whoever sets it says why.
    """

    name: str
    image: str
    command: Sequence[str] = ()
    args: Sequence[str] = ()
    ports: Mapping[str, int] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    env_from: Sequence[Mapping[str, Any]] = ()
    cpu: str = "100m"
    cpu_limit: str = ""
    memory: str = "256Mi"
    gpus: int = 0
    readiness: Probe | None = None
    liveness: Probe | None = None
    startup: Probe | None = None
    mounts: Sequence[Mapping[str, Any]] = ()
    leaves_after_s: int = 0
    writable: Sequence[str] = ("/tmp",)  # noqa: S108  a volume of the container's own
    writes_root: bool = False

    def resources(self) -> dict[str, Any]:
        """Requests and limits."""
        extended = {GPU: str(self.gpus)} if self.gpus else {}
        limits = {"memory": self.memory, **({"cpu": self.cpu_limit} if self.cpu_limit else {}), **extended}
        return {"requests": {"cpu": self.cpu, "memory": self.memory, **extended}, "limits": limits}

    def manifest(self) -> dict[str, Any]:
        """The container as the API takes it."""
        optional = {
            "command": list(self.command),
            "args": list(self.args),
            "ports": [{"name": name, "containerPort": port, "protocol": "TCP"} for name, port in self.ports.items()],
            "env": [{"name": name, "value": value} for name, value in self.env.items()] + [dict(entry) for entry in self.env_from],
            "readinessProbe": self.readiness,
            "livenessProbe": self.liveness,
            "startupProbe": self.startup,
            "volumeMounts": [dict(mount) for mount in self.mounts]
            + [{"name": self.volume_of(path), "mountPath": path} for path in self.writable],
            "lifecycle": {"preStop": {"sleep": {"seconds": self.leaves_after_s}}} if self.leaves_after_s else None,
        }
        return {
            "name": self.name,
            "image": self.image,
            "imagePullPolicy": "IfNotPresent",
            "resources": self.resources(),
            "securityContext": {**container_security(), **({"readOnlyRootFilesystem": False} if self.writes_root else {})},
            "terminationMessagePolicy": "FallbackToLogsOnError",
            **{key: value for key, value in optional.items() if value},
        }

    def volume_of(self, path: str) -> str:
        """The name of the volume of a writable directory."""
        return f"{self.name}-{path.strip('/').replace('/', '-').replace('.', '').replace('_', '-')}".lower()

    def volumes(self) -> list[dict[str, Any]]:
        """The volumes of the writable directories. Bounded, so that a leak ends one pod and not its node."""
        return [{"name": self.volume_of(path), "emptyDir": {"sizeLimit": "1Gi"}} for path in self.writable]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """What a pod is beside its containers.

    Args:
        containers: its containers, the main one first.
        init_containers: what runs before them.
        priority: which of the platform's priority classes.
        service_account: as whom it asks the API server; empty: as nobody.
        volumes: `volumes` in the API's form, beside the containers' writable directories.
        uid: the numeric user that the image runs as.
        groups: numeric groups that it belongs to beside its own, for volumes that images of different users share.
        node_selector: labels of the nodes that it may run on.
        tolerations: taints that it stands beside that of GPU nodes, which follows from its containers.
        spread: whether two replicas may share a rack where another rack has none. `required`: never (what is to survive a rack);
            `preferred`: rather than not run (what scales out until the racks are full).
        grace_s: how long it may take to end.
    """

    containers: Sequence[Container]
    init_containers: Sequence[Container] = ()
    priority: PriorityClassName = "serving"
    service_account: str = ""
    volumes: Sequence[Mapping[str, Any]] = ()
    uid: int = UID
    groups: Sequence[int] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Mapping[str, Any]] = ()
    spread: Literal["required", "preferred"] = "required"
    grace_s: int = 30

    def manifest(self, selected: Mapping[str, str]) -> dict[str, Any]:
        """The pod's spec as the API takes it.

        Args:
            selected: the labels that select the pods of its workload: replicas of one workload spread, not those of different ones.
        """
        everything = [*self.init_containers, *self.containers]
        empty = {volume["name"]: volume for container in everything for volume in container.volumes()}
        optional = {
            "initContainers": [container.manifest() for container in self.init_containers],
            "volumes": [*(dict(volume) for volume in self.volumes), *empty.values()],
            "serviceAccountName": self.service_account,
            "nodeSelector": dict(self.node_selector),
        }
        return {
            "containers": [container.manifest() for container in self.containers],
            "securityContext": {**pod_security(self.uid), **({"supplementalGroups": list(self.groups)} if self.groups else {})},
            "priorityClassName": self.priority,
            "automountServiceAccountToken": bool(self.service_account),
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": self.grace_s,
            "topologySpreadConstraints": spread_over_racks(selected, required=self.spread == "required"),
            "tolerations": [*leaving_early(), *(gpu_tolerations() if any(each.gpus for each in everything) else []), *self.tolerations],
            **{key: value for key, value in optional.items() if value},
        }


def spread_over_racks(selected: Mapping[str, str], *, required: bool = True) -> list[dict[str, Any]]:
    """Topology constraints: replicas in different racks, and there on different nodes.

    Drained and lost nodes do not count (`nodeTaintsPolicy: Honor`), so a lost rack does not keep its replica from going to another one.
    Each revision spreads by itself (`matchLabelKeys`), or a rolling update would count the pods that it is about to end.
    """

    def constraint(key: str, *, hard: bool) -> dict[str, Any]:
        return {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "DoNotSchedule" if hard else "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(selected)},
            "matchLabelKeys": ["pod-template-hash"],
            "nodeTaintsPolicy": "Honor",
        }

    return [constraint(RACK, hard=required), constraint(HOST, hard=False)]


def leaving_early() -> list[dict[str, Any]]:
    """Tolerations by which a pod leaves a node that does not answer sooner than Kubernetes' 300 s."""
    keys = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
    return [{"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": LEAVING_S} for key in keys]


def gpu_tolerations() -> list[dict[str, Any]]:
    """The toleration of what may run on GPU nodes."""
    return [{"key": GPU, "operator": "Exists", "effect": "NoSchedule"}]
