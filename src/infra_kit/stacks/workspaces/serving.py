"""Deployed models: each a Deployment behind a Service, reached through the auth proxy only.

What a replica does: it fetches the model of its URI from the registry when it starts, and from then on needs nothing but itself. So a
registry that is away stops no model, only new replicas. A URI that names an alias (`@champion`) is looked up at that moment: after the
alias was moved, `kubectl rollout restart` of the model's Deployment brings the new version in, without downtime.

Without downtime means all of: one more replica beside the old ones (`maxUnavailable: 0`), traffic only once it is ready, and an old one
that goes on serving for a while after it was told to end, until every proxy knows. 0 of 2,000 requests were lost so; 25 without the last.

How many replicas is the autoscaler's from the first start on (`spec.replicas` is given up). While the workspace is suspended its models'
Deployments are not there at all: one with no replicas would stay so on resumption, since an autoscaler does not touch it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, Output, ResourceOptions
from pulumi_kubernetes.autoscaling.v2 import HorizontalPodAutoscaler
from pulumi_kubernetes.core.v1 import Secret

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import PREFIX
from infra_kit.stacks.parts.pod import Container, Pod, from_pod, http_probe
from infra_kit.stacks.parts.queues import placement
from infra_kit.stacks.parts.secret import generated
from infra_kit.stacks.workspaces import chores
from infra_kit.stacks.workspaces.isolation import MODEL_PODS
from infra_kit.stacks.workspaces.lineage import model_environment, model_mounts, model_volumes
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.sessions import GPU_NODES
from infra_kit.stacks.workspaces.volumes import GROUP, PROJECT, PROJECT_PATH

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.workspaces import Model
    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.workspaces.context import Context

MODEL_COMPONENT = MODEL_PODS["app.kubernetes.io/component"]
ACCESS_KEY, API_KEY = "access-key", "api-key"
"""Keys of a model's Secret: which model a call is for, and what a machine that is no user of the workspace shows."""
BATCH = "batch"
"""The component of batch scoring's pods."""
URI_ANNOTATION = f"{PREFIX}model-uri"
_MODEL_PATH = "/models"
_FETCH = ["python3", "-m", "mlflow", "artifacts", "download"]
_CPU_TARGET_PERCENT = 70
_SETTLES_S = 300
"""How long demand must be low before replicas go: Kubernetes' own default, said because chargeback depends on it."""


def key_secret(model: str) -> str:
    """The name of a model's Secret."""
    return f"model-{model}"


def scales(model: Model) -> bool:
    """Whether an autoscaler says how many replicas it has."""
    return model.max_replicas > model.replicas


def model_crn(context: Context, model: Model) -> str:
    """What the model-metrics store and lineage know its deployment by."""
    return f"{context.names.project_crn()}/{model.name}"


