"""YuniKorn: hierarchical queues and gang scheduling, where the site asks for them.

Its scheduler has no leader election, so there is only ever one: two would place the same pods twice. While it is away pods that run go
on running and new ones wait; Kubernetes starts it again within a minute on another node, and it reads its state from the cluster.
The admission controller, which names the scheduler and the queue in each new pod, has two replicas. It writes the configurations of
its webhooks itself, with the certificate that it keeps in a Secret. When both replicas are away the API server lets pods through as
they are (`failurePolicy: Ignore`): to Kubernetes' own scheduler.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap, Secret

from infra_kit.stacks.parts.accounts import account
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import labels, selector
from infra_kit.stacks.parts.network_policies import allow, allow_api_server, allow_from_api_server, allow_from_monitoring, pods_here
from infra_kit.stacks.parts.pod import Container, Pod, from_pod, http_probe
from infra_kit.stacks.parts.queues import hierarchy
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.platform.frame import OWNER, PLATFORM, inside

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulumi import Resource

    from infra_kit.inventory.models.site import Site

SCHEDULER = "yunikorn-scheduler"
ADMISSION = "yunikorn-admission"
SERVICE = "yunikorn-service"
WEBHOOK_SERVICE = "yunikorn-admission-controller-service"
CONFIGURATION = "yunikorn-configs"
CERTIFICATE = "admission-controller-secrets"
"""Names that YuniKorn itself looks for."""
PORT = 9080
WEBHOOK_PORT = 9089
DEFAULT_QUEUE = "default"
"""Of pods that name no queue: promised nothing."""
LEFT_ALONE = ("kube-system", "platform", "ingress", "gpu", "monitoring", "infra-kit")
"""Namespaces whose pods Kubernetes' own scheduler places: what the cluster is run with must not wait for a queue."""

_READ = ["get", "list", "watch"]
SCHEDULER_RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["configmaps", "namespaces"], "verbs": _READ},
    {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "verbs": _READ},
    # Placeholders hold the places of a gang.
    {"apiGroups": [""], "resources": ["pods"], "verbs": [*_READ, "create", "patch", "update", "delete"]},
]
SCHEDULER_ROLES = ("system:kube-scheduler", "system:volume-scheduler")
_WEBHOOKS = ["validatingwebhookconfigurations", "mutatingwebhookconfigurations"]
ADMISSION_RULES: list[dict[str, Any]] = [
    {"apiGroups": ["admissionregistration.k8s.io"], "resources": _WEBHOOKS, "verbs": [*_READ, "create", "patch", "update", "delete"]},
    {"apiGroups": [""], "resources": ["namespaces"], "verbs": _READ},
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
    {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "verbs": _READ},
]
ADMISSION_OWN_RULES: list[dict[str, Any]] = [
    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": [CERTIFICATE], "verbs": ["get", "update"]},
    {"apiGroups": [""], "resources": ["secrets"], "verbs": ["list", "watch"]},
    {"apiGroups": [""], "resources": ["configmaps"], "verbs": _READ},
]


