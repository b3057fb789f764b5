"""The repository, judged by the real apt, dpkg and gpg: over HTTP, with a root of apt's own that has nothing installed."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import LabError
from infra_kit.lab.mirror.mirror import Mirror
from infra_kit.lab.mirror.packages import running
from infra_kit.lab.mirror.packages.fetching import fetch
from infra_kit.lab.mirror.packages.listed import Listed, listed
from infra_kit.lab.mirror.packages.program_packages import package_version
from infra_kit.lab.mirror.packages.repository import KEY_FILE, Repository, forget, repository

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def served(serve):
    """Serves a repository; gives its URL."""

    @contextmanager
    def serving(found: Repository) -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as place, serve(Mirror(packages=(found, place))):
            yield f"http://127.0.0.1:{place.getsockname()[1]}/debian"

    return serving


class Apt:
    """The real apt, with nothing of this machine's: its own lists, its own status."""

    def __init__(self, root: Path, source: str) -> None:
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (root / folder).mkdir(parents=True)
        (root / "status").touch()
        (root / "sources.list").write_text(source + "\n")
        here = {"State": "state", "State::status": "status", "Cache": "cache", "Etc::sourcelist": "sources.list"}
        settings = here | dict.fromkeys(("Etc::parts", "Etc::main", "Etc::sourceparts", "Etc::preferencesparts"), "none")
        lines = [f'Dir::{name} "{root / value}";' for name, value in settings.items()]
        (root / "apt.conf").write_text("\n".join([*lines, 'APT::Sandbox::User "root";', 'APT::Update::Error-Mode "any";']))
        self.archives = root / "cache/archives"
        self._environment = os.environ | {"APT_CONFIG": str(root / "apt.conf"), "LC_ALL": "C.UTF-8"}

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(arguments, env=self._environment, capture_output=True, text=True, check=False)
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def apt(made: Repository, served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apt]:
    with served(made) as url:
        found = Apt(tmp_path_factory.mktemp("apt"), made.source(url, keyring=str(made.folder / KEY_FILE)))
        found.run("apt-get", "update")
        yield found


def test_apt_believes_the_signature_and_finds_every_version(apt: Apt, made: Repository) -> None:
    assert made.is_signed
    said = apt.run("apt-cache", "madison", "kubelet", "kubeadm", "kubectl", "etcd-client").stdout
    found = {tuple(part.strip() for part in line.split("|")[:2]) for line in said.splitlines()}
    expected = {(name, f"1.36.{patch}-1") for name in ("kubelet", "kubeadm", "kubectl") for patch in (3, 2)}
    assert found == expected | {("etcd-client", "3.7.3-1")}
    assert "Candidate: 1.36.3-1" in apt.run("apt-cache", "policy", "kubelet").stdout


def test_a_package_is_downloaded_and_holds_what_it_says(apt: Apt, tmp_path: Path) -> None:
    apt.run("apt-get", "-y", "--download-only", "install", "kubectl=1.36.2-1")
    [file] = apt.archives.glob("kubectl_*.deb")
    said = apt.run("dpkg-deb", "--field", str(file)).stdout
    assert "Version: 1.36.2-1" in said
    assert "A drill: its source is that of v1.36.3." in said
    apt.run("dpkg-deb", "--extract", str(file), str(tmp_path))
    assert apt.run(str(tmp_path / "usr/bin/kubectl")).stdout == "kubectl v1.36.2\n"


def test_kubeadm_adds_to_the_kubelets_unit(made: Repository, apt: Apt, tmp_path: Path) -> None:
    for name in ("kubelet", "kubeadm"):
        apt.run("dpkg-deb", "--extract", str(next((made.folder / "pool").glob(f"{name}_1.36.3-1_*.deb"))), str(tmp_path))
    unit = tmp_path / "usr/lib/systemd/system/kubelet.service"
    extra = tmp_path / "usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
    assert "ExecStart=/usr/bin/kubelet\n" in unit.read_text()
    assert "$KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS" in extra.read_text()
    assert (tmp_path / "etc/kubernetes/manifests").is_dir()
    if shutil.which("systemd-analyze"):
        command = ["systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", "kubelet.service"]
        judged = subprocess.run(command, capture_output=True, text=True, check=False).stderr.splitlines()
        assert [line for line in judged if "kubelet" in line and "Unit sysinit.target not found" not in line] == []


