"""The hub's configuration, loaded by JupyterHub's own loader and carried out by KubeSpawner's own code."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from jupyterhub.app import JupyterHub
from kubernetes_asyncio.client import ApiClient
from traitlets.config import Config, PyFileConfigLoader

from infra_kit.inventory.models.directory import Ldap
from infra_kit.inventory.models.kubernetes import Identity, Oidc, Saml
from infra_kit.stacks.workspaces.context import Context
from infra_kit.stacks.workspaces.division import Division
from infra_kit.stacks.workspaces.hub import configuration
from infra_kit.stacks.workspaces.names import Names
from infra_kit.stacks.workspaces.sessions import profiles

from .conftest import evaluated, large, manifests, reference, site_with, standard

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.inventory.models.site import Site

SECRETS = {
    "secrets": {"cookie": "c" * 32, "proxy-token": "p" * 32, "login": "l" * 32, "gate": "g" * 32, "saml-proof": "s" * 32},
    "database": {"username": "hub", "password": "pass-word", "database": "hub"},
    "identity": {"password": "bind-password", "client-secret": "client-secret"},
}


def load(folder: Path, site: Site, **changes: Any) -> Config:
    """What `jupyterhub --config` would make of the files, with the pod's mounts beneath `folder`."""
    workspace = large(**changes)
    names = Names(site, workspace)
    files = configuration(Context(site, workspace, names), Division(site, workspace, names))
    mounts = folder / "etc"
    for kind, values in SECRETS.items():
        (mounts / f"jupyterhub-{kind}").mkdir(parents=True, exist_ok=True)
        for key, value in values.items():
            (mounts / f"jupyterhub-{kind}" / key).write_text(value)
    (mounts / "jupyterhub").mkdir(exist_ok=True)
    for name, text in files.items():
        (mounts / "jupyterhub" / name).write_text(text.replace('"/etc/jupyterhub', f'"{mounts}/jupyterhub'))
    return PyFileConfigLoader("jupyterhub_config.py", path=str(mounts / "jupyterhub")).load_config()


def spawner_of(config: Config, user: str) -> Any:
    """The spawner that the hub would make for a user; asks no API server."""
    known = SimpleNamespace(name=user, id=7, url=f"/user/{user}/", server=None, settings={})
    hub = SimpleNamespace(public_host="", url="/hub/", base_url="/hub/", api_url="http://hub:8081/hub/api", server=None)
    return config.JupyterHub.spawner_class(user=known, hub=hub, config=config, _mock=True)


@pytest.fixture
def no_cluster(monkeypatch):
    monkeypatch.setattr("kubespawner.spawner.load_config", lambda **_: None)
    monkeypatch.setattr("kubespawner.spawner.shared_client", lambda _: None)


def test_jupyterhub_takes_the_configuration(tmp_path):
    config = load(tmp_path, reference())
    hub = JupyterHub(config=config)
    assert hub.hub_connect_url == "http://hub.atelier.svc.cluster.local:8081"
    assert hub.db_url == "postgresql+psycopg2://hub:pass-word@database.atelier.svc.cluster.local:5432/hub"
    assert len(hub.cookie_secret) == 32
    assert hub.cleanup_servers is False
    assert [service["name"] for service in hub.services] == ["idle-culler", "auth-proxy"]
    assert "--timeout=1800" in hub.services[0]["command"]
    authenticator = hub.authenticator_class(config=config)
    assert authenticator.admin_users == {"grace"}
    assert "alan.turing@example.org" in authenticator.allowed_users
    assert "edsger" not in authenticator.allowed_users


@pytest.mark.parametrize("user", ["ada", "alan.turing@example.org"])
def test_the_hub_looks_for_a_user_where_infra_kit_made_the_namespace(tmp_path, no_cluster, user):
    spawner = spawner_of(load(tmp_path, reference()), user)
    made = {each["metadata"]["name"] for each in manifests(standard(), "Namespace")}
    assert spawner.namespace in made


