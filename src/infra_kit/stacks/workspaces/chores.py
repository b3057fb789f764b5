"""The workspace's own chores: CronJobs among its services, each with one pod; those that are never due are templates of Jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_kubernetes.batch.v1 import CronJob

from infra_kit.stacks.parts.labels import labels
from infra_kit.stacks.workspaces.jobs import MAIL_ANNOTATION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi import Resource

    from infra_kit.stacks.parts.place import Place
    from infra_kit.stacks.parts.pod import Pod
    from infra_kit.stacks.workspaces.context import Context

NEVER = "0 0 31 2 *"
"""The 31st of February: a Job is made from the template by hand, `kubectl create job --from=cronjob/NAME` or by infra-kit."""
_START_WITHIN_S = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """One CronJob.

    Args:
        name: its own.
        application: the label `app.kubernetes.io/name` of its pods, which the network policies go by; empty: its name.
        component: their `app.kubernetes.io/component`.
        schedule: when; `NEVER`: a template.
        pod: what runs.
        within_s: how long it may take.
        attempts: how many more pods are tried after one that failed.
        mail: whether the workspace's mail address hears of a failure.
        labels: of the pods, beside the usual ones.
        annotations: of the pods.
    """

    name: str
    pod: Pod
    application: str = ""
    component: str = ""
    schedule: str = NEVER
    within_s: int = 3600
    attempts: int = 1
    mail: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


def make(context: Context, place: Place, chore: Chore, *after: Resource) -> CronJob:
    """Make it, suspended with the workspace; a template is always.

    Args:
        context: the workspace.
        place: where.
        chore: what.
        after: what its pod needs first.
    """
    application = chore.application or chore.name
    own = labels(place.owner, application, chore.component)
    mail = {MAIL_ANNOTATION: context.workspace.mail} if chore.mail and context.workspace.mail else {}
    spec = {**chore.pod.manifest({}), "restartPolicy": "Never"}
    spec.pop("topologySpreadConstraints")  # one pod has nothing to be spread from
    pod_metadata = {"labels": {**own, **chore.labels}, **({"annotations": dict(chore.annotations)} if chore.annotations else {})}
    job: Any = {
        "backoffLimit": chore.attempts,
        "activeDeadlineSeconds": chore.within_s,
        "template": {"metadata": pod_metadata, "spec": spec},
    }
    cron: Any = {
        "schedule": chore.schedule,
        "timeZone": context.site.site.timezone,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": _START_WITHIN_S,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "suspend": context.workspace.suspended or chore.schedule == NEVER,
        "jobTemplate": {"metadata": {"labels": own, **({"annotations": mail} if mail else {})}, "spec": job},
    }
    metadata = place.metadata(chore.name, application, chore.component)
    return CronJob(place.logical(chore.name), metadata=metadata, spec=cron, opts=place.options(*after))
