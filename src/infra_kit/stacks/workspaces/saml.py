"""The SAML proxy: Apache with mod_auth_mellon between the ingress and JupyterHub's proxy, where identity comes by SAML.

It asks the identity provider who somebody is and says so to the hub in a header, with a secret beside it (`credentials.PROOF_KEY`) by which
the hub knows that the header is the proxy's. Its own key pair, which the identity provider is told of (`https://HOST/mellon/metadata`), is
made at the first start and kept on a small volume of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulumi import ComponentResource, ResourceOptions
from pulumi_kubernetes.core.v1 import ConfigMap

from infra_kit.inventory.volumes import SAML_KEYS
from infra_kit.inventory.volumes import service as service_volume
from infra_kit.stacks.parts.deployment import Workload, deploy
from infra_kit.stacks.parts.image import image
from infra_kit.stacks.parts.ingress import expose
from infra_kit.stacks.parts.pod import Container, Pod, from_secret, http_probe
from infra_kit.stacks.parts.template import rendered
from infra_kit.stacks.workspaces import credentials
from infra_kit.stacks.workspaces.division import VIEW_BYTES
from infra_kit.stacks.workspaces.services import service
from infra_kit.stacks.workspaces.volumes import GROUP, Volume, export, make

if TYPE_CHECKING:
    from pulumi import Resource

    from infra_kit.inventory.models.kubernetes import Saml
    from infra_kit.stacks.workspaces.context import Context
    from infra_kit.stacks.workspaces.credentials import Credentials
    from infra_kit.stacks.workspaces.directories import Directories

NAME = "saml-proxy"
SAML_HEADER = "X-Saml-User"
PROOF_HEADER = "X-Saml-Proof"
_KEYS = "/keys"
_CONFIGURATION = "/etc/saml-proxy"
_MODULES = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "alias", "env", "headers"),
    *("proxy", "proxy_http", "proxy_wstunnel", "auth_mellon"),
)
_PREPARE = """\
set -eu
umask 077
python3 - <<'PROGRAM'
import os, urllib.request
with urllib.request.urlopen(os.environ["METADATA"], timeout=60) as answer:
    text = answer.read()
with open("/tmp/idp.xml", "wb") as file:
    file.write(text)
PROGRAM
cp /tmp/idp.xml "$KEYS/idp.xml"
test -s "$KEYS/sp.key" || openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj "/CN=$HOST" -keyout "$KEYS/sp.key" -out "$KEYS/sp.crt"
"""


class SamlProxy(ComponentResource):
    """Makes the proxy and lets browsers in to it."""

    def __init__(self, context: Context, saml: Saml, secrets: Credentials, directories: Directories, parent: Resource) -> None:
        super().__init__("infra-kit:workspaces:SamlProxy", context.names.cluster_wide(NAME), None, ResourceOptions(parent=parent))
        place = context.services(self)
        volume = Volume(context.names.cluster_wide(NAME), NAME, service_volume(context.workspace.name, SAML_KEYS), VIEW_BYTES, VIEW_BYTES)
        claim = make(place, export(context.site), volume)
        text = rendered(
            "workspaces/saml-proxy.conf.j2",
            workspace=context.workspace.name,
            host=context.names.host("hub"),
            port=service(NAME).port,
            modules=_MODULES,
            saml_header=SAML_HEADER,
            proof_header=PROOF_HEADER,
            backend=context.names.address("proxy"),
            entity_id=saml.entity_id,
            keys=_KEYS,
            idp_metadata=f"{_KEYS}/idp.xml",
            user_attribute=saml.user_attribute,
        )
        files = {"httpd.conf": text}
        config = ConfigMap(place.logical(NAME), metadata=place.metadata(NAME, NAME), data=files, opts=place.options())
        deploy(place, self._workload(context, saml, text), config, claim, secrets.hub, directories.made)
        if context.kubernetes.ingress:
            expose(place, "hub", context.names.host("hub"), NAME, "http")
        self.register_outputs({})

    @staticmethod
    def _workload(context: Context, saml: Saml, text: str) -> Workload:
        row = service(NAME)
        keys = {"name": "keys", "mountPath": _KEYS}
        prepare = Container(
            name="prepare",
            image=image(context.site, "operations"),
            command=["sh", "-c", _PREPARE],
            env={"METADATA": saml.metadata, "KEYS": _KEYS, "HOST": context.names.host("hub")},
            mounts=[keys],
        )
        proxy = Container(
            name=NAME,
            image=image(context.site, NAME),
            command=["apache2", "-D", "FOREGROUND", "-f", f"{_CONFIGURATION}/httpd.conf"],
            ports={"http": row.port},
            # Apache reads variables into its configuration, and no files.
            env_from=[from_secret("SAML_PROOF", credentials.HUB_SECRET, credentials.PROOF_KEY)],
            cpu=row.cpu,
            memory=row.memory,
            readiness=http_probe("/healthz", "http", period_s=5),
            liveness=http_probe("/healthz", "http", period_s=20, failures=5),
            mounts=[keys, {"name": "configuration", "mountPath": _CONFIGURATION, "readOnly": True}],
        )
        volumes: list[dict[str, Any]] = [
            {"name": "keys", "persistentVolumeClaim": {"claimName": NAME}},
            {"name": "configuration", "configMap": {"name": NAME}},
        ]
        uid = context.site.catalog.images[NAME].uid
        return Workload(
            name=NAME,
            pod=Pod(containers=[proxy], init_containers=[prepare], volumes=volumes, uid=uid, groups=[GROUP]),
            ports={"http": row.port},
            replicas=context.replicas(row.replicas),
            single=True,  # its sessions are in memory
            configuration=(text,),
        )
