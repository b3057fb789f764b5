"""Ansible in its own process, without any host: its own machine stands for one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra_kit.layers.hosts.runner.order import Order
from infra_kit.layers.hosts.runner.run import forks, run
from infra_kit.layers.hosts.runner.yaml_text import Template, dumped

PLAYBOOKS = Path(__file__).resolve().parents[4] / "playbooks"
INVENTORY = dumped({"all": {"hosts": {"near": {"ansible_connection": "local", "text": "{{ not evaluated }}"}}}})
SECRET = "se{{ cr }}et-4711"
PASSWORD = "pass-0815-word"


def order(*tasks, check=False, **more):
    play = {"name": "hosts", "hosts": "all", "gather_facts": False, "tasks": list(tasks)}
    return Order("", str(PLAYBOOKS), dumped([play]), INVENTORY, {"env:X": SECRET}, {"near": PASSWORD}, check=check, **more)


def carry_out(given, called_off=lambda: False):
    events = []
    ended = run(given, events.append, called_off)
    return ended, [each for each in events if each["event"] == "result"]


def debug(name, text):
    return {"name": name, "ansible.builtin.debug": {"msg": Template(text)}}


def test_secrets_come_by_descriptor_and_are_masked_in_all_that_is_said(monkeypatch):
    monkeypatch.setenv("HOSTS_SECRET_OF_THE_PARENT", "must-not-be-passed-on")
    where = "{{ lookup('ansible.builtin.pipe', 'tr \\\\0 \\\\n < /proc/$PPID/environ') }}"
    ended, results = carry_out(
        order(
            debug("length", "{{ infra_kit_secrets['env:X'] | length }} {{ text }}"),
            debug("said", "{{ infra_kit_secrets['env:X'] }} {{ ansible_password }}"),
            debug("environment", where),
        )
    )
    assert (ended.status, ended.code) == ("successful", 0)
    said = {each["task"]: each["answer"]["msg"] for each in results}
    assert said["length"] == f"{len(SECRET)} {{{{ not evaluated }}}}"
    assert said["said"] == "«secret» «secret»"
    assert "ANSIBLE_CONFIG" in said["environment"]
    assert not any(each in said["environment"] for each in (SECRET, PASSWORD, "must-not-be-passed-on"))


def test_check_mode_and_tags_and_differences_are_told(tmp_path):
    copy = {"name": "write", "ansible.builtin.copy": {"content": "a\n", "dest": str(tmp_path / "a"), "mode": "0644"}, "tags": ["mine"]}
    left_out = {"name": "left out", "ansible.builtin.debug": {"msg": "x"}, "tags": ["not_now"]}
    _, results = carry_out(order(copy, left_out, check=True, skip_tags=("not_now",)))
    assert [(each["task"], each["status"], each["tags"]) for each in results] == [("write", "changed", ["mine"])]
    assert results[0]["diff"][0]["after"] == "a\n"
    assert results[0]["place"] == str(tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_failures_are_told_with_their_words():
    _, results = carry_out(
        order(
            {"name": "ignored", "ansible.builtin.fail": {"msg": "one"}, "ignore_errors": True},
            {"name": "last", "ansible.builtin.fail": {"msg": "two"}},
        )
    )
    assert [(each["status"], each.get("ignored"), each["answer"]["msg"]) for each in results] == [
        ("failed", True, "one"),
        ("failed", False, "two"),
    ]


def test_plays_that_cannot_be_read_are_said_to_be():
    ended, results = carry_out(order({"name": "wrong", "no_such_module_at_all": {}}))
    assert results == []
    assert ended.code != 0
    assert "no_such_module_at_all" in ended.printed


def test_a_run_that_is_called_off_ends_soon_and_leaves_nothing():
    before = set(Path("/dev/shm").glob("ik-*"))
    begun = []

    def called_off():
        return bool(begun)

    given = order(debug("begin", "x"), {"name": "long", "ansible.builtin.command": "sleep 300"})
    ended = run(given, lambda event: begun.append(1) if event.get("task") == "long" else None, called_off)
    assert ended.status == "canceled"
    assert {each for each in Path("/dev/shm").glob("ik-*") if each not in before and each.stat().st_uid == os.getuid()} <= before


def test_a_host_keeps_its_interpreter_and_what_needs_no_host_starts_no_process():
    parent = {"ansible.builtin.command": {"argv": ["sh", "-c", "echo $PPID"]}}
    here = "{{ lookup('ansible.builtin.pipe', 'echo $PPID') }}"
    _, results = carry_out(
        order(
            {"name": "first", **parent},
            {"name": "second", **parent},
            debug("main", here),
            {**debug("also main", here), "when": "true"},
            {"name": "left out", **parent, "when": Template("ansible_host is not defined")},
        )
    )
    said = {each["task"]: each["answer"].get("stdout") or each["answer"].get("msg") for each in results if each["status"] != "skipped"}
    assert said["first"] == said["second"]
    assert said["main"] == said["also main"]
    assert [each["task"] for each in results if each["status"] == "skipped"] == ["left out"]


def test_a_near_task_that_cannot_be_evaluated_fails_as_any_other():
    wrong = {"name": "wrong", "ansible.builtin.command": "true", "when": Template("no_such_variable | length > 0"), "ignore_errors": True}
    _, results = carry_out(order(wrong, {"name": "assert", "ansible.builtin.assert": {"that": "false", "fail_msg": "so it is"}}))
    assert [(each["task"], each["status"]) for each in results] == [("wrong", "failed"), ("assert", "failed")]
    assert "no_such_variable" in results[0]["answer"]["msg"]
    assert "so it is" in results[1]["answer"]["msg"]


def test_forks_are_bound_by_hosts_and_cores():
    assert forks(1) == 1
    assert 1 <= forks(1000) <= 4 * len(os.sched_getaffinity(0))


def test_an_order_goes_over_a_pipe_and_does_not_show_its_secrets():
    given = order(skip_tags=("a",))
    assert Order.of(given.line()) == given
    assert SECRET not in repr(given)


@pytest.mark.parametrize("text", ["{{ a }}", "{% if %}", "{# c", "plain", "two\nlines", "two\n{{ lines }}\n"])
def test_only_what_looks_like_a_template_is_marked(text):
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))
    found = dumped({"key": text})
    assert yaml.load(found, Loader=Loader) == {"key": text}
    assert ("!unsafe" in found) is ("{" in text)
