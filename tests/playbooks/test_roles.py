"""What every role of the prepared hosts keeps to."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from infra_kit.inventory.access import StandIn
from infra_kit.inventory.load import load_site
from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.role import shipped_roles
from infra_kit.layers.hosts.secret import Secret

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"
ROLES = ["baseline", "time", "storage", "network", "identity", "trust", "java", "node_exporter", "cloudera_host", "reboot"]
NODE_ROLES = ["container_runtime", "kubernetes_node", "cni", "gpu", "etcd_backup", "kubernetes_control_plane", "kubernetes_worker"]
MODULES = [
    *("files", "packages", "units", "accounts", "disks"),
    *("kubernetes_facts", "kubernetes_apply", "kubernetes_node_object", "kubernetes_forget", "control_plane_manifests"),
]
LAB = StandIn(family="debian", release="12", packages="http://10.10.0.80/debian", registry="10.10.0.80:5000")


def read(path):
    return yaml.safe_load(path.read_text()) or {}


def options_of(role):
    return read(PLAYBOOKS / "roles" / role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]


def plain(value):
    """As it reaches Ansible."""
    if isinstance(value, Secret):
        return "resolved"
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_documented_with_its_default(role):
    options, defaults = options_of(role), read(PLAYBOOKS / "roles" / role / "defaults" / "main.yml")
    assert all(name.startswith(f"{role}_") for name in options)
    assert set(defaults) <= set(options)
    for name, option in options.items():
        if "default" in option:
            assert defaults[name] == option["default"], name
        else:
            assert option.get("required") or name in defaults, name


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("stand_in", [None, LAB], ids=["live", "lab"])
def test_what_a_host_is_given_is_what_the_role_takes(repository, role, stand_in):
    (shipped,) = (each for each in shipped_roles().roles if each.name == role)
    options = options_of(role)
    for configuration in ("configuration-1", "configuration-2"):
        site = load_site(repository / "inventory" / configuration)
        for server in site.servers:
            variables = plain(shipped.variables(HostFacts(site, server, stand_in)))
            assert set(variables) <= set(options)
            assert ArgumentSpecValidator(options).validate(variables).error_messages == [], server.name


@pytest.mark.parametrize("stand_in", [None, LAB], ids=["live", "lab"])
@pytest.mark.parametrize("role", NODE_ROLES)
def test_what_a_node_is_given_is_what_the_role_takes(repository, role, stand_in):
    (shipped,) = (each for each in shipped_roles().roles if each.name == role)
    options = options_of(role)
    site = load_site(repository / "inventory" / "configuration-1")
    servers = [server for server in site.servers if shipped.is_for(site, server)]
    assert servers
    for server in servers:
        variables = plain(shipped.variables(HostFacts(site, server, stand_in)))
        assert set(variables) <= set(options)
        assert ArgumentSpecValidator(options).validate(variables).error_messages == [], server.name


def test_a_site_with_everything_gives_its_hosts_everything(repository, tmp_path):
    site = load_site(repository / "inventory" / "configuration-1")
    directory = {
        "server": "ldap.example.internal",
        "bind_credential": "hosts",
        "user_search_base": "ou=people,dc=example",
        "tls": "start-tls",
    }
    system = type(site.operating_system).model_validate(
        {
            **site.operating_system.model_dump(),
            "groups": [{"name": "operators", "gid": 2000}],
            "users": [{"name": "ada", "uid": 2001, "groups": ["operators"], "sudo": True, "authorized_keys": ["ssh-ed25519 AAAA a"]}],
            "directory": directory,
            "ca_certificates": ["site.yaml"],
        }
    )
    site.__dict__["operating_system"] = system
    for role in ("identity", "trust"):
        (shipped,) = (each for each in shipped_roles().roles if each.name == role)
        variables = shipped.variables(HostFacts(site, site.servers[0]))
        assert ArgumentSpecValidator(options_of(role)).validate(plain(variables)).error_messages == []
        if role == "identity":
            assert variables["identity_directory"]["uri"] == "ldap://ldap.example.internal:636"
            assert isinstance(variables["identity_directory"]["bind_password"], Secret)
        else:
            assert variables["trust_password_login"]
            assert list(variables["trust_ca_certificates"]) == ["site"]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_takes_what_its_documentation_says(load_module, name):
    def compare(spec, documented, where):
        assert set(spec) == set(documented), where
        for option, details in spec.items():
            told = documented[option]
            for key in ("type", "elements", "default", "required", "choices"):
                assert details.get(key) == told.get(key), (where, option, key)
            if "options" in details:
                compare(details["options"], told["suboptions"], f"{where}.{option}")

    compare(load_module(name).SPEC, read(PLAYBOOKS / "library" / f"{name}.yml")["DOCUMENTATION"]["options"], name)
