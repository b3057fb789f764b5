"""Under a real Pulumi the programs make what the embedded engine evaluates; its own command line is used where there is one."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sysconfig
import venv
from pathlib import Path

import pulumi
import pytest
from pulumi.runtime import Mocks, set_all_config, set_mocks

from infra_kit.inventory.errors import ProgramError
from infra_kit.inventory.load import load_site
from infra_kit.inventory.secrets import SecretStore
from infra_kit.stacks.programs import running
from infra_kit.stacks.programs.evaluation import evaluate
from infra_kit.stacks.programs.recording import record
from infra_kit.stacks.programs.running import run, transform
from infra_kit.stacks.stack import Stack

REPOSITORY = Path(__file__).resolve().parents[3]
FRAUD = Stack("workspaces", "workspaces", "fraud")
CHURN = Stack("workspaces", "workspaces", "churn")
SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270"}
MARKER = "${infra-kit-secret:env:A_TOKEN}"


def transformed(type_, props, *, custom=True):
    made = pulumi.ResourceTransformArgs(custom=custom, type_=type_, name="x", props=props, opts=pulumi.ResourceOptions())
    return transform(FRAUD, SecretStore())(made)


def in_a_loop(function):
    async def main():
        return await function()

    return asyncio.run(main())


def test_every_object_gets_the_labels_that_an_evaluation_gives_it():
    found = transformed("kubernetes:core/v1:ConfigMap", {"kind": "ConfigMap", "metadata": {"name": "x", "labels": {"a": "b"}}})
    assert found.props["metadata"]["labels"] == {
        "a": "b",
        "app.kubernetes.io/managed-by": "infra-kit",
        "infra-kit.dev/stack": "workspaces.fraud",
    }


@pytest.mark.parametrize(
    ("kind", "annotations", "skipped"),
    [
        ("Ingress", {}, "true"),
        ("Service", {"a": "b"}, "true"),
        ("Service", {"infra-kit.dev/wait": "address"}, None),
        ("Service", {"pulumi.com/skipAwait": "false"}, "false"),
        ("Deployment", {}, None),
        ("PersistentVolumeClaim", {"infra-kit.dev/wait": "none"}, "true"),
    ],
)
def test_pulumi_does_not_wait_for_what_infra_kit_does_not_wait_for(kind, annotations, skipped):
    metadata = {"name": "x", "annotations": annotations}
    found = transformed(f"kubernetes:x/v1:{kind}", {"kind": kind, "metadata": metadata}).props["metadata"]["annotations"]
    assert found.get("pulumi.com/skipAwait") == skipped
    assert annotations.items() <= found.items()


def test_patches_components_and_what_is_not_kubernetes_is_left_as_it_is():
    patch = {"kind": "ConfigMap", "metadata": {"name": "x"}}
    assert transformed("kubernetes:core/v1:ConfigMapPatch", patch).props == patch
    assert transformed("infra-kit:x:Y", {}, custom=False) is None
    assert transformed("pulumi:providers:kubernetes", {}) is None


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_reference_becomes_a_secret_of_pulumi(monkeypatch, wrapped):
    monkeypatch.setenv("A_TOKEN", "open sesame")
    data = {"token": f"Bearer {MARKER}", "user": "a"}
    value = {**SECRET, "value": data} if wrapped else data

    async def look():
        set_mocks(Unasked())
        output = transformed("kubernetes:core/v1:Secret", {"kind": "Secret", "metadata": {"name": "x"}, "stringData": value}).props[
            "stringData"
        ]
        return await output.is_secret(), await output.future()

    assert in_a_loop(look) == (True, {"token": "Bearer open sesame", "user": "a"})


def test_what_holds_no_reference_stays_as_it_came():
    value = {**SECRET, "value": {"a": ["b", 3, None]}}
    assert transformed("kubernetes:core/v1:Secret", {"kind": "Secret", "stringData": value}).props["stringData"] is value


def test_a_reference_outside_a_secret_is_refused(monkeypatch):
    monkeypatch.setenv("A_TOKEN", "open sesame")
    with pytest.raises(ProgramError, match=r"ConfigMap `x` holds a secret reference") as caught:
        transformed("kubernetes:core/v1:ConfigMap", {"kind": "ConfigMap", "data": {"a": [MARKER]}})
    assert "sesame" not in str(caught.value)


class Unasked(Mocks):
    def new_resource(self, args):
        return args.name, args.inputs

    def call(self, args):
        return {}


@pytest.mark.parametrize(
    ("program", "settings", "words"),
    [
        ("platform", {}, "infra-kit:site"),
        ("workspaces", {"infra-kit:site": "SITE"}, "infra-kit:workspace"),
        ("workspaces", {"infra-kit:site": "SITE", "infra-kit:workspace": "nobody"}, "no workspace nobody"),
        ("platform", {"infra-kit:site": "/nowhere"}, "no site at /nowhere"),
    ],
)
def test_what_is_missing_is_said_without_a_traceback(site_folder, program, settings, words):
    async def look():
        set_mocks(Unasked())
        set_all_config({name: value.replace("SITE", str(site_folder)) for name, value in settings.items()})
        run(program)

    with pytest.raises(pulumi.RunError) as caught:
        in_a_loop(look)
    assert words in str(caught.value)


@pytest.mark.parametrize("stack", [Stack("cluster", "platform"), FRAUD], ids=lambda stack: stack.name)
def test_the_program_of_the_folder_makes_what_is_evaluated(repository, stack, monkeypatch):
    folder = repository / "inventory" / "configuration-1"
    monkeypatch.setattr(running, "register_resource_transform", lambda change: None)  # asks the command line, which is not here

    def program():
        set_all_config({"infra-kit:site": str(folder), "infra-kit:workspace": stack.parameter})
        run(stack.program)

    made = {(each.type, each.name) for each in record(program, "s").registrations if each.custom}
    assert made == {(each.type, each.logical_name) for each in evaluate(load_site(folder), [stack])[0].objects}


@pytest.mark.parametrize("program", ["platform", "workspaces"])
def test_a_folder_that_pulumi_takes_runs_its_program(repository, program):
    folder = Path(repository) / "stacks" / program
    assert f'run("{program}")' in (folder / "__main__.py").read_text()
    assert f"name: infra-kit-{program}" in (folder / "Pulumi.yaml").read_text()


# Under Pulumi's own command line


@pytest.fixture(scope="module")
def command_line(request, tmp_path_factory):
    """Runs `pulumi` in copies of the folders, as docs/platform-and-workspaces.md says."""
    missing = [each for each in ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes") if shutil.which(each) is None]
    if missing:
        pytest.skip(f"not on PATH, so `pulumi up` is not tried: {', '.join(missing)}")
    return CommandLine(tmp_path_factory.mktemp("pulumi"), request.getfixturevalue("fresh_control_plane"))


class CommandLine:
    """Pulumi with a state, a home and a Python of its own.

    Args:
        root: folder for them.
        control_plane: the cluster.
    """

    def __init__(self, root, control_plane):
        self.root, self.control_plane, self.site = root, control_plane, control_plane.site_folder
        # Pulumi asks pip which packages there are, and an environment that uv has made has none.
        venv.create(root / "venv", with_pip=True, symlinks=True)
        packages = next((root / "venv" / "lib").glob("*/site-packages"))
        (packages / "ours.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
        shutil.copytree(REPOSITORY / "stacks", root / "stacks")
        (root / "state").mkdir()
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {
            "PATH": f"{root / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "VIRTUAL_ENV": str(root / "venv"),
            "KUBECONFIG": str(control_plane.kubeconfig),
            "PULUMI_HOME": str(root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "not much of a passphrase",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        }

    def __call__(self, program, *arguments, check=True):
        """What it says."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", "--color=never", *arguments],
            cwd=self.root / "stacks" / program,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        said = done.stdout + done.stderr
        assert not check or done.returncode == 0, said
        return said

    def make(self, program, stack, **settings):
        """A stack with its settings."""
        self(program, "login", f"file://{self.root / 'state'}")
        self(program, "stack", "init", stack)
        for name, value in {"site": os.path.relpath(self.site, self.root / "stacks" / program), **settings}.items():
            self(program, "config", "set", f"infra-kit:{name}", value)


