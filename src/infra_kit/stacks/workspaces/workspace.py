"""A workspace: one component made of small ones, each in its own file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource

from infra_kit.stacks.workspaces.access import Access
from infra_kit.stacks.workspaces.applications import Applications
from infra_kit.stacks.workspaces.auth_proxy import AuthProxy
from infra_kit.stacks.workspaces.backup import Backup
from infra_kit.stacks.workspaces.context import Context
from infra_kit.stacks.workspaces.credentials import Credentials
from infra_kit.stacks.workspaces.database import Database
from infra_kit.stacks.workspaces.directories import Directories
from infra_kit.stacks.workspaces.division import Division
from infra_kit.stacks.workspaces.experiments import Experiments
from infra_kit.stacks.workspaces.failed_jobs import FailedJobs
from infra_kit.stacks.workspaces.hub import Hub
from infra_kit.stacks.workspaces.isolation import Isolation
from infra_kit.stacks.workspaces.jobs import Jobs
from infra_kit.stacks.workspaces.lineage import Lineage
from infra_kit.stacks.workspaces.metrics_store import MetricsStore
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.namespaces import Namespaces
from infra_kit.stacks.workspaces.proxy import Proxy
from infra_kit.stacks.workspaces.quotas import Quotas
from infra_kit.stacks.workspaces.runtime import Runtime
from infra_kit.stacks.workspaces.saml import SamlProxy
from infra_kit.stacks.workspaces.serving import Serving
from infra_kit.stacks.workspaces.spark import Spark
from infra_kit.stacks.workspaces.volumes import Volumes

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.site import Site
    from infra_kit.inventory.models.workspaces import Workspace


class MachineLearningWorkspace(ComponentResource):
    """Everything of one workspace."""

    def __init__(self, site: Site, workspace: Workspace) -> None:
        names = Names(site, workspace)
        division = Division(site, workspace, names)
        super().__init__("infra-kit:workspaces:Workspace", workspace.name)
        context = Context(site, workspace, names)
        # The ground: where things are, who may do what, what may be used.
        Namespaces(context, self)
        Quotas(context, division, self)
        Isolation(context, self)
        access = Access(context, self)
        credentials = Credentials(context, self)
        volumes = Volumes(context, division, self)
        directories = Directories(context, self)
        # What runs on it.
        database = Database(context, credentials, volumes, directories, self)
        Runtime(context, self)
        Proxy(context, credentials, self)
        if context.kubernetes.identity.saml:
            SamlProxy(context, context.kubernetes.identity.saml, credentials, directories, self)
        Hub(context, division, access, credentials, database, self)
        if workspace.spark.enabled:
            Spark(context, access, directories, self)
        Jobs(context, self)
        self._for_models(context, credentials, database, directories)
        Backup(context, access, credentials, volumes, directories, self)
        if site.monitoring and site.monitoring.mail_relay:
            FailedJobs(context, access, site.monitoring.mail_relay, self)
        self.register_outputs({})

    def _for_models(self, context: Context, credentials: Credentials, database: Database, directories: Directories) -> None:
        """Experiments, deployed models, applications, and the proxy in front of them."""
        shown: list[Resource] = []
        if context.workspace.experiments:
            shown.append(Experiments(context, credentials, database, directories, self).service)
        if context.workspace.lineage:
            Lineage(context, self)
        serving = Serving(context, self)
        MetricsStore(context, credentials, database, self)
        applications = Applications(context, directories, self)
        AuthProxy(context, credentials, serving, self, *shown, *applications.services)
