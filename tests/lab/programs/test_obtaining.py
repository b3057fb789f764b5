"""Where the lab's programs are found, and how they are got; with small fakes in a cache and a PATH of the test's own."""

from __future__ import annotations

import fcntl
import hashlib
import http.server
import io
import tarfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.programs import __main__ as command
from infra_kit.lab.programs import obtaining, program, releases
from infra_kit.lab.programs.obtaining import obtain_all
from infra_kit.lab.programs.program import Program, Purpose, cache_folder, kubernetes_versions, locate, locate_all, not_used, table

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOL = Program(
    name="tool",
    version="v1.2.3",
    purposes=["control_plane"],
    package="example.com/tool",
    stamps={"main.version": "v1.2.3"},
    asks=["--version"],
    release="http://127.0.0.1:1/{version}/tool-{os}-{arch}",
    sha256={},
)


@pytest.fixture(autouse=True)
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a PATH with nothing but the usual tools and a folder of the test's own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    monkeypatch.setattr(obtaining, "_GO_DEFAULT", tmp_path / "no-go")
    monkeypatch.setattr(obtaining.platform, "machine", lambda: "x86_64")
    return folder


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def _fake_go(folder: Path, *, says: str = "v1.2.3") -> Path:
    """A `go` that "builds" a script and notes how it was called."""
    build = f"""
echo "$@" >> {folder}/calls; test -f go.mod || exit 9; test "$CGO_ENABLED" = 0 || exit 8
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho tool version {says}\\n' > "$2"
"""
    return _script(folder / "go", build)


KUBERNETES = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"]


def test_each_purpose_has_its_programs() -> None:
    assert [entry.name for entry in table()] == ["etcd", *KUBERNETES, "kwok"]
    assert [entry.name for entry in table("node")] == [
        *("etcd", "etcdctl", "etcdutl", *KUBERNETES, "kubelet", "kubeadm", "kube-proxy", "coredns", "pause")
    ]
    assert [entry.name for entry in table("image")] == ["metrics-server", "stand-in"]


@pytest.mark.parametrize("version", kubernetes_versions())
def test_the_table_names_what_the_go_modules_pin(repository: Path, version: str) -> None:
    for entry in {entry.name: entry for purpose in get_args(Purpose) for entry in table(purpose, kubernetes=version)}.values():
        module = (repository / "tools" / entry.module / "go.mod").read_text()
        if entry.is_ours:
            assert f'const version = "{entry.version}"' in (repository / "tools" / entry.module / "main.go").read_text()
            continue
        assert f"\t{entry.package}\n" in module or f"\ntool {entry.package}\n" in module
        home = next(line for line in module.splitlines() if line.split()[:1] and entry.package.startswith(line.split()[0]) and " v" in line)
        assert home.split()[1] == (entry.drill_of or entry.version)
        for checksum in entry.sha256.values():
            assert len(checksum) == 64


def test_another_version_of_kubernetes_moves_its_own_programs_alone() -> None:
    assert kubernetes_versions() == ["v1.36.3", "v1.36.2", "v1.35.4"]
    own, other = table("node"), table("node", kubernetes="v1.35.4")
    assert {entry.name: entry.version for entry in other if entry.version != "v1.35.4"} == {
        **dict.fromkeys(("etcd", "etcdctl", "etcdutl"), "v3.7.3"),
        "coredns": "v1.14.2",
        "pause": "v1.0.1",
    }
    kubelet = next(entry for entry in other if entry.name == "kubelet")
    assert kubelet.stamps["k8s.io/component-base/version.gitMinor"] == "35"
    assert kubelet.stamps["k8s.io/client-go/pkg/version.gitVersion"] == "v1.35.4"
    assert [entry.version for entry in own if entry.is_kubernetes] == ["v1.36.3"] * 7
    with pytest.raises(LabError, match=r"no Kubernetes v1\.30\.0 .*v1\.36\.3, v1\.36\.2, v1\.35\.4"):
        table("node", kubernetes="v1.30.0")


def test_a_drill_is_never_taken_for_the_release(bin_folder: Path) -> None:
    kubelet = next(entry for entry in table("node", kubernetes="v1.36.2") if entry.name == "kubelet")
    assert kubelet.cached.parent.name == "kubelet-v1.36.2-drill-of-v1.36.3"
    _script(bin_folder / "kubelet", "echo Kubernetes v1.36.2")
    assert locate(kubelet) is None


