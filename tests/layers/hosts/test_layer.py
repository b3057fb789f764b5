from __future__ import annotations

import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest
import yaml

from infra_kit.cli.reach import concerned
from infra_kit.inventory.access import LAB_FOLDER, open_access
from infra_kit.inventory.load import load_site
from infra_kit.layers import NAMES, TALKS_TO, layers
from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.layer import HostsLayer
from infra_kit.layers.hosts.rendering import digest, inventory, playbook, references, rendered, variables
from infra_kit.layers.hosts.role import Role, load_roles
from infra_kit.layers.hosts.secret import Secret
from infra_kit.plan.company import company_of
from infra_kit.plan.selection import Selection

HERE = Path(__file__).parent
ROLES = """
facts: [distribution]
roles:
  - {name: note, stage: prepare, hosts: [all]}
  - {name: unsure, stage: prepare, hosts: [master]}
  - {name: first, stage: control_plane, hosts: [control_plane]}
  - {name: fickle, stage: control_plane, hosts: [control_plane]}
  - {name: loud, stage: workers, hosts: [kubernetes_workers]}
"""


@pytest.fixture(scope="module")
def site():
    return load_site(HERE.parents[2] / "inventory" / "configuration-1")


@pytest.fixture
def roles(tmp_path, monkeypatch):
    own = {"note_text": "{{ not a template }}", "note_password": Secret("env:X"), "note_more": [{"key": Secret("file:y")}]}
    monkeypatch.setattr(Role, "variables", lambda self, facts: own if self.name == "note" else {})
    (tmp_path / "roles.yaml").write_text(ROLES)
    return load_roles(tmp_path / "roles.yaml", HERE / "playbooks")


def test_it_stands_between_the_array_and_the_cluster():
    assert NAMES.index("storage") < NAMES.index("hosts") < NAMES.index("cluster")
    assert set(TALKS_TO) == set(NAMES)
    (hosts,) = layers(["hosts"])
    (cluster,) = layers(["cluster"])
    assert hosts.name in cluster.after


def test_one_resource_a_role_and_host_of_one_company(roles, site):
    resources = HostsLayer(roles).resources(site)
    assert len(resources) == 13 + 3 + 3 + 3 + 8
    assert {id(company_of(each)) for each in resources} == {id(resources[0].company)}
    assert len({each.device for each in resources}) == len(resources)
    assert resources[0].id == "hosts/note/master01"


def test_stages_follow_each_other_and_masters_too(roles, site):
    needs = {each.id: each.depends_on for each in HostsLayer(roles).resources(site)}
    assert needs["hosts/note/worker01"] == frozenset()
    assert needs["hosts/unsure/master01"] == frozenset(), "roles of one stage are handed over at once"
    assert needs["hosts/fickle/master01"] == {"hosts/note/master01", "hosts/unsure/master01"}
    assert needs["hosts/first/master03"] == {
        "hosts/note/master03",
        "hosts/unsure/master03",
        *(f"hosts/{role}/master0{number}" for role in ("first", "fickle") for number in (1, 2)),
    }
    masters = {f"hosts/{role}/master0{number}" for role in ("first", "fickle") for number in (1, 2, 3)}
    assert needs["hosts/loud/gpu01"] == {"hosts/note/gpu01"} | masters


def test_nothing_is_ever_taken_back(site):
    assert HostsLayer().leftovers(site, []) == ()


def test_what_is_rendered_has_references_where_secrets_are_and_no_template_where_none_is_meant(roles, site):
    files = rendered(site, roles)
    assert sorted(files)[:2] == ["hosts/host_vars/edge01.yaml", "hosts/host_vars/gpu01.yaml"]
    text = files["hosts/host_vars/worker01.yaml"]
    assert "note_text: !unsafe '{{ not a template }}'" in text
    assert "note_password: '{{ infra_kit_secrets[''env:X''] }}'" in text
    listed = yaml.safe_load(files["hosts/inventory.yaml"])["all"]
    assert listed["vars"] == {"ansible_user": site.credential_by_name[site.operating_system.ssh_credential].user}
    assert listed["hosts"]["worker01"] == {"ansible_host": "10.21.1.16"}
    (play,) = yaml.safe_load(files["hosts/playbook.yaml"])
    assert [task["name"] for task in play["tasks"]][:2] == ["infra-kit role note", "Handlers of note"]


def test_in_check_mode_a_failure_is_passed_over(roles):
    (play,) = yaml.safe_load(playbook(roles.roles[:1], ["distribution"], check=True))
    assert play["tasks"][0]["ansible.builtin.include_role"] == {"name": "note", "apply": {"ignore_errors": True}}
    assert play["gather_subset"] == ["!all", "!min", "distribution"]


def test_a_run_of_ours_has_no_task_that_is_known_to_do_nothing(roles):
    (play,) = yaml.safe_load(playbook(roles.roles[:2], ["distribution"], check=False, validate=False))
    assert [task["name"] for task in play["tasks"]] == ["infra-kit role note", "Handlers of note", "infra-kit role unsure"]
    assert play["tasks"][0]["ansible.builtin.include_role"] == {"name": "note", "rolespec_validate": False}


def test_variables_know_their_secrets_and_their_digest_moves_with_a_reference(roles, site):
    facts = HostFacts(site, site.servers[0])
    own = roles.roles[0]
    assert list(references(own.variables(facts))) == ["env:X", "file:y"]
    before = digest(variables(own, facts))
    assert before == digest(variables(own, facts))
    assert before != digest({**variables(own, facts), "note_password": "{{ infra_kit_secrets['env:Z'] }}"})


def test_an_inventory_can_be_read_back():
    text = inventory({"a": {"ansible_host": "h", "lines": "one\ntwo\n"}}, {"ansible_user": "u"})
    assert yaml.safe_load(text) == {"all": {"vars": {"ansible_user": "u"}, "hosts": {"a": {"ansible_host": "h", "lines": "one\ntwo\n"}}}}


@pytest.mark.parametrize("with_hosts", [False, True])
def test_a_lab_without_stand_ins_of_the_hosts_leaves_the_layer_out_and_says_so(with_hosts, tmp_path, capsys):
    folder = tmp_path / "site"
    shutil.copytree(HERE.parents[2] / "inventory" / "configuration-1", folder, ignore=shutil.ignore_patterns(".infra-kit"))
    lab = folder / LAB_FOLDER
    lab.mkdir(parents=True)
    (lab / "lab.json").write_text(json.dumps({"pid": os.getpid(), "without": []}))
    stand_in = "hosts: {family: debian, release: '12', packages: 'http://10.10.0.80/debian', registry: '10.10.0.80:5000'}"
    (lab / "endpoints.yaml").write_text("devices: {}\n" + (stand_in if with_hosts else ""))
    with (lab / "lab.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = [layer.name for layer in concerned(open_access(load_site(folder)), Selection())]
    assert ("hosts" in found) is with_hosts
    assert ("the lab runs without hosts: left out of this run: hosts" in capsys.readouterr().err) is not with_hosts