def test_what_others_depend_on_is_asked_for(apt: Apt) -> None:
    refused = apt.run("apt-get", "-y", "--simulate", "install", "kubelet", check=False)
    assert "kubelet : Depends: iptables" in refused.stdout


def test_apt_refuses_an_index_that_was_changed(made: Repository, served, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(made.folder, copy)
    index = next((copy / "dists").rglob("InRelease"))
    index.write_text(index.read_text().replace("Origin: infra-kit lab", "Origin: somebody else"))
    with served(Repository(copy, made.suite, made.component)) as url:
        other = Apt(tmp_path / "apt", made.source(url, keyring=str(made.folder / KEY_FILE)))
        refused = other.run("apt-get", "update", check=False)
    assert refused.returncode != 0
    assert "invalid" in refused.stderr


def test_it_is_made_once(made: Repository, cache: Path, nothing_from_debian: Listed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    said: list[str] = []
    assert repository(said.append, kubernetes=["v1.36.2", "v1.36.3"], wanted=nothing_from_debian) == made
    assert said == []


def test_the_key_stays_where_packages_are_forgotten(
    made: Repository, cache: Path, nothing_from_debian: Listed, tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    shutil.copytree(cache / "infra-kit", tmp_path / "infra-kit")
    forget()
    again = repository(lambda _: None, kubernetes=["v1.36.3"], wanted=nothing_from_debian)
    assert (again.folder / KEY_FILE).read_bytes() == (made.folder / KEY_FILE).read_bytes()
    assert oct((tmp_path / "infra-kit/packages/key").stat().st_mode)[-3:] == "700"


def test_no_agent_of_gnupg_is_left(made: Repository, cache: Path) -> None:
    lines = [line for place in Path("/proc").glob("[0-9]*/cmdline") if (line := _read(place)) and str(cache) in line]
    assert lines == []


def _read(place: Path) -> str:
    try:
        return place.read_text()
    except OSError:
        return ""


def test_without_gnupg_hosts_are_told_to_trust_it(cache: Path, nothing_from_debian: Listed, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr("infra_kit.lab.mirror.packages.repository.can_sign", lambda: False)
    found = repository(lambda _: None, kubernetes=["v1.36.3"], wanted=nothing_from_debian, root=tmp_path)
    assert found.source("http://10.10.0.80/debian", keyring="/k") == "deb [trusted=yes] http://10.10.0.80/debian bookworm main"


def test_a_version_of_kubernetes_is_a_version_of_its_packages() -> None:
    assert package_version("v1.36.3") == "1.36.3-1"


def test_packages_come_with_what_they_depend_on(tmp_path: Path) -> None:
    wanted = listed().model_copy(update={"packages": {"test": ["acl"]}})
    try:
        files = fetch(wanted, tmp_path / "apt")
    except LabError as error:
        pytest.skip(f"the archive cannot be reached: {error.what.splitlines()[-1]}")
    names = {file.name.partition("_")[0] for file in files}
    assert {"acl", "libacl1", "libc6"} <= names, "down to the C library, whatever this machine has"


def test_an_archive_that_cannot_be_reached_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra_kit.lab.mirror.packages.fetching.sources", lambda _: [])
    closed = listed().model_copy(update={"sources": [listed().sources[0].model_copy(update={"uri": "http://127.0.0.1:1/debian"})]})
    with pytest.raises(LabError, match=r"(?s)cannot be had:.*127\.0\.0\.1.*the network is needed once"):
        fetch(closed, tmp_path / "apt")


def test_a_tool_that_is_missing_is_said() -> None:
    with pytest.raises(LabError, match=r"needs no-such-tool, which is not on this machine \(apt-get install some-package\)"):
        running.run(["no-such-tool"], package="some-package")


def test_every_package_that_the_roles_name_is_there(repository: Path) -> None:
    import yaml

    named = {
        name
        for file in (repository / "playbooks/roles").glob("*/vars/Debian.yml")
        for variable, value in (yaml.safe_load(file.read_text()) or {}).items()
        if variable.endswith("_packages") and isinstance(value, list)
        for name in value
    }
    assert named - set(listed().names) == set()
