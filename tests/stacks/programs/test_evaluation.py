"""Programs are evaluated in children of their own, and what they do wrong is said in a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.load import load_site
from infra_kit.stacks.programs.evaluation import evaluate
from infra_kit.stacks.stack import ObjectKey, Stack

PROGRAMS = Path(__file__).with_name("small.py")
NAMESPACE = ObjectKey("", "Namespace", "", "a")
LOGIN = ObjectKey("", "Secret", "a", "login")


def small(function: str, parameter: str = "") -> Stack:
    return Stack("workspaces", "small", parameter, f"{PROGRAMS}:{function}")


@pytest.fixture(scope="module")
def site():
    return load_site(Path(__file__).resolve().parents[3] / "inventory" / "configuration-1")


@pytest.fixture(scope="module")
def whole(site):
    found = evaluate(site, [small("whole", "a")])[0]
    return found, {each.key: each for each in found.objects}


def test_objects_have_the_names_that_the_api_server_knows(whole):
    _, objects = whole
    deployment = objects[ObjectKey("apps", "Deployment", "a", "web")]
    assert deployment.type == "kubernetes:apps/v1:Deployment"
    assert deployment.manifest["spec"]["selector"] == {"matchLabels": {"app": "web"}}
    assert deployment.manifest["spec"]["template"]["spec"]["containers"][0]["ports"] == [{"containerPort": 80}]
    assert objects[ObjectKey("example.com", "Thing", "a", "thing")].manifest["spec"] == {"some_key": 1.5}, "a user's own keys stay"
    assert objects[ObjectKey("", "ConfigMap", "a", "others")].manifest["data"] == {"under_score": "x"}


def test_options_of_a_resource_are_kept(whole):
    _, objects = whole
    login, web = objects[LOGIN], objects[ObjectKey("apps", "Deployment", "a", "web")]
    assert (login.given_up, login.retain, login.component) == (("stringData",), True, ("a", "database"))
    assert (web.ready_within_s, web.retain, web.component) == (90, False, ("a", "web"))
    assert [key for key, each in objects.items() if each.patch] == [ObjectKey("", "ConfigMap", "a", "others")]


def test_dependencies_are_those_stated_those_of_outputs_and_those_of_kubernetes(whole):
    _, objects = whole
    assert objects[LOGIN].depends_on == {NAMESPACE}
    assert objects[ObjectKey("apps", "Deployment", "a", "web")].depends_on == {NAMESPACE, LOGIN}, "a component stands for all in it"
    definition = ObjectKey("apiextensions.k8s.io", "CustomResourceDefinition", "", "things.example.com")
    assert objects[ObjectKey("example.com", "Thing", "a", "thing")].depends_on == {NAMESPACE, definition}
    order = list(objects)
    assert all(order.index(needed) < order.index(key) for key, each in objects.items() for needed in each.depends_on)


def test_every_object_says_whose_it_is_but_patches_do_not(whole):
    _, objects = whole
    assert objects[NAMESPACE].manifest["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "somebody",
        "infra-kit.dev/stack": "small.a",
    }
    assert objects[LOGIN].manifest["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "infra-kit"
    assert "labels" not in objects[ObjectKey("", "ConfigMap", "a", "others")].manifest["metadata"]


def test_secrets_stay_markers_and_what_was_generated_is_known(whole):
    found, objects = whole
    data = objects[LOGIN].manifest["stringData"]
    assert data["token"] == "${infra-kit-secret:env:TOKEN}"
    assert found.generated == {data["password"]}
    assert data["password"] not in repr(found.generated and found).replace(repr(found.objects), "")
    assert found.outputs == {"name": "a", "token": "(secret)"}


def test_what_a_program_prints_does_not_spoil_anything(site):
    assert [each.key.path for each in evaluate(site, [small("noisy")])[0].objects] == ["Namespace/n"]


def test_many_stacks_come_in_the_order_they_were_asked_for_and_are_remembered(site):
    stacks = [small("many", str(number)) for number in (30, 10, 20)]
    found = evaluate(site, stacks)
    assert [len(each.objects) for each in found] == [30, 10, 20]
    assert [one is other for one, other in zip(found, evaluate(site, stacks), strict=True)] == [True] * 3


def test_objects_keep_the_order_of_the_program(site):
    names = [each.key.name for each in evaluate(site, [small("many", "50")])[0].objects]
    assert names == [f"c{number}" for number in range(50)]


def test_a_program_that_changed_is_evaluated_anew(site, tmp_path):
    file = tmp_path / "changing.py"
    text = "import pulumi_kubernetes as k\ndef program(site):\n    k.core.v1.Namespace('n', metadata={'name': 'NAME'})\n"
    stack = Stack("cluster", "changing", source=f"{file}:program")
    for name in ("one", "two"):
        file.write_text(text.replace("NAME", name))
        assert [each.key.name for each in evaluate(site, [stack])[0].objects] == [name]


def test_a_program_that_dies_says_its_last_words(site):
    with pytest.raises(ProgramError, match=r"the program of stack small ended its process \(exit status 7\): out of cheese"):
        evaluate(site, [small("dying")])


def test_a_program_that_fails_says_what_and_on_which_of_its_lines(site):
    with pytest.raises(ProgramError, match="the program of stack small failed: KeyError: 'no such thing'") as caught:
        evaluate(site, [small("failing")])
    line = next(number for number, text in enumerate(PROGRAMS.read_text().splitlines(), 1) if "no such thing" in text)
    assert caught.value.where == f"{PROGRAMS}:{line}"


def test_a_program_that_hangs_is_named_and_its_process_ended(site, tmp_path):
    with pytest.raises(ProgramError, match=r"the program of stack small\.\S+ did not end within 0\.5 s and was stopped"):
        evaluate(site, [small("hanging", str(tmp_path / "pid"))], time_limit_s=0.5)
    pid = int((tmp_path / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_stack_without_a_program_is_said(site):
    with pytest.raises(ProgramError, match="there is no program for stack absent"):
        evaluate(site, [Stack("cluster", "absent")])
    with pytest.raises(ProgramError, match=r"there is no program for stack absent"):
        evaluate(site, [Stack("cluster", "absent", source="/nowhere/absent.py:program")])


def test_files_that_changed_under_the_plan_are_noticed(site_folder):
    site = load_site(site_folder)
    file = site_folder / "platform.yaml"
    file.write_text(file.read_text().replace("retention_days: 30", "retention_days: 31"))
    with pytest.raises(ProgramError, match="changed while it was being planned"):
        evaluate(site, [small("many", "1")])


def test_a_site_that_is_only_in_memory_is_not_taken_for_the_one_in_its_folder(site):
    altered = site.model_copy(update={"workspaces": []})
    with pytest.raises(ProgramError, match="is not the one in its folder"):
        evaluate(altered, [small("many", "1")])


def test_an_orphan_ends_with_its_parent(site, tmp_path):
    """The parent is killed while a program hangs: its child notices that nobody listens any more."""
    code = (
        "import sys; from pathlib import Path; from infra_kit.inventory.load import load_site;"
        "from infra_kit.stacks.programs.evaluation import evaluate; from infra_kit.stacks.stack import Stack;"
        "evaluate(load_site(Path(sys.argv[1])), [Stack('w', 'small', sys.argv[3], sys.argv[2])])"
    )
    mark = tmp_path / "pid"
    parent = subprocess.Popen([sys.executable, "-c", code, str(site.folder), f"{PROGRAMS}:hanging", str(mark)])
    try:
        child = int(_when(lambda: mark.exists() and mark.read_text()))
    finally:
        parent.kill()
        parent.wait()
    _when(lambda: not _alive(child))


def _when(met):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.02)
    pytest.fail("it did not come to that")
    return None


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
    except (FileNotFoundError, ProcessLookupError):
        return False
