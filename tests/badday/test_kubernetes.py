"""Bad days of a real Kubernetes cluster and of those who work on it: one control plane, a workspace of its own for each test."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from infra_kit.cli.app import run
from infra_kit.inventory.access import KUBERNETES
from infra_kit.lab.embedded import RunningLab
from infra_kit.lab.programs.program import locate_all
from infra_kit.lab.trust import Authority
from infra_kit.stacks.engines.server_side import engine
from infra_kit.stacks.kubernetes_api import deletion, waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STOPPING = Path(__file__).with_name("apply_that_stops.py")
WORKSPACE = """
  - name: {name}
    team: marketing
    quota: {{cpu: '12', memory: 96Gi, gpus: 0, storage: 200Gi}}
    users: [zoe]
    models:
      - {{name: score, runtime: python-jupyterlab, uri: 'models:/score@champion', replicas: 2, max_replicas: 4}}
"""
LOOKING = {"GET", "DRY-RUN"}
NEVER_READY = """
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {{name: never-ready}}
spec:
  failurePolicy: Fail
  reinvocationPolicy: Never
  matchConstraints:
    resourceRules: [{{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}}]
    namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}
  matchConditions: [{{name: one, expression: "object.metadata.generateName.startsWith('{name}-')"}}]
  mutations:
    - patchType: ApplyConfiguration
      applyConfiguration: {{expression: "Object{{metadata: Object.metadata{{labels: {{'infra-kit.dev/lab-never-ready': 'true'}}}}}}"}}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {{name: never-ready}}