class Serving(ComponentResource):
    """Makes the models' objects; `keys` and `services` are theirs by the model's name, for the proxy in front."""

    def __init__(self, context: Context, parent: Resource, *after: Resource) -> None:
        super().__init__("infra-kit:workspaces:Serving", context.names.cluster_wide("serving"), None, ResourceOptions(parent=parent))
        self._context = context
        self.keys: dict[str, Secret] = {}
        self.services: dict[str, Resource] = {}
        place = context.services(self)
        for model in context.workspace.models:
            self.keys[model.name] = self._keys(place, model)
            if not context.workspace.suspended:
                self._deploy(place, model, *after)
            self._batch(place, model)
        self.register_outputs({})

    def _keys(self, place: Place, model: Model) -> Secret:
        name = key_secret(model.name)
        return Secret(
            place.logical(name),
            metadata=place.metadata(name, model.name, MODEL_COMPONENT),
            type="Opaque",
            string_data={key: Output.secret(generated()) for key in (ACCESS_KEY, API_KEY)},
            opts=place.options(ignore_changes=["stringData", "data"]),
        )

    # --- scoring at once ----------------------------------------------------------------------------------------------------------

    def _deploy(self, place: Place, model: Model, *after: Resource) -> None:
        deployed = deploy(place, self._workload(model), *after)
        assert deployed.service is not None
        self.services[model.name] = deployed.service
        if scales(model):
            self._autoscaler(place, model, deployed.deployment)

    def _workload(self, model: Model) -> Workload:
        context, port = self._context, service("models").port
        placed = placement(context.site, context.workspace, f"{context.workspace.name}-{model.name}")
        ready = f"/v2/models/{model.name}/ready"
        container = Container(
            name="model",
            image=image(context.site, self._image(model)),
            command=["mlserver", "start", _MODEL_PATH],
            ports={"http": port, "metrics": service("model-telemetry").port},
            env={
                "HOME": "/tmp",  # noqa: S108
                "MLSERVER_HTTP_PORT": str(port),
                "MLSERVER_METRICS_PORT": str(service("model-telemetry").port),
                "MLSERVER_PARALLEL_WORKERS": "0",
                "MLSERVER_ENVIRONMENTS_DIR": "/tmp/environments",  # noqa: S108
                "MLSERVER_METRICS_DIR": "/tmp/metrics",  # noqa: S108
                "MLSERVER_MODEL_NAME": model.name,
                "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_mlflow.MLflowRuntime",
                "MLSERVER_MODEL_URI": f"{_MODEL_PATH}/model",
                **self._environment(model),
            },
            env_from=[from_pod("CDSW_ENGINE_ID", "metadata.name")],
            cpu=model.cpu,
            memory=model.memory,
            gpus=model.gpus,
            startup=http_probe(ready, "http", period_s=3, failures=100),
            readiness=http_probe(ready, "http", period_s=2, failures=2),
            liveness=http_probe("/v2/health/live", "http", period_s=20, failures=5),
            leaves_after_s=LEAVES_AFTER_S,
            mounts=[{"name": "model", "mountPath": _MODEL_PATH, "readOnly": True}, *model_mounts(context)],
        )
        pod = Pod(
            containers=[container],
            init_containers=[self._fetching(model)],
            volumes=[{"name": "model", "emptyDir": {"sizeLimit": "10Gi"}}, *model_volumes(context)],
            uid=context.site.catalog.images[self._image(model)].uid,
            node_selector=GPU_NODES if model.gpus else {},
            # Replicas that an autoscaler adds once every rack has one may share a rack; the first two never do, as long as two have room.
            spread="preferred" if scales(model) else "required",
            grace_s=60,
        )
        return Workload(
            name=model.name,
            component=MODEL_COMPONENT,
            pod=pod,
            ports={"http": port},
            replicas=model.replicas,
            scaled=scales(model),
            pod_labels=placed.labels,
            pod_annotations={**placed.annotations, URI_ANNOTATION: model.uri},
            ready_within_s=600,  # a model of some gigabytes is fetched first
        )

    def _environment(self, model: Model) -> dict[str, str]:
        """What code of the model's own may ask for; the variables that begin with CDSW are CML's."""
        context = self._context
        found = {
            "CDSW_PROJECT": context.workspace.name,
            "CDSW_PROJECT_CRN": context.names.project_crn(),
            "CDSW_ENGINE_TYPE": "model",
            "CDSW_API_URL": f"http://{context.names.services}.svc.cluster.local:{service('model-metrics').port}/api/v1",
            "CDSW_DOMAIN": context.names.domain,
            "MODEL_DEPLOYMENT_CRN": model_crn(context, model),
        }
        return found | self._registry() | model_environment(context)

    def _registry(self) -> dict[str, str]:
        address = self._context.names.address("mlflow")
        return {"MLFLOW_TRACKING_URI": f"http://{address}"} if self._context.workspace.experiments else {}

    def _fetching(self, model: Model) -> Container:
        """The model of the URI, put where the server looks: the server itself takes directories only."""
        return Container(
            name="fetch",
            image=image(self._context.site, "mlflow"),
            command=_FETCH,
            args=[f"--artifact-uri={model.uri}", f"--dst-path={_MODEL_PATH}/model"],
            env={"HOME": "/tmp", **self._registry()},  # noqa: S108
            cpu=model.cpu,
            memory=model.memory,
            mounts=[{"name": "model", "mountPath": _MODEL_PATH}],
        )

    def _image(self, model: Model) -> str:
        """The image that serves models of the runtime's language.

        Raises:
            ProgramError: there is none.
        """
        runtime = self._context.site.catalog.runtimes.get(model.runtime)
        if runtime is None or runtime.serves is None:
            serving = ", ".join(each.name for each in self._context.site.catalog.runtimes.values() if each.serves)
            where = f"model {model.name} of workspace {self._context.workspace.name}"
            raise ProgramError(f"{where}: no image serves models of runtime `{model.runtime}`", remedy=f"these are served: {serving}")
        return runtime.serves

    @staticmethod
    def _autoscaler(place: Place, model: Model, deployment: Resource) -> None:
        spec: Any = {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": model.name},
            "minReplicas": model.replicas,
            "maxReplicas": model.max_replicas,
            "metrics": [
                {
                    "type": "Resource",
                    "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _CPU_TARGET_PERCENT}},
                }
            ],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": _SETTLES_S}},
        }
        metadata = place.metadata(model.name, model.name, MODEL_COMPONENT)
        HorizontalPodAutoscaler(place.logical(model.name), metadata=metadata, spec=spec, opts=place.options(deployment))

    # --- scoring a file -----------------------------------------------------------------------------------------------------------

    def _batch(self, place: Place, model: Model) -> None:
        """The template of a batch: a CronJob that is never due; a Job made from it says by INPUT and OUTPUT which files."""
        context, name = self._context, f"{BATCH}-{model.name}"
        placed = placement(context.site, context.workspace, f"{context.workspace.name}-{name}")
        chore = chores.Chore(
            name=name,  # of another name than the model's own pods: the model's Service must not take these for replicas
            component=MODEL_COMPONENT,
            pod=self._batch_pod(model),
            within_s=24 * 3600,
            labels=placed.labels,
            annotations=placed.annotations,
        )
        chores.make(context, place, chore)

    def _batch_pod(self, model: Model) -> Pod:
        context = self._context
        container = Container(
            name=BATCH,
            image=image(context.site, self._image(model)),
            command=["sh", "-c", 'exec python3 -m mlflow models predict -m "$MODEL" -i "$INPUT" -o "$OUTPUT" -t csv --env-manager local'],
            env={
                "HOME": "/tmp",  # noqa: S108
                "MODEL": model.uri,
                "INPUT": f"{PROJECT_PATH}/{BATCH}/{model.name}.csv",
                "OUTPUT": f"{PROJECT_PATH}/{BATCH}/{model.name}.json",
                **self._environment(model),
            },
            cpu=model.cpu,
            memory=model.memory,
            gpus=model.gpus,
            mounts=[{"name": PROJECT, "mountPath": PROJECT_PATH}, *model_mounts(context)],
        )
        return Pod(
            containers=[container],
            priority="batch",
            volumes=[{"name": PROJECT, "persistentVolumeClaim": {"claimName": PROJECT}}, *model_volumes(context)],
            uid=context.site.catalog.images[self._image(model)].uid,
            groups=[GROUP],
            node_selector=GPU_NODES if model.gpus else {},
        )
