"""Mail about failed jobs: every few minutes a CronJob looks for Jobs that have failed and writes to whom they name.

A wrapper around each job's command could not say that its pod was killed for its memory, was evicted, or never found a place; this sees
every end that the cluster sees. The users' pods need no way to the mail relay either. Of the workspace's own chores (the backup) it tells
as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.batch.v1 import CronJob
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.stacks.parts.accounts import account, subject
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import PREFIX, labels
from infra_kit.stacks.parts.pod import Container, Pod
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces.access import bind
from infra_kit.stacks.workspaces.jobs import MAIL_ANNOTATION

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.access import Access
    from infra_kit.stacks.workspaces.context import Context

NAME = "failed-jobs"
REPORTED_ANNOTATION = f"{PREFIX}reported"
"""On a Job of whose failure somebody has been told."""
_SCHEDULE = "*/5 * * * *"
_SCRIPT = "mail_failed_jobs.py"
_PATH = "/opt/infra-kit"
_IMAGE = "operations"


class FailedJobs(ComponentResource):
    """Makes the CronJob, its account, and its rights in the namespaces that have jobs."""

    def __init__(self, context: Context, access: Access, relay: str, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:FailedJobs", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        made = account(place, NAME)
        watched = self._watched(context, access)
        files = {_SCRIPT: rendered(f"workspaces/{_SCRIPT}.j2", mail_annotation=MAIL_ANNOTATION, reported_annotation=REPORTED_ANNOTATION)}
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        own = labels(place.owner, NAME)
        job: Any = {
            "backoffLimit": 0,  # the next one is five minutes away
            "activeDeadlineSeconds": 240,
            "template": {"metadata": {"labels": own}, "spec": self._pod(context, relay, watched)},
        }
        spec: Any = {
            "schedule": _SCHEDULE,
            "timeZone": context.site.site.timezone,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 1,
            "suspend": context.workspace.suspended,
            "jobTemplate": {"metadata": {"labels": own}, "spec": job},
        }
        CronJob(place.logical(NAME), metadata=place.metadata(NAME, NAME), spec=spec, opts=place.options(config, *made))
        self.register_outputs({})

    def _watched(self, context: Context, access: Access) -> list[str]:
        """The namespaces with recurring jobs, where it gets its rights."""
        names = context.names
        owners = {job.user for job in context.workspace.jobs}
        users = [user for user in names.users if user.name in owners]
        for place in [context.services(self), *(context.user(user, self) for user in users)]:
            bind(context, place, "watcher", [subject(names.services, NAME)], access.roles["watcher"])
        return [names.services, *(user.namespace for user in users)]

    @staticmethod
    def _pod(context: Context, relay: str, watched: list[str]) -> dict[str, Any]:
        container = Container(
            name=NAME,
            image=image(context.site, _IMAGE),
            command=["python3", f"{_PATH}/{_SCRIPT}"],
            args=watched,
            env={
                "MAIL_RELAY": relay,
                "MAIL_SENDER": f"{context.workspace.name}@{context.site.site.domain}",
                "WORKSPACE": context.workspace.name,
            },
            cpu="50m",
            memory="64Mi",
            mounts=[{"name": "program", "mountPath": _PATH, "readOnly": True}],
        )
        pod = Pod(
            containers=[container],
            priority="batch",
            service_account=NAME,
            volumes=[{"name": "program", "configMap": {"name": NAME}}],
            uid=context.site.catalog.images[_IMAGE].uid,
        )
        spec = {**pod.manifest({}), "restartPolicy": "Never"}
        spec.pop("topologySpreadConstraints")  # one pod has nothing to be spread from
        return spec
