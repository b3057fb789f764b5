"""Recurring jobs of workspaces, and what else happens by the clock."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from infra_kit.inventory import cron
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Job, Workspace
    from infra_kit.inventory.rules.index import Index

_LONGEST_NAME = 52
"""A CronJob's: the Jobs that it makes have 11 characters more (kubernetes.io, CronJob)."""
_MAIL = re.compile(r"[^@\s]+@[^@\s]+$")


def _jobs(site: Site) -> Iterator[tuple[Workspace, Job]]:
    for workspace in site.workspaces:
        for job in workspace.jobs:
            yield workspace, job


@rule("IK4150")
def job_of_stranger(site: Site, _index: Index) -> Iterator[Problem]:
    """A job runs as somebody who is no user of the workspace."""
    for workspace, job in _jobs(site):
        if job.user not in workspace.users:
            message = f"job {job.name} runs as {job.user}, who is no user of workspace {workspace.name}"
            yield Problem(job, "user", message, f"its users: {', '.join(workspace.users) or 'none'}")


@rule("IK4151")
def schedule_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A schedule is no cron expression of five fields."""
    hint = "minute hour day month weekday, such as `15 2 * * 1-5`; Sunday is 0"
    for workspace in site.workspaces:
        wrong = cron.defect(workspace.backup.schedule)
        if wrong:
            message = f"schedule `{workspace.backup.schedule}` of the backup of workspace {workspace.name}: {wrong}"
            yield Problem(workspace.backup, "schedule", message, hint)
    for _, job in _jobs(site):
        wrong = cron.defect(job.schedule)
        if wrong:
            yield Problem(job, "schedule", f"schedule `{job.schedule}` of job {job.name}: {wrong}", hint)


@rule("IK4152")
def job_above_user(site: Site, _index: Index) -> Iterator[Problem]:
    """A job requests more than its user may."""
    for workspace, job in _jobs(site):
        user = workspace.user_quota
        above = {
            "cpu": millicores(job.cpu) > millicores(user.cpu),
            "memory": in_bytes(job.memory) > in_bytes(user.memory),
            "gpus": job.gpus > user.gpus,
        }
        for field in (field for field, too_much in above.items() if too_much):
            limit = getattr(user, field)
            message = (
                f"job {job.name} requests {getattr(job, field)} of `{field}`, a user of workspace {workspace.name} may request {limit}"
            )
            yield Problem(job, field if field in job.model_fields_set else "", message, "lower it, or raise `user_quota`")


@rule("IK4153")
def job_name_too_long(site: Site, _index: Index) -> Iterator[Problem]:
    """A job's name is longer than a CronJob's may be."""
    for _, job in _jobs(site):
        if len(job.name) > _LONGEST_NAME:
            message = f"job name `{job.name}` has {len(job.name)} characters; the most: {_LONGEST_NAME}"
            yield Problem(job, "name", message, "choose a shorter one")


@rule("IK4154", "warning")
def failure_unheard(site: Site, _index: Index) -> Iterator[Problem]:
    """A job has nobody who hears of its failure."""
    for workspace, job in _jobs(site):
        if not job.mail and not workspace.mail:
            message = f"nobody hears when job {job.name} of workspace {workspace.name} fails"
            yield Problem(job, "", message, "give the job a `mail`, or the workspace one for all its jobs")


@rule("IK4155", "warning")
def mail_unsent(site: Site, _index: Index) -> Iterator[Problem]:
    """Somebody should hear of failures by mail, and the site has no mail relay."""
    if site.monitoring and site.monitoring.mail_relay:
        return
    for workspace in site.workspaces:
        if workspace.mail or any(job.mail for job in workspace.jobs):
            message = f"workspace {workspace.name} sends mail about failures, and the site has no `monitoring.mail_relay`"
            yield Problem(workspace, "mail" if workspace.mail else "", message, "name the relay")


@rule("IK4156")
def mail_malformed(site: Site, _index: Index) -> Iterator[Problem]:
    """A mail address is none."""
    nouns: list[tuple[Workspace | Job, str]] = [(workspace, workspace.mail) for workspace in site.workspaces]
    nouns += [(job, job.mail) for _, job in _jobs(site)]
    for noun, mail in nouns:
        if mail and not _MAIL.match(mail):
            yield Problem(noun, "mail", f"`{mail}` is no mail address", "write it as team@example.org")