spec: {{policyName: never-ready}}
"""
"""Another hand's: pods of that name never get ready."""


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Plane:
    """A site whose lab has a control plane, the platform applied."""

    lab: RunningLab

    @property
    def site(self) -> Path:
        return self.lab.site_folder

    def ask_for(self, *names: str) -> None:
        """The inventory asks for these workspaces and no others."""
        file = self.site / "platform.yaml"
        wanted = "".join(WORKSPACE.format(name=name) for name in names) or " []\n"
        file.write_text(re.sub(r"(?ms)^workspaces:.*?(?=^monitoring:)", lambda _: f"workspaces:{wanted}\n", file.read_text()))

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        command = [str(locate_all()["kubectl"]), f"--kubeconfig={self.lab.folder.kubeconfig}", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, done.stderr
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        code = "import sys; from infra_kit.cli.app import run; sys.exit(run(sys.argv[1:]))"
        return [sys.executable, "-c", code, arguments[0], str(self.site), *arguments[1:]]

    def stopping(self, at: int | str, way: str, workspace: str, *rest: str) -> subprocess.Popen[str]:
        """`apply` of a workspace in a child that is killed or held at its N-th event, or at the first of a moment."""
        command = [sys.executable, str(STOPPING), str(self.site), str(at), way, *rest, f"--workspace={workspace}"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def asked(self) -> list[tuple[str, str]]:
        """What infra-kit asked of the API server since `forget`."""
        return self.lab.control.events(KUBERNETES)

    def forget(self) -> None:
        self.lab.control.clear_events(KUBERNETES)

    def audited(self) -> list[dict[str, Any]]:
        """The API server's audit log, all users'."""
        text = (self.lab.folder.root / "kubernetes" / "audit.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line.endswith("}")]

    def creations(self, workspace: str) -> Counter[str]:
        """Path -> how often infra-kit's apply created an object of a workspace there."""
        made = [
            each["requestURI"].partition("?")[0]
            for each in self.audited()
            if each["verb"] == "patch" and (each.get("responseStatus") or {}).get("code") == 201 and "dryRun" not in each["requestURI"]
        ]
        return Counter(each for each in made if re.search(rf"/{workspace}(-|/|$)", each))


@pytest.fixture(scope="module")
def plane(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """A control plane of this module's own: its API server is killed, and the others' tests would wait for it."""
    folder = tmp_path_factory.mktemp("bad-days") / "site"
    shutil.copytree(request.config.rootpath / "inventory" / "configuration-1", folder, ignore=shutil.ignore_patterns(".infra-kit"))
    with RunningLab(folder, without=["bmcs", "switches", "array", "hosts"]) as running:
        found = Plane(running)
        found.ask_for()
        assert run(["apply", str(folder), "--layer", "cluster", "--yes"]) == 0
        yield found


@pytest.fixture
def infra(plane: Plane, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """The command line on the site."""

    def infra(command: str, *options: str) -> Said:
        capsys.readouterr()
        code = run([command, str(plane.site), *options])
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Said(code, said.out, said.err)

    return infra


def _require_converged(plane: Plane, infra: Callable[..., Said], workspace: str) -> None:
    plan = infra("plan", "--workspace", workspace, "--detailed-exitcode")
    assert plan.code == 0, plan.out
    created = plane.creations(workspace)
    assert len(created) > 20
    assert {path: times for path, times in created.items() if times > 1} == {}, "nothing is made twice"


def _failures(infra: Callable[..., Said]) -> list[str]:
    """What the steps say that failed in the last run."""
    last = json.loads(infra("history", "--format", "json").out)[0]["run"]
    return [step["message"] for step in json.loads(infra("history", last, "--format", "json").out)["steps"] if step["state"] == "failed"]


def test_an_api_server_killed_in_mid_apply_and_back(plane, infra, tmp_path, wait_until) -> None:
    plane.ask_for("tides")
    code, said = _server_killed_at(150, plane, tmp_path / "first", wait_until, back=False)
    assert code == 5, said
    failed = _failures(infra)
    assert len(failed) > 20
    whole = [text for text in failed if "the API server has not answered for" in text]
    assert len(whole) == 1, failed
    assert all("the API server does not answer, and was not asked again" in text for text in failed if text not in whole), failed
    code, said = _server_killed_at(30, plane, tmp_path / "second", wait_until, back=True)
    assert code == 0, f"a server that is soon back fails nothing: {said} {_failures(infra)}"
    _require_converged(plane, infra, "tides")


def _server_killed_at(event: int, plane: Plane, go_on: Path, wait_until: Callable[..., None], *, back: bool) -> tuple[int, str]:
    """A resumption of workspace tides during which the API server is killed, and is back at once or when all is over."""
    # Half a minute of silence would be as much again for the controllers, until they come back.
    patience = [] if back else ["--patience=3"]
    child = plane.stopping(event, "hold", "tides", str(go_on), "--resume", *patience)
    try:
        wait_until(go_on.with_suffix(".held").exists, 60)
        plane.lab.kill_api_server()
        go_on.touch()
        if back:
            plane.lab.restart_api_server()
        said, _ = child.communicate(timeout=200)
    finally:
        child.kill()
        plane.lab.restart_api_server()
    return child.returncode, said


def test_a_run_killed_again_and_again_is_resumed(plane, infra) -> None:
    plane.ask_for("moors")
    for at in (1, 61, 204):
        child = plane.stopping(at, "kill", "moors", "--resume")
        said, _ = child.communicate(timeout=120)
        assert child.returncode == -signal.SIGKILL, said
    resumed = infra("apply", "--resume", "--yes")
    assert resumed.code == 0, resumed.out
    assert '"unfinished": null' in infra("status", "--format", "json").out
    _require_converged(plane, infra, "moors")


@pytest.fixture
def never_ready(plane, wait_until) -> Iterator[Callable[[str, str], Callable[[], None]]]:
    """Make the pods of a Deployment never ready, from before there are any; gives what heals them."""
    healed = []

    def mend(namespace: str, name: str) -> None:
        if not healed:
            healed.append(True)
            plane.kubectl("delete", "mutatingadmissionpolicies/never-ready", "mutatingadmissionpolicybindings/never-ready")

            def well() -> bool:
                # The API server forgets a policy a moment after it is gone.
                plane.kubectl("delete", "pods", "-n", namespace, "-l", "infra-kit.dev/lab-never-ready=true")
                return f"pod/{name}-" in plane.kubectl("get", "pods", "-n", namespace, "-l", "!infra-kit.dev/lab-never-ready", "-o", "name")

            wait_until(well, 30)

    def spoil(namespace: str, name: str) -> Callable[[], None]:
        mending.append(lambda: mend(namespace, name))
        plane.kubectl("apply", "-f", "-", stdin=NEVER_READY.format(namespace=namespace, name=name))
        return mending[-1]

    mending: list[Callable[[], None]] = []
    yield spoil
    for each in mending:
        each()


def _wait_within(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Wait so long for anything to be ready, whatever its program says."""

    def wait(*arguments: Any, **options: Any) -> Any:
        return waiting.wait_ready(*arguments, **{**options, "within_s": seconds})

    monkeypatch.setattr(engine, "wait_ready", wait)


def test_a_run_killed_while_it_waits_is_resumed_by_waiting_again(plane, infra, never_ready, monkeypatch) -> None:
    plane.ask_for("peaks")
    mlflow = "workspaces/Deployment/peaks/mlflow"
    mend = never_ready("peaks", "mlflow")
    child = plane.stopping(f"waiting:{mlflow}", "kill", "peaks")
    said, _ = child.communicate(timeout=120)
    assert child.returncode == -signal.SIGKILL, said

    _wait_within(monkeypatch, 3.0)
    for _ in range(2):  # the second goes on with the first
        still = infra("apply", "--resume", "--yes")
        assert still.code == 5, still.out
        line = next(line for line in still.out.splitlines() if line.startswith("failed") and mlflow in line)
        assert re.search(r"is not ready after 3 s: .*; pod mlflow-\S+: .*; last event: Unhealthy: Readiness probe failed", line), line
        assert "apply" in infra("status").out

    # Whoever looks is told, and to have told it is no drift.
    for command, options in (("plan", ["--detailed-exitcode"]), ("drift", ["--detailed-exitcode"]), ("apply", ["--yes"])):
        looked = infra(command, "--workspace", "peaks", *options)
        assert looked.code == 0, looked.out
        assert f"note: {mlflow} is not ready: " in looked.err
    assert '"unfinished": null' not in infra("status", "--format", "json").out, "an apply that only looked at it has not finished it"

    mend()
    _wait_within(monkeypatch, 60.0)
    resumed = infra("apply", "--resume", "--yes")
    assert resumed.code == 0, resumed.out
    assert "is not ready" not in infra("drift", "--workspace", "peaks").err
    assert '"unfinished": null' in infra("status", "--format", "json").out
    _require_converged(plane, infra, "peaks")


def test_two_operators(plane, infra, tmp_path, wait_until) -> None:
    plane.ask_for("north", "south")
    go_on = tmp_path / "go-on"
    child = plane.stopping(100, "hold", "north", str(go_on))
    try:
        wait_until(go_on.with_suffix(".held").exists, 60)
        same = infra("apply", "--workspace", "north", "--yes")
        assert same.code == 4
        assert f"@{os.uname().nodename}, process {child.pid}" in same.err
        assert "workspace north" in same.err
        other = infra("apply", "--workspace", "south", "--yes")
        assert other.code == 0, other.out
        go_on.touch()
        said, _ = child.communicate(timeout=120)
    finally:
        child.kill()
    assert child.returncode == 0, said
    for workspace in ("north", "south"):
        _require_converged(plane, infra, workspace)


def test_other_hands_are_shown_with_their_names_and_mended_or_left(plane, infra) -> None:
    plane.ask_for("dunes")
    assert infra("apply", "--workspace", "dunes", "--yes").code == 0
    plane.forget()
    settled = infra("drift", "--workspace", "dunes", "--detailed-exitcode")
    assert settled.code == 0, settled.out

    plane.kubectl("scale", "deployment/hub", "-n", "dunes", "--replicas=3")
    plane.kubectl("label", "service/hub", "-n", "dunes", "app.kubernetes.io/name=mine", "--overwrite", "--field-manager=anna")
    # Replicas that an autoscaler has are left to whoever sets them.
    scaled = plane.kubectl("get", "hpa", "-n", "dunes", "-o", "jsonpath={.items[0].spec.scaleTargetRef.name}")
    plane.kubectl("scale", f"deployment/{scaled}", "-n", "dunes", "--replicas=4")
    drift = infra("drift", "--workspace", "dunes", "--detailed-exitcode")
    assert drift.code == 2
    assert re.findall(r"workspaces/\S+", drift.out) == ["workspaces/Deployment/dunes/hub", "workspaces/Service/dunes/hub"], drift.out
    assert "was changed by kubectl" in drift.out
    assert "was changed by anna" in drift.out
    looked = {verb for verb, _ in plane.asked()}
    assert looked <= LOOKING, "drift only looks"

    plane.forget()
    mended = infra("apply", "--workspace", "dunes", "--yes")
    assert mended.code == 0, mended.out
    written = [path.partition("?")[0] for verb, path in plane.asked() if verb not in LOOKING and "/namespaces/dunes/" in path]
    assert len(written) == 2, "two objects were edited, two are touched"
    assert plane.kubectl("get", "deployment/hub", "-n", "dunes", "-o", "jsonpath={.spec.replicas}") == "1"
    assert plane.kubectl("get", f"deployment/{scaled}", "-n", "dunes", "-o", "jsonpath={.spec.replicas}") == "4"
    assert infra("drift", "--workspace", "dunes", "--detailed-exitcode").code == 0


def test_a_plan_only_looks(plane, infra) -> None:
    plane.ask_for("glades")
    plane.forget()
    assert infra("plan", "--layer", "cluster", "--layer", "workspaces").code == 0
    verbs = Counter(verb for verb, _ in plane.asked())
    assert set(verbs) == LOOKING, verbs


def test_a_namespace_that_does_not_go_is_named_with_what_holds_it(plane, infra, monkeypatch) -> None:
    plane.ask_for("fens")
    assert infra("apply", "--workspace", "fens", "--yes").code == 0
    plane.kubectl("create", "configmap", "kept", "-n", "fens-user-zoe", "--from-literal=a=b")
    plane.kubectl("patch", "configmap/kept", "-n", "fens-user-zoe", "--type=merge", '-p={"metadata":{"finalizers":["example.org/hold"]}}')
    monkeypatch.setitem(deletion.LIMITS_S, ("", "Namespace"), 3.0)
    stuck = infra("destroy", "--workspace", "fens", "--yes", "--force")
    assert stuck.code == 5, stuck.out
    line = next(line for line in stuck.out.splitlines() if line.startswith("failed") and "Namespace/fens-user-zoe" in line)
    assert "kept" in line
    assert "example.org/hold" in line
    plane.kubectl("patch", "configmap/kept", "-n", "fens-user-zoe", "--type=merge", '-p={"metadata":{"finalizers":null}}')
    monkeypatch.setitem(deletion.LIMITS_S, ("", "Namespace"), 60.0)
    again = infra("destroy", "--workspace", "fens", "--yes", "--force")
    assert again.code == 0, again.out
    assert "fens" not in plane.kubectl("get", "namespaces,persistentvolumes,clusterroles,clusterrolebindings", "-o", "name")


def test_a_disk_that_fills_up_in_mid_apply(plane, capsys, tmp_path, wait_until) -> None:
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", place], capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no right to mount a small file system here: {mounted.stderr.strip()}")
    try:
        plane.ask_for("cliffs")
        for file in plane.site.glob("*.yaml"):
            (place / file.name).write_bytes(file.read_bytes())
        rest = (f"--endpoints={plane.lab.endpoints}", "--workspace=cliffs")
        go_on = tmp_path / "go-on"
        command = [sys.executable, str(STOPPING), str(place), "100", "hold", str(go_on), *rest]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            wait_until(go_on.with_suffix(".held").exists, 60)
            full = place / "somebody-elses"
            with full.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(b"\0" * 4096)
            go_on.touch()
            said, _ = child.communicate(timeout=120)
        finally:
            child.kill()
        assert child.returncode in {1, 5}, said
        assert "Traceback" not in said
        full.unlink()
        capsys.readouterr()
        assert run(["apply", str(place), rest[0], "--yes", "--resume"]) == 0, capsys.readouterr().out
        assert run(["plan", str(place), "--layer", "workspaces", *rest, "--detailed-exitcode"]) == 0, capsys.readouterr().out
    finally:
        subprocess.run(["umount", "-l", place], check=True)
    made = plane.creations("cliffs")
    assert {path: times for path, times in made.items() if times > 1} == {}


def test_a_wrong_token_is_said_once_and_not_tried_again_and_again(plane, infra) -> None:
    plane.ask_for("caves")
    token = plane.lab.folder.root / "secrets" / "kubernetes"
    kept = token.read_text()
    before = len(_refused(plane))
    token.write_text("certainly-not-this-one\n")
    try:
        said = infra("apply", "--workspace", "caves", "--yes")
    finally:
        token.write_text(kept)
    assert said.code == 1, said.out
    assert "certainly-not-this-one" not in said.out + said.err
    assert "does not take the token" in said.out + said.err
    assert len(_refused(plane)) - before <= 2


def _refused(plane: Plane) -> list[dict[str, Any]]:
    return [each for each in plane.audited() if (each.get("responseStatus") or {}).get("code") == 401]


def test_a_certificate_of_another_authority(plane, infra, tmp_path) -> None:
    plane.ask_for("caves")
    authority = plane.lab.folder.root / "trust" / "ca.pem"
    kept = authority.read_bytes()
    authority.write_bytes(Authority(tmp_path / "other").certificate_file.read_bytes())
    plane.forget()
    try:
        said = infra("apply", "--workspace", "caves", "--yes")
    finally:
        authority.write_bytes(kept)
    assert said.code == 1, said.out
    assert "is not trusted" in said.out + said.err
    assert plane.asked() == []


def test_no_artifact_holds_a_secret_of_the_cluster(plane, infra, tmp_path) -> None:
    plane.ask_for("wells")
    plan = tmp_path / "plan.json"
    said = [
        infra("plan", "--workspace", "wells", "--format", "json"),
        infra("plan", "--workspace", "wells", "--out", str(plan)),
        infra("apply", "--workspace", "wells", "--yes"),
    ]
    assert said[-1].code == 0, said[-1].out
    # A generated password that somebody has changed is left to them; another field of its Secret is shown.
    plane.kubectl("label", "secret", "--all", "-n", "wells", "infra-kit.dev/workspace=mine", "--overwrite", "--field-manager=anna")
    said += [infra("drift", "--workspace", "wells", "--format", "json"), infra("apply", "--workspace", "wells", "--yes")]
    said += [
        infra("status", "--format", "json"),
        infra("history", "--format", "json"),
        infra("render", "--out", str(tmp_path / "rendered")),
    ]
    secrets = _secrets(plane, "wells")
    assert len(secrets) >= 5
    lab = plane.lab.folder.root
    folders = (plane.site / ".infra-kit", tmp_path)
    own = [file for folder in folders for file in folder.rglob("*") if file.is_file() and lab not in file.parents]
    assert {"plan.json", "run.log", "state.db"} <= {file.name for file in own}
    texts = {str(file): file.read_bytes() for file in own}
    texts |= {f"output {number}": (each.out + each.err).encode() for number, each in enumerate(said)}
    texts["audit.log"] = (lab / "kubernetes" / "audit.log").read_bytes()
    found = [(place, name) for place, text in texts.items() for name, secret in secrets.items() for form in _forms(secret) if form in text]
    assert found == []


def _secrets(plane: Plane, workspace: str) -> dict[str, str]:
    """Every value of every Secret of a workspace and of the platform, read back from the cluster, and the lab's own."""
    items = json.loads(plane.kubectl("get", "secrets", "-A", "-o", "json"))["items"]
    found = {file.name: file.read_text().strip() for file in (plane.lab.folder.root / "secrets").iterdir()}
    for item in items:
        place = f"{item['metadata']['namespace']}/{item['metadata']['name']}"
        if place.startswith((f"{workspace}/", f"{workspace}-", "platform/", "ingress/")):
            values = {key: base64.b64decode(text).decode(errors="replace") for key, text in (item.get("data") or {}).items()}
            # User names and files of settings are no secrets; what is random is.
            found |= {f"{place}/{key}": text for key, text in values.items() if _is_random(text)}
    return found


def _is_random(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9_-]{20,}", text)) and not re.fullmatch(r"[a-z-]+", text)


def _forms(secret: str) -> set[bytes]:
    """A secret as it may be written."""
    return {secret.encode(), json.dumps(secret)[1:-1].encode(), base64.b64encode(secret.encode()).rstrip(b"=")}