def test_a_pod_for_each_profile_and_size(tmp_path, no_cluster):
    config = load(tmp_path, reference())
    offered = [
        (profile["slug"], size) for profile in config.KubeSpawner.profile_list for size in profile["profile_options"]["size"]["choices"]
    ]
    assert len(offered) >= 8
    for slug, size in offered:
        spawner = spawner_of(config, "ada")
        spawner.user_options = {"profile": slug, "size": size}

        async def manifest(spawner: Any = spawner) -> dict[str, Any]:
            await spawner.load_user_options()
            return ApiClient().sanitize_for_serialization(await spawner.get_pod_manifest())

        pod = asyncio.run(manifest())
        container = pod["spec"]["containers"][0]
        gpus = container["resources"]["limits"].get("nvidia.com/gpu")
        assert bool(gpus) == ("gpu" in slug) == ("nodeSelector" in pod["spec"])
        assert container["resources"]["requests"]["memory"] == container["resources"]["limits"]["memory"]
        assert pod["spec"]["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert pod["metadata"]["labels"]["infra-kit.dev/user"] == "ada"
        variables = {each["name"]: each.get("value") for each in container["env"]}
        assert variables["CDSW_PROJECT_ID"] == "atelier"
        assert variables["MLFLOW_TRACKING_URI"] == "http://mlflow.atelier.svc.cluster.local:5000"
        assert variables["HADOOP_USER_NAME"] == "ada"
        assert variables["SPARK_EXECUTOR_IMAGE"] == container["image"]


def test_sizes_that_nobody_may_have_are_not_offered():
    site, workspace = reference(), large(user_quota=large().user_quota.model_copy(update={"gpus": 0, "cpu": "2", "memory": "8Gi"}))
    names = Names(site, workspace)
    offered = profiles(Context(site, workspace, names), Division(site, workspace, names))
    assert {size for profile in offered for size in profile["profile_options"]["size"]["choices"]} == {"small", "medium"}
    assert not any("gpu" in profile["slug"] for profile in offered)


def readable(config: Config, words: str) -> str | None:
    """The configuration's own function."""
    return config.JupyterHub.spawner_class._make_create_pod_request.__globals__["readable"](words)


def test_a_refusal_is_told_in_the_users_terms(tmp_path):
    words = (
        'pods "session-ada" is forbidden: exceeded quota: workspace, requested: limits.cpu=4,requests.cpu=4,pods=1, '
        "used: limits.cpu=6,requests.cpu=6,pods=2, limited: limits.cpu=8,requests.cpu=8"
    )
    told = readable(load(tmp_path, reference()), words)
    assert told is not None
    assert "CPU: this session asks for 4, you use 6 of 8" in told
    assert "choose a smaller size" in told
    assert readable(load(tmp_path, reference()), "pods is forbidden: User cannot create resource") is None


def test_ldap(tmp_path):
    ldap = Ldap(
        server="ldap.example.internal",
        bind_credential="bmc",
        user_search_base="ou=people,dc=example",
        group_search_base="ou=groups,dc=example",
    )
    config = load(tmp_path, site_with(reference(), identity=Identity(ldap=ldap)))
    assert config.JupyterHub.authenticator_class == "ldapauthenticator.LDAPAuthenticator"
    assert config.LDAPAuthenticator.tls_strategy == "on_connect"
    assert config.LDAPAuthenticator.lookup_dn_search_user == "root"
    assert config.LDAPAuthenticator.lookup_dn_search_password == "bind-password"
    secrets = manifests(evaluated(site_with(reference(), identity=Identity(ldap=ldap)), large(users=["ada"], admins=[], jobs=[])), "Secret")
    found = next(each for each in secrets if each["metadata"]["name"] == "hub-identity")
    assert found["stringData"]["password"].startswith("${infra-kit-secret:")


def test_ldap_by_template(tmp_path):
    ldap = Ldap(server="ldap.example.internal", port=389, tls="start-tls", user_dn_template="uid={username},ou=people,dc=example")
    config = load(tmp_path, site_with(reference(), identity=Identity(ldap=ldap)))
    assert config.LDAPAuthenticator.tls_strategy == "before_bind"
    assert config.LDAPAuthenticator.bind_dn_template == ["uid={username},ou=people,dc=example"]


def test_oidc_asks_the_provider_for_its_endpoints(tmp_path, provider):
    oidc = Oidc(issuer=provider, client_id="hub", client_secret="env:X")
    config = load(tmp_path, site_with(reference(), identity=Identity(oidc=oidc)))
    assert config.GenericOAuthenticator.token_url == f"{provider}/token"
    assert config.GenericOAuthenticator.client_secret == "client-secret"
    assert config.GenericOAuthenticator.oauth_callback_url.startswith("https://hub.atelier.")


def test_saml_believes_the_proxy_in_front_and_nobody_without_it(tmp_path):
    saml = Saml(metadata="https://idp.example.internal/metadata", entity_id="hub")
    config = load(tmp_path, site_with(reference(), identity=Identity(saml=saml)))
    authenticator = JupyterHub(config=config).authenticator_class(config=config)

    def login(**headers: str) -> Any:
        request = SimpleNamespace(headers={name.replace("_", "-"): value for name, value in headers.items()})
        return asyncio.run(authenticator.get_authenticated_user(SimpleNamespace(request=request), None))

    assert login(X_Saml_User="ada", X_Saml_Proof="s" * 32)["name"] == "ada"
    assert login(X_Saml_User="ada") is None
    assert login(X_Saml_User="ada", X_Saml_Proof="guessed") is None
    assert not login(X_Saml_User="mallory", X_Saml_Proof="s" * 32)


@pytest.fixture
def provider():
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            base = f"http://127.0.0.1:{self.server.server_address[1]}"
            body = json.dumps({f"{kind}_endpoint": f"{base}/{kind}" for kind in ("authorization", "token", "userinfo")}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()
