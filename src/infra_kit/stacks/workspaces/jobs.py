"""Recurring jobs: a CronJob in its user's namespace, with the user's quota, home and project, and the session's variables.

A pipeline is a job that starts others (`kubectl create job --from=cronjob/...` works in one's own namespace). Who hears of a failure is an
annotation of the Job; `failed_jobs` reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.batch.v1 import CronJob

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import PREFIX, labels
from infra_kit.stacks.parts.pod import Container, Pod, from_pod
from infra_kit.stacks.parts.queues import placement
from infra_kit.stacks.workspaces.sessions import GPU_NODES
from infra_kit.stacks.workspaces.user_pod import environment, environment_from_pod, image_environment, mounts, service_account, volumes
from infra_kit.stacks.workspaces.volumes import GROUP, PROJECT_PATH

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.workspaces import Job
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.names import User

MAIL_ANNOTATION = f"{PREFIX}mail"
"""Who hears of a failed Job."""
_ATTEMPTS = 2
_KEPT = 3
_START_WITHIN_S = 3600
"""A run that could not start within an hour (the cluster was away, the workspace suspended) is left out."""
_LONGEST_S = 24 * 3600


class Jobs(ComponentResource):
    """Makes the CronJobs, suspended with the workspace."""

    def __init__(self, context: Context, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Jobs", context.names.cluster_wide("jobs"), None, ResourceOptions(parent=parent))
        self._context = context
        users = {user.name: user for user in context.names.users}
        for job in context.workspace.jobs:
            if job.user not in users:
                raise ProgramError(
                    f"job {job.name} of workspace {context.workspace.name} runs as {job.user}, who is none of its users",
                    remedy="name one of `users`",
                )
            self._make(job, users[job.user])
        self.register_outputs({})

    def _make(self, job: Job, user: User) -> None:
        context = self._context
        place = context.user(user, self)
        mail = job.mail or context.workspace.mail
        annotations = {MAIL_ANNOTATION: mail} if mail else {}
        placed = placement(context.site, context.workspace, f"{user.namespace}-{job.name}")
        own = {**labels(user.owner, job.name, "job"), **placed.labels}
        pod_metadata = {"labels": own, **({"annotations": dict(placed.annotations)} if placed.annotations else {})}
        template: Any = {
            "metadata": {"labels": own, "annotations": annotations},
            "spec": {
                "backoffLimit": _ATTEMPTS,
                "activeDeadlineSeconds": _LONGEST_S,
                # A pod that its node took with it is no failure of the job's.
                "podFailurePolicy": {"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]},
                "template": {"metadata": pod_metadata, "spec": self._pod(job, user)},
            },
        }
        spec: Any = {
            "schedule": job.schedule,
            "timeZone": context.site.site.timezone,
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": _START_WITHIN_S,
            "successfulJobsHistoryLimit": _KEPT,
            "failedJobsHistoryLimit": _KEPT,
            "suspend": context.workspace.suspended,
            "jobTemplate": template,
        }
        CronJob(place.logical(job.name), metadata=place.metadata(job.name, job.name, "job"), spec=spec, opts=place.options())

    def _pod(self, job: Job, user: User) -> dict[str, Any]:
        context = self._context
        runtime = context.site.catalog.runtimes.get(job.runtime)
        if runtime is None:
            raise ProgramError(
                f"job {job.name} of workspace {context.workspace.name} wants runtime `{job.runtime}`, which is not in the catalogue",
                remedy=f"name one of: {', '.join(context.site.catalog.runtimes)}",
            )
        container = Container(
            name="job",
            image=image(context.site, runtime.image),
            command=job.command,
            env={**environment(context, user.name, "job"), **image_environment(context, runtime.image)},
            env_from=[from_pod(name, path) for name, path in environment_from_pod(context).items()],
            cpu=job.cpu,
            cpu_limit=job.cpu,
            memory=job.memory,
            gpus=job.gpus,
            mounts=mounts(),
        )
        pod = Pod(
            containers=[container],
            priority="batch",
            service_account=service_account(context),
            volumes=volumes(),
            uid=context.site.catalog.images[runtime.image].uid,
            groups=[GROUP],
            node_selector=GPU_NODES if job.gpus else {},
            spread="preferred",
        )
        spec = {**pod.manifest({}), "restartPolicy": "Never"}
        spec["containers"][0]["workingDir"] = PROJECT_PATH
        spec.pop("topologySpreadConstraints")  # one pod has nothing to be spread from
        return spec
