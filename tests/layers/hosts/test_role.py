from __future__ import annotations

import pytest

from infra_kit.inventory.errors import InfraKitError
from infra_kit.inventory.load import load_site
from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.role import load_roles, shipped_roles
from infra_kit.layers.hosts.secret import Secret

ROLES = """
facts: [distribution]
roles:
  - {name: note, stage: prepare, hosts: [all]}
  - {name: absent, stage: prepare, hosts: [all]}
  - {name: raising, stage: control_plane, hosts: [control_plane], needs: [kubernetes, operating_system.kerberos_realm]}
"""


@pytest.fixture
def playbooks(tmp_path):
    for name in ("note", "raising"):
        tasks = tmp_path / "playbooks" / "roles" / name / "tasks"
        tasks.mkdir(parents=True)
        (tasks / "main.yml").write_text("[]\n")
    (tmp_path / "roles.yaml").write_text(ROLES)
    return tmp_path


@pytest.fixture
def site(repository):
    return load_site(repository / "inventory" / "configuration-1")


def test_a_listed_role_without_a_folder_is_not_there_yet(playbooks):
    assert [role.name for role in load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles] == ["note", "raising"]


def test_a_role_is_for_the_hosts_of_its_sets_where_the_site_has_what_it_needs(playbooks, site):
    note, raising = load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles
    assert all(note.is_for(site, server) for server in site.servers)
    assert [server.name for server in site.servers if raising.is_for(site, server)] == ["master01", "master02", "master03"]
    bare = site.model_copy(update={"operating_system": site.operating_system.model_copy(update={"kerberos_realm": None})})
    assert not any(raising.is_for(bare, server) for server in bare.servers)


def test_the_digest_moves_with_any_file_of_the_role(playbooks):
    def digest():
        return load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles[0].digest

    before = digest()
    assert digest() == before
    (playbooks / "playbooks" / "roles" / "note" / "probe.yaml").write_text("files: [/etc/note]\n")
    assert digest() != before


def test_a_probe_says_what_is_looked_at_and_errors_name_the_file(playbooks):
    folder = playbooks / "playbooks" / "roles" / "note"
    assert load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles[0].probe.files == []
    (folder / "probe.yaml").write_text("files: [/etc/note]\ncommands: {kernel: uname -r}\n")
    assert load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles[0].probe.commands == {"kernel": "uname -r"}
    (folder / "probe.yaml").write_text("paths: [/etc/note]\n")
    with pytest.raises(InfraKitError, match=r"probe\.yaml"):
        _ = load_roles(playbooks / "roles.yaml", playbooks / "playbooks").roles[0].probe


def test_facts_of_a_host(site):
    facts = HostFacts(site, site.server_by_name["master02"])
    assert (facts.address, facts.network.name, facts.family, facts.is_control_plane, facts.gpus) == (
        "10.21.1.12",
        "cluster-data-01",
        "rhel",
        True,
        0,
    )
    assert [each.name for each in facts.others(["master01"])] == ["master01"]


def test_a_secret_shows_its_reference():
    assert str(Secret("env:X")) == "«env:X»"


def test_the_shipped_roles_can_be_loaded_and_give_plain_variables_of_their_own_name(site):
    """Every twin's variables against the role's own argument specification."""
    import yaml

    for role in shipped_roles().roles:
        _ = role.probe, role.digest
        file = role.folder / "meta" / "argument_specs.yml"
        known = yaml.safe_load(file.read_text())["argument_specs"]["main"].get("options", {})
        for server in site.servers:
            if role.is_for(site, server):
                given = role.variables(HostFacts(site, server))
                assert set(given) <= set(known), role.name
                assert all(name.startswith(f"{role.name}_") for name in known), role.name