def test_a_program_of_ours_is_not_looked_for_on_path(bin_folder: Path) -> None:
    _script(bin_folder / "tool", "echo tool version v1.2.3")
    assert locate(TOOL.model_copy(update={"release": ""})) is None


def test_a_program_on_path_is_taken_in_the_wanted_version_alone(bin_folder: Path) -> None:
    assert locate(TOOL) is None
    assert not_used(TOOL) == ""
    place = _script(bin_folder / "tool", "echo tool version v1.2.3")
    assert locate(TOOL) == place
    assert not_used(TOOL) == ""


def test_another_version_on_path_is_not_used_and_said_so(bin_folder: Path) -> None:
    place = _script(bin_folder / "tool", "echo Tool Version: 1.2.2")
    assert locate(TOOL) is None
    assert not_used(TOOL) == f"{place} is v1.2.2, not v1.2.3: not used"
    cached = _script(TOOL.cached, "")
    assert locate(TOOL) == cached


def test_a_program_that_does_not_tell_its_version_is_not_used(bin_folder: Path) -> None:
    _script(bin_folder / "tool", "exit 1")
    assert locate(TOOL) is None
    assert "does not tell" in not_used(TOOL)


def test_the_cache_is_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert TOOL.cached == tmp_path / "cache/infra-kit/binaries/tool-v1.2.3/tool"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache/infra-kit/binaries"


def test_what_is_missing_is_built_once_and_kept(bin_folder: Path) -> None:
    _fake_go(bin_folder)
    said: list[str] = []
    assert obtain_all(said.append, (TOOL,)) == {"tool": TOOL.cached}
    call = (bin_folder / "calls").read_text()
    assert call.startswith("build -trimpath -ldflags -s -w -X main.version=v1.2.3 -o ")
    assert call.endswith("example.com/tool\n")
    assert "no checksum is pinned" in "\n".join(said)
    assert said[-1].startswith("[1/1] tool v1.2.3: built in")
    assert [entry.name for entry in TOOL.cached.parent.iterdir()] == ["tool"], "nothing half-made is left"
    said.clear()
    obtain_all(said.append, (TOOL,))
    assert said == []
    assert (bin_folder / "calls").read_text() == call


def test_what_a_build_makes_is_asked_for_its_version(bin_folder: Path) -> None:
    _fake_go(bin_folder, says="v9.9.9")
    with pytest.raises(LabError, match=r"says that it is v9\.9\.9, not v1\.2\.3"):
        obtain_all(lambda _: None, (TOOL,))
    assert not TOOL.cached.exists()


def test_a_build_that_fails_shows_gos_words(bin_folder: Path) -> None:
    _script(bin_folder / "go", "echo no space left on device >&2; exit 1")
    with pytest.raises(LabError, match=r"(?s)go build example\.com/tool.*no space left on device.*--without kubernetes"):
        obtain_all(lambda _: None, (TOOL,))


def test_without_go_it_is_said_what_to_do() -> None:
    with pytest.raises(LabError) as caught:
        obtain_all(lambda _: None, (TOOL,))
    assert "there is no Go to build it with" in caught.value.what
    assert "go.dev/doc/install" in caught.value.remedy
    assert "`--without kubernetes`" in caught.value.remedy
    with pytest.raises(LabError, match=r"of Kubernetes nodes is not on this machine.*`--without hosts`"):
        obtain_all(lambda _: None, (TOOL,), purpose="node")


def test_lab_up_without_programs_and_without_go_is_an_error_with_a_remedy(site_folder: Path, capsys) -> None:
    from infra_kit.cli.app import run

    assert run(["lab", "up", str(site_folder), "--without", "bmcs,switches,array,hosts"]) == 1
    said = capsys.readouterr().err
    assert "etcd v3.7.3" in said
    assert "--without kubernetes" in said
    assert not (site_folder / ".infra-kit" / "lab" / "lab.json").exists()


def test_a_lab_started_otherwise_says_how_to_get_them() -> None:
    with pytest.raises(LabError, match=r"not on this machine: tool .*infra_kit\.lab\.control_plane"):
        locate_all((TOOL,))