class Queues(ComponentResource):
    """Makes the scheduler, its admission controller and the queues.

    Args:
        site: the site.
        ground: what must be there before anything in the namespace.
        parent: the platform.
    """

    def __init__(self, site: Site, ground: Iterable[Resource], parent: Resource) -> None:
        super().__init__("infra-kit:platform:Queues", "queues", None, ResourceOptions(parent=parent))
        self._site = site
        self._place = place = inside(PLATFORM, self, *ground)
        self._uid = site.catalog.images[SCHEDULER].uid
        self._scheduler_pods = selector(labels(OWNER, SCHEDULER))
        # YuniKorn reads changed queues by itself: nothing has to be restarted.
        settings = ConfigMap(
            place.logical(CONFIGURATION), metadata=place.metadata(CONFIGURATION, SCHEDULER), data=self._settings(), opts=place.options()
        )
        self._scheduler(settings)
        self._admission(settings)
        self.register_outputs({})

    def _settings(self) -> dict[str, str]:
        return {
            "queues.yaml": rendered("platform/queues.yaml.j2", queues=[*hierarchy(self._site), {"name": DEFAULT_QUEUE}]),
            "service.placeHolderImage": image(self._site, "pause"),
            "admissionController.webHook.amServiceName": WEBHOOK_SERVICE,
            "admissionController.webHook.schedulerServiceAddress": f"{SERVICE}:{PORT}",
            "admissionController.filtering.defaultQueue": f"root.{DEFAULT_QUEUE}",
            "admissionController.filtering.bypassNamespaces": ",".join(f"^{name}$" for name in LEFT_ALONE),
            # Pods of Deployments and Jobs are made by controllers in the names of those who made the Deployments and Jobs.
            "admissionController.accessControl.trustControllers": "true",
        }

    def _scheduler(self, settings: Resource) -> None:
        place = self._place
        container = Container(
            name="scheduler",
            image=image(self._site, SCHEDULER),
            ports={"rest": PORT},
            env_from=[from_pod("NAMESPACE", "metadata.namespace")],
            cpu="500m",
            memory="2Gi",
            readiness=http_probe("/ws/v1/scheduler/healthcheck", "rest"),
            liveness=http_probe("/ws/v1/scheduler/healthcheck", "rest", period_s=30),
        )
        pod = Pod(containers=[container], priority="platform-critical", service_account=SCHEDULER, uid=self._uid)
        needed = account(place, SCHEDULER, cluster_rules=SCHEDULER_RULES, cluster_roles=SCHEDULER_ROLES)
        workload = Workload(name=SCHEDULER, pod=pod, replicas=1, single=True, ports={"rest": PORT}, service_name=SERVICE)
        deployed = deploy(place, workload, settings, *needed)
        allow_api_server(place, self._site, SCHEDULER, deployed.pods)
        allow_from_monitoring(place, PORT, pods=deployed.pods)

    def _admission(self, settings: Resource) -> None:
        place = self._place
        # It starts empty; the controller puts its certificates into it, and renews them.
        certificate = Secret(
            place.logical(CERTIFICATE),
            metadata=place.metadata(CERTIFICATE, ADMISSION),
            opts=place.options(ignore_changes=["data", "stringData"]),
        )
        container = Container(
            name="admission",
            image=image(self._site, ADMISSION),
            ports={"webhook": WEBHOOK_PORT},
            env_from=[from_pod("NAMESPACE", "metadata.namespace")],
            cpu="100m",
            memory="512Mi",
            readiness=_https("/health"),
            liveness=_https("/health"),
            startup=_https("/health") | {"failureThreshold": 30},
            leaves_after_s=5,
        )
        pod = Pod(containers=[container], priority="platform-critical", service_account=ADMISSION, uid=self._uid)
        needed = account(place, ADMISSION, rules=ADMISSION_OWN_RULES, cluster_rules=ADMISSION_RULES)
        workload = Workload(name=ADMISSION, pod=pod, ports={"webhook": 443}, service_name=WEBHOOK_SERVICE)
        deployed = deploy(place, workload, settings, certificate, *needed)
        allow_api_server(place, self._site, ADMISSION, deployed.pods)
        allow_from_api_server(place, self._site, ADMISSION, deployed.pods, WEBHOOK_PORT)
        # It asks the scheduler whether a changed configuration is valid.
        scheduler = self._scheduler_pods
        allow(place, "allow-yunikorn-admission-to-scheduler", pods=scheduler, from_=[pods_here(deployed.pods)], tcp=[PORT])
        allow(place, "allow-yunikorn-admission-out", pods=deployed.pods, to=[pods_here(scheduler)], tcp=[PORT])


def _https(path: str) -> dict[str, Any]:
    probe = http_probe(path, "webhook")
    return probe | {"httpGet": probe["httpGet"] | {"scheme": "HTTPS"}}
