"""What a session may be: the runtimes and sizes that a user chooses from, and what all sessions have in common.

Yields the values of `sessions.json`, which the hub's configuration reads; its keys are KubeSpawner's settings in plain form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.quantities import in_bytes, millicores
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.labels import PREFIX, Owner, labels
from infra_kit.stacks.parts.pod import GPU, gpu_tolerations, leaving_early
from infra_kit.stacks.parts.queues import placement
from infra_kit.stacks.parts.security import container_security, pod_security
from infra_kit.stacks.workspaces.names import USERNAME_FIELD
from infra_kit.stacks.workspaces.user_pod import environment, environment_from_pod, image_environment, mounts, service_account, volumes
from infra_kit.stacks.workspaces.volumes import GROUP, PROJECT_PATH

if TYPE_CHECKING:
    from infra_kit.inventory.catalog.software import RuntimeModel, Size
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.division import Division

GPU_NODES = {"nvidia.com/gpu.present": "true"}
"""The label of nodes with GPUs (NVIDIA's GPU feature discovery writes it; the hosts' layer sets it)."""
APPLICATION = "session"
_START_PAGES = {"jupyterlab": "/lab", "workbench": "/lab", "rstudio": "/rstudio", "vscode": "/vscode"}
"""Where an editor answers beneath the session's own server, which proxies it."""


def settings(context: Context, division: Division) -> dict[str, Any]:
    """All of `sessions.json`.

    Raises:
        ProgramError: the workspace names a runtime that the catalogue does not have.
    """
    owner = Owner(context.names.owner.part_of, context.names.owner.team, context.names.owner.workspace, USERNAME_FIELD)
    placed = placement(context.site, context.workspace, f"{context.workspace.name}-{{user_server}}")
    own = {**labels(owner, APPLICATION), "app.kubernetes.io/managed-by": "jupyterhub"}
    fields = {name: {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in environment_from_pod(context).items()}
    return {
        "working_dir": PROJECT_PATH,
        "environment": {**environment(context, "{unescaped_username}", "session"), **fields},
        "volumes": [*volumes(), {"name": "tmp", "emptyDir": {"sizeLimit": "4Gi"}}, {"name": "run", "emptyDir": {"sizeLimit": "64Mi"}}],
        "mounts": [*mounts(), {"name": "tmp", "mountPath": "/tmp"}, {"name": "run", "mountPath": "/run"}],  # noqa: S108
        "labels": {**own, **placed.labels},
        "annotations": {f"{PREFIX}user-name": "{unescaped_username}", **placed.annotations},
        "pod_security_context": {**pod_security(), "supplementalGroups": [GROUP]},
        "container_security_context": container_security(),
        "extra_pod_config": {"enableServiceLinks": False},
        "priority_class": "interactive",
        "service_account": service_account(context),
        "tolerations": leaving_early(),
        "profiles": profiles(context, division),
    }


def runtimes(context: Context) -> list[RuntimeModel]:
    """The workspace's runtimes: those that it names, or all of the catalogue.

    Raises:
        ProgramError: the catalogue does not have one of them.
    """
    known = context.site.catalog.runtimes
    wanted = context.workspace.sessions.runtimes or list(known)
    for name in wanted:
        if name not in known:
            raise ProgramError(
                f"workspace {context.workspace.name} wants runtime `{name}`, which is not in the catalogue",
                remedy=f"name some of: {', '.join(known)}",
            )
    return [known[name] for name in wanted]


def profiles(context: Context, division: Division) -> list[dict[str, Any]]:
    """KubeSpawner's `profile_list`: a profile for each runtime, with the sizes that make sense for it.

    Sizes beyond what a user may have at all are left out: choosing them could only be refused.
    """
    parts = list(division.users.values())
    if not parts:
        return []
    most_cpu, most_memory = max(part.cpu_millicores for part in parts), max(part.memory_bytes for part in parts)
    most_gpus = max(part.gpus for part in parts)
    fitting = [
        size
        for size in context.site.catalog.sizes.values()
        if millicores(size.cpu) <= most_cpu and in_bytes(size.memory) <= most_memory and size.gpus <= most_gpus
    ]
    found = [_profile(context, runtime, [size for size in fitting if bool(size.gpus) == runtime.gpu]) for runtime in runtimes(context)]
    chosen = [profile for profile in found if profile["profile_options"]["size"]["choices"]]
    if chosen:
        chosen[0]["default"] = True
    return chosen


def _profile(context: Context, runtime: RuntimeModel, sizes: list[Size]) -> dict[str, Any]:
    uid = context.site.catalog.images[runtime.image].uid if runtime.image in context.site.catalog.images else 0
    override = {
        "image": image(context.site, runtime.image),
        "default_url": _START_PAGES[runtime.editor],
        "uid": uid,
        "gid": uid,
        "fs_gid": uid,
        "pod_security_context": pod_security(uid),
        "environment": image_environment(context, runtime.image),
        "extra_annotations": {f"{PREFIX}runtime": runtime.name},
    }
    return {
        "slug": runtime.name,
        "display_name": runtime.title,
        "description": f"{runtime.kernel} {runtime.kernel_version}, {runtime.editor}",
        "kubespawner_override": override,
        "profile_options": {
            "size": {
                "display_name": "Size",
                "choices": {size.name: _choice(size, first=size is sizes[0]) for size in sizes},
            }
        },
    }


def _choice(size: Size, *, first: bool) -> dict[str, Any]:
    gpus = f", {size.gpus} GPU" if size.gpus else ""
    memory_bytes = in_bytes(size.memory)
    override: dict[str, Any] = {
        "cpu_guarantee": millicores(size.cpu) / 1000,
        "cpu_limit": millicores(size.cpu) / 1000,
        "mem_guarantee": memory_bytes,
        "mem_limit": memory_bytes,
    }
    if size.gpus:
        override |= {
            "extra_resource_guarantees": {GPU: str(size.gpus)},
            "extra_resource_limits": {GPU: str(size.gpus)},
            "node_selector": GPU_NODES,
            "tolerations": [*leaving_early(), *gpu_tolerations()],
        }
    return {"display_name": f"{size.name}: {size.cpu} CPU, {size.memory}{gpus}", "default": first, "kubespawner_override": override}