@pytest.mark.timeout(600)
def test_pulumi_up_makes_what_is_evaluated_and_nothing_is_left_to_do(command_line):
    """The platform, a workspace on it, and the workspace suspended: its services have no pods, and that is not waited for."""
    command_line.make("platform", "lab")
    command_line("platform", "up", "--yes", "--skip-preview")
    assert "unchanged" in command_line("platform", "preview", "--refresh", "--expect-no-changes")

    command_line.make("workspaces", "lab.churn", workspace="churn")
    command_line("workspaces", "up", "--yes", "--skip-preview")
    (wanted,) = evaluate(load_site(command_line.site), [CHURN])
    state = json.loads(command_line("workspaces", "stack", "export"))["deployment"]["resources"]
    assert {(each["type"], each["urn"].split("::", 3)[3]) for each in state if each["type"].startswith("kubernetes:")} == {
        (each.type, each.logical_name) for each in wanted.objects
    }
    live = command_line.control_plane.kubectl("get", "configmap", "hub", "--namespace", "churn", "-o", "json")
    assert json.loads(live.stdout)["metadata"]["labels"]["infra-kit.dev/stack"] == "workspaces.churn"

    file = command_line.site / "platform.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("- name: churn\n", "- name: churn\n    suspended: true\n"), encoding="utf-8")
    try:
        command_line("workspaces", "up", "--yes", "--skip-preview")
        assert "unchanged" in command_line("workspaces", "preview", "--refresh", "--expect-no-changes")
    finally:
        file.write_text(text, encoding="utf-8")
    command_line("workspaces", "destroy", "--yes", "--skip-preview")


def test_pulumi_up_says_what_is_missing_without_a_traceback(command_line):
    command_line.make("workspaces", "nothing", workspace="nobody")
    said = command_line("workspaces", "preview", check=False)
    assert "the inventory has no workspace nobody" in said
    assert "Traceback" not in said
