"""NVIDIA's device plugin: makes each GPU of a node a resource that pods can ask for. The driver and toolkit are the layer `hosts`'."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.apps.v1 import DaemonSet

from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import labels, selector
from infra_kit.stacks.parts.pod import gpu_tolerations
from infra_kit.stacks.platform.frame import GPU, OWNER, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

NAME = "nvidia-device-plugin"
SOCKETS = "/var/lib/kubelet/device-plugins"
"""The directory of the kubelet's registration socket: its own default."""
GPU_NODES = {"nvidia.com/gpu.present": "true"}


class DevicePlugin(ComponentResource):
    """Makes the DaemonSet.

    Args:
        site: the site.
        ground: what must be there before anything in the namespace.
        parent: the platform.
    """

    def __init__(self, site: Site, ground: Iterable[Resource], parent: Resource) -> None:
        super().__init__("infra-kit:platform:DevicePlugin", NAME, None, ResourceOptions(parent=parent))
        place = inside(GPU, self, *ground)
        own = labels(OWNER, NAME)
        spec: Any = {
            "selector": {"matchLabels": selector(own)},
            # A node whose plugin is away runs on; only new pods with GPUs wait. One node after the other is soon enough.
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": own}, "spec": _pod(site)},
        }
        DaemonSet(place.logical(NAME), metadata=place.metadata(NAME, NAME), spec=spec, opts=place.options())
        self.register_outputs({})


def _pod(site: Site) -> dict[str, Any]:
    """Not by `parts.pod`, whose pods are `restricted`: this one has to run as root, to whom the sockets' directory belongs."""
    container = {
        "name": NAME,
        "image": image(site, NAME),
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "FAIL_ON_INIT_ERROR", "value": "true"},  # a GPU node without working GPUs must be seen, not silently offer none
            {"name": "PASS_DEVICE_SPECS", "value": "true"},  # else a container loses its GPUs when the kubelet's CPU manager updates it
            {"name": "NVIDIA_VISIBLE_DEVICES", "value": "all"},
            {"name": "NVIDIA_DRIVER_CAPABILITIES", "value": "utility"},
        ],
        "resources": {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"memory": "128Mi"}},
        # Root, but with nothing beyond file ownership; no network, no API token.
        "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "sockets", "mountPath": SOCKETS}],
    }
    return {
        "containers": [container],
        "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
        # By name of Kubernetes' own class: without the plugin a GPU node is useless, like without its network.
        "priorityClassName": "system-node-critical",
        "nodeSelector": GPU_NODES,
        "tolerations": gpu_tolerations(),
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 10,
        "volumes": [{"name": "sockets", "hostPath": {"path": SOCKETS, "type": "Directory"}}],
    }
