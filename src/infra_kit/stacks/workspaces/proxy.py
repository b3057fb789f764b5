"""The proxy in front of hub and sessions: JupyterHub's configurable-http-proxy.

One replica: it keeps its routes in memory and the hub tells them to one proxy; a second would know none and answer every other request
with "not found". When its node is lost it comes up elsewhere within a minute, and the hub gives it all routes again. It has a Deployment
of its own so that a new revision of the hub cuts no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi import ComponentResource, ResourceOptions

from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.ingress import expose
from infra_kit.stacks.parts.pod import Container, Pod, from_secret, http_probe
from infra_kit.stacks.workspaces import credentials
from infra_kit.stacks.workspaces.services import service, services_of

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials

NAME = "proxy"
_IMAGE = "http-proxy"


class Proxy(ComponentResource):
    """Makes the proxy and lets browsers in to it."""

    def __init__(self, context: Context, secrets: Credentials, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:Proxy", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        deploy(place, self._workload(context), secrets.hub)
        by_saml = any(row.name == "saml-proxy" for row in services_of(context.site, context.workspace))
        if context.kubernetes.ingress and not by_saml:  # with SAML the way in is through the SAML proxy
            expose(place, "hub", context.names.host("hub"), NAME, "http")
        self.register_outputs({})

    @staticmethod
    def _workload(context: Context) -> Workload:
        row, api = service(NAME), service("proxy-api")
        container = Container(
            name=NAME,
            image=image(context.site, _IMAGE),
            command=["configurable-http-proxy"],
            args=[
                "--ip=0.0.0.0",
                f"--port={row.port}",
                "--api-ip=0.0.0.0",
                f"--api-port={api.port}",
                f"--default-target=http://{context.names.address('hub')}",
                f"--error-target=http://{context.names.address('hub')}/hub/error",
                "--log-level=info",
            ],
            ports={"http": row.port, "api": api.port},
            # It takes the token from this variable only.
            env_from=[from_secret("CONFIGPROXY_AUTH_TOKEN", credentials.HUB_SECRET, credentials.PROXY_TOKEN_KEY)],
            cpu=row.cpu,
            memory=row.memory,
            readiness=http_probe("/_chp_healthz", "http", period_s=5),
            liveness=http_probe("/_chp_healthz", "http", period_s=20, failures=5),
        )
        return Workload(
            name=NAME,
            pod=Pod(containers=[container], uid=context.site.catalog.images[_IMAGE].uid),
            ports={"http": row.port, "api": api.port},
            replicas=context.replicas(row.replicas),
            single=True,
        )
