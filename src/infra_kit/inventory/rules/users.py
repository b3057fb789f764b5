"""The users of workspaces: who is what, what each may use, and the namespaces that their names become."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.inventory.rules.needs import needs
from infra_kit.inventory.rules.problem import Problem
from infra_kit.inventory.rules.registry import rule
from infra_kit.inventory.slugs import hub_name, user_slug
from infra_kit.inventory.volumes import HOMES, shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.rules.index import Index

_LABEL_LENGTH = 63
"""The longest name of a namespace (RFC 1123 label)."""
_GIB = 2**30


@rule("IK4130")
def admin_no_user(site: Site, _index: Index) -> Iterator[Problem]:
    """An administrator of a workspace is not among its users."""
    for workspace in site.workspaces:
        for position, name in enumerate(workspace.admins):
            if name not in workspace.users:
                message = f"administrator {name} of workspace {workspace.name} is not among its users"
                yield Problem(workspace, ("admins", position), message, "add the name to `users`")


@rule("IK4131")
def viewer_is_user(site: Site, _index: Index) -> Iterator[Problem]:
    """A viewer of a workspace is one of its users, who may do more than look."""
    for workspace in site.workspaces:
        for position, name in enumerate(workspace.viewers):
            if name in workspace.users:
                message = f"viewer {name} of workspace {workspace.name} is one of its users"
                yield Problem(workspace, ("viewers", position), message, "keep one of the two")


@rule("IK4132")
def user_above_workspace(site: Site, _index: Index) -> Iterator[Problem]:
    """One user may request more than the whole workspace."""
    for workspace in site.workspaces:
        user, quota = workspace.user_quota, workspace.quota
        above = {
            "cpu": millicores(user.cpu) > millicores(quota.cpu),
            "memory": in_bytes(user.memory) > in_bytes(quota.memory),
            "gpus": user.gpus > quota.gpus,
        }
        for field in (field for field, too_much in above.items() if too_much and "user_quota" in workspace.model_fields_set):
            whole = getattr(quota, field)
            message = f"a user of workspace {workspace.name} may request {getattr(user, field)} of `{field}`, the whole workspace {whole}"
            yield Problem(user, field if field in user.model_fields_set else "", message, "lower it, or raise the workspace's quota")


@rule("IK4133")
def homes_above_storage(site: Site, _index: Index) -> Iterator[Problem]:
    """The homes of a workspace's users are promised more than its storage."""
    for workspace in site.workspaces:
        homes = len(set(workspace.users)) * in_bytes(workspace.user_quota.storage)
        if homes > in_bytes(workspace.quota.storage):
            message = (
                f"{len(set(workspace.users))} home(s) of {workspace.user_quota.storage} are {homes / _GIB:g} GiB;"
                f" workspace {workspace.name} may store {workspace.quota.storage}"
            )
            yield Problem(workspace.quota, "storage", message, "raise it, or lower `user_quota.storage`")


@rule("IK4134")
def name_blank(site: Site, _index: Index) -> Iterator[Problem]:
    """A user's name is empty, or has blanks around it."""
    for workspace in site.workspaces:
        for field in ("users", "admins", "viewers"):
            for position, name in enumerate(getattr(workspace, field)):
                if not name or name != name.strip():
                    message = f"`{name}` among the {field} of workspace {workspace.name} is no user's name"
                    yield Problem(workspace, (field, position), message, "write it as the directory knows it")


@rule("IK4135")
def names_collide(site: Site, _index: Index) -> Iterator[Problem]:
    """Two users are one to the hub, which does not tell capitals apart: they would share a namespace."""
    for workspace in site.workspaces:
        first: dict[str, str] = {}
        for position, name in enumerate(workspace.users):
            same = first.setdefault(user_slug(name), name)
            if same != name:  # the very same name twice is rule IK4105's
                message = f"users {same} and {name} of workspace {workspace.name} are both {hub_name(name)} to the hub"
                yield Problem(workspace, ("users", position), message, "keep one of the two")


@rule("IK4136")
def namespace_too_long(site: Site, _index: Index) -> Iterator[Problem]:
    """A user's namespace, WORKSPACE-user-NAME, would have too long a name."""
    for workspace in site.workspaces:
        for position, name in enumerate(workspace.users):
            namespace = f"{workspace.name}-user-{user_slug(name)}"
            if len(namespace) > _LABEL_LENGTH:
                message = f"the namespace of {name}, {namespace}, would have {len(namespace)} characters; the most: {_LABEL_LENGTH}"
                yield Problem(workspace, ("users", position), message, "give the workspace a shorter name")


@rule("IK4137", "warning")
def parts_below_quota(site: Site, _index: Index) -> Iterator[Problem]:
    """With plain quotas a workspace is divided evenly, and the users' parts are less than each is promised."""
    for workspace in site.workspaces if site.kubernetes and site.kubernetes.queues == "quotas" else []:
        user, quota, needed, count = workspace.user_quota, workspace.quota, needs(workspace), max(1, len(set(workspace.users)))
        cpu, memory = millicores(quota.cpu) - needed.millicores, in_bytes(quota.memory) - needed.memory_bytes
        gpus = quota.gpus - needed.gpus
        if min(cpu, memory, gpus) < 0:
            continue  # rule IK4110's
        short = {  # a user who may request more than the whole workspace is rule IK4132's
            "cpu": (cpu // count < millicores(user.cpu) <= millicores(quota.cpu), f"{cpu / count / 1000:.3g}"),
            "memory": (memory // count < in_bytes(user.memory) <= in_bytes(quota.memory), f"{memory / count / _GIB:.3g} GiB"),
            "gpus": (user.gpus <= quota.gpus and gpus < count * user.gpus, f"{gpus} for all together"),
        }
        for field, part in ((field, part) for field, (too_little, part) in short.items() if too_little and workspace.users):
            promise = f"each of {count} user(s) of workspace {workspace.name} is promised {getattr(user, field)} of `{field}`"
            message = f"{promise}; what is left: {part}"
            yield Problem(
                quota, field if field in quota.model_fields_set else "", message, "raise it, lower `user_quota`, or use queues: yunikorn"
            )


@rule("IK4138", "warning")
def homes_cut(site: Site, _index: Index) -> Iterator[Problem]:
    """The homes' share of a workspace's storage is less than the users' homes: they are made smaller."""
    for workspace in site.workspaces:
        count, percent = len(set(workspace.users)), shares()[HOMES]
        homes, storage = count * in_bytes(workspace.user_quota.storage), in_bytes(workspace.quota.storage)
        if storage * percent // 100 < homes <= storage:  # beyond that: rule IK4133's
            part = storage * percent / 100 / count / _GIB
            share = f"{percent}% of {workspace.quota.storage}"
            message = f"{count} home(s) of {workspace.user_quota.storage} in {share}: each gets {part:.3g} GiB"
            yield Problem(workspace.quota, "storage", message, "raise it, or lower `user_quota.storage`")