def test_the_program_says_where_each_is(bin_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(command, "table", lambda *_, **__: (TOOL,))
    assert command.main(["node"]) == 1
    assert "no Go" in capsys.readouterr().err
    _fake_go(bin_folder)
    assert command.main([], purpose="control_plane") == 0
    assert f"tool                     {TOOL.cached}" in capsys.readouterr().out


def test_one_gets_them_at_a_time(bin_folder: Path) -> None:
    _fake_go(bin_folder)
    cache_folder().mkdir(parents=True)
    said: list[str] = []
    waits = threading.Event()

    def say(words: str) -> None:
        said.append(words)
        if "waiting" in words:
            waits.set()

    with (cache_folder() / "tool-v1.2.3.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        second = threading.Thread(target=obtain_all, args=(say, (TOOL,)))
        second.start()
        assert waits.wait(10)
        _script(TOOL.cached, "echo v1.2.3")
    second.join(10)
    assert not (bin_folder / "calls").exists(), "what the first one got is used"


@pytest.fixture
def release_server() -> Iterator[tuple[str, dict[str, bytes], list[str]]]:
    """A server of releases on loopback: its URL, what it has, what it was asked."""
    files: dict[str, bytes] = {}
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path in files else 404)
            self.end_headers()
            self.wfile.write(files.get(self.path, b""))

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", files, asked
        server.shutdown()
        thread.join()


SCRIPT = b"#!/bin/sh\necho v1.2.3\n"


def _pinned(url: str, content: bytes, **more: str) -> Program:
    return TOOL.model_copy(
        update={"release": f"{url}/{{version}}/tool-{{arch}}", "sha256": {"amd64": hashlib.sha256(content).hexdigest()}, **more}
    )


def test_a_release_with_the_pinned_checksum_is_used(release_server) -> None:
    url, files, _ = release_server
    files["/v1.2.3/tool-amd64"] = SCRIPT
    said: list[str] = []
    assert obtain_all(said.append, (_pinned(url, SCRIPT),))["tool"].read_bytes() == SCRIPT
    assert said[-1] == "[1/1] tool v1.2.3: downloaded"


def test_a_release_that_is_an_archive_is_opened(release_server, tmp_path: Path) -> None:
    url, files, _ = release_server
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as made:
        member = tarfile.TarInfo("tool-v1.2.3/tool")
        member.size = len(SCRIPT)
        made.addfile(member, io.BytesIO(SCRIPT))
    files["/v1.2.3/tool-amd64"] = archive.getvalue()
    binary = _pinned(url, archive.getvalue(), member="tool-{version}/tool")
    assert releases.Releases("amd64").download(binary, tmp_path / "tool") == ""
    assert (tmp_path / "tool").read_bytes() == SCRIPT


def test_a_release_with_another_checksum_is_built_instead(release_server, bin_folder: Path) -> None:
    url, files, _ = release_server
    files["/v1.2.3/tool-amd64"] = b"#!/bin/sh\necho evil\n"
    _fake_go(bin_folder)
    said: list[str] = []
    obtain_all(said.append, (_pinned(url, SCRIPT),))
    assert any("does not have the pinned checksum" in line for line in said)
    assert b"evil" not in TOOL.cached.read_bytes()


def test_nothing_is_asked_for_where_no_checksum_is_pinned(release_server, tmp_path: Path) -> None:
    url, _, asked = release_server
    binary = _pinned(url, SCRIPT).model_copy(update={"sha256": {"arm64": "0" * 64}})
    assert "no checksum is pinned for its amd64 release" in releases.Releases("amd64").download(binary, tmp_path / "tool")
    assert asked == []


def test_a_closed_network_is_noticed_once_for_all(release_server, tmp_path: Path) -> None:
    url, _, asked = release_server
    closed = _pinned("http://127.0.0.1:1", SCRIPT)
    source = releases.Releases("amd64")
    assert "cannot be reached" in source.download(closed, tmp_path / "tool")
    assert "cannot be reached" in source.download(_pinned(url, SCRIPT), tmp_path / "tool")
    assert asked == []


def test_a_release_that_never_answers_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(releases, "_NOTICE_S", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        binary = _pinned(f"http://127.0.0.1:{mute.getsockname()[1]}", SCRIPT)
        assert "no answer within" in releases.Releases("amd64").download(binary, tmp_path / "tool")


def test_a_program_that_cannot_be_run_has_no_version(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("\x00")
    broken.chmod(0o755)
    assert program.version_of(broken, "--version") is None
