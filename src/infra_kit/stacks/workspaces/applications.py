"""The workspace's web applications: long-running programs of its users, behind the login of the auth proxy.

An application runs in a runtime's image with the shared project, as a session does, but belongs to the workspace and not to a user: it
outlives whoever wrote it. Who is looking it learns from the header `X-Forwarded-User`; the login itself it never sees.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.parts import network_policies as policies
from infra_kit.stacks.parts.deployment import LEAVES_AFTER_S, Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.pod import Container, Pod, tcp_probe
from infra_kit.stacks.parts.queues import placement
from infra_kit.stacks.workspaces.isolation import APPLICATION_PODS, pods_of
from infra_kit.stacks.workspaces.user_pod import environment
from infra_kit.stacks.workspaces.volumes import GROUP, HOME_PATH, PROJECT, PROJECT_PATH

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.workspaces import Application
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.directories import Directories

APPLICATION_COMPONENT = APPLICATION_PODS["app.kubernetes.io/component"]


class Applications(ComponentResource):
    """Makes each application, and opens it to the auth proxy; `services` are what the proxy looks up."""

    def __init__(self, context: Context, directories: Directories, parent: Resource) -> None:
        name = context.names.cluster_wide("applications")
        super().__init__("infra-kit:workspaces:Applications", name, None, ResourceOptions(parent=parent))
        self._context = context
        place = context.services(self)
        deployed = [deploy(place, self._workload(each), directories.made) for each in context.workspace.applications]
        self.services = [each.service for each in deployed if each.service is not None]
        if deployed:
            self._open()
        self.register_outputs({})

    def _open(self) -> None:
        """Every application listens on a port of its own choice, so the openings are here and not in the table of services."""
        place = self._context.services(self)
        ports = sorted({each.port for each in self._context.workspace.applications})
        proxy = pods_of("auth-proxy")
        policies.allow(place, "allow-to-applications", pods=APPLICATION_PODS, from_=[policies.pods_here(proxy)], tcp=ports)
        policies.allow(place, "allow-from-auth-proxy-to-applications", pods=proxy, to=[policies.pods_here(APPLICATION_PODS)], tcp=ports)

    def _workload(self, application: Application) -> Workload:
        context = self._context
        runtime = context.site.catalog.runtimes.get(application.runtime)
        if runtime is None:
            what = f"application {application.name} of workspace {context.workspace.name}"
            known = ", ".join(context.site.catalog.runtimes)
            wanted = f"{what} wants runtime `{application.runtime}`, which is not in the catalogue"
            raise ProgramError(wanted, remedy=f"name one of: {known}")
        placed = placement(context.site, context.workspace, f"{context.workspace.name}-{application.name}")
        container = Container(
            name="application",
            image=image(context.site, runtime.image),
            command=application.command,
            ports={"http": application.port},
            env={**_environment(context), "CDSW_APP_PORT": str(application.port), "PORT": str(application.port)},
            cpu=application.cpu,
            memory=application.memory,
            startup=tcp_probe("http", period_s=3, failures=100),
            readiness=tcp_probe("http", period_s=5),
            liveness=tcp_probe("http", period_s=20, failures=5),
            leaves_after_s=LEAVES_AFTER_S,
            mounts=[{"name": PROJECT, "mountPath": PROJECT_PATH}],
            writable=("/tmp", HOME_PATH),  # noqa: S108
        )
        return Workload(
            name=application.name,
            component=APPLICATION_COMPONENT,
            pod=Pod(
                containers=[container],
                volumes=[{"name": PROJECT, "persistentVolumeClaim": {"claimName": PROJECT}}],
                uid=context.site.catalog.images[runtime.image].uid,
                groups=[GROUP],
            ),
            ports={"http": application.port},
            replicas=context.replicas(1),
            pod_labels=placed.labels,
            pod_annotations=placed.annotations,
        )


def _environment(context: Context) -> dict[str, str]:
    """That of a session, without what is only there for one: a user's home, and Spark's account and settings."""
    found = environment(context, context.workspace.name, "application")
    found.pop("SPARK_CONF_DIR", None)
    return found
