"""The repository: a pool of packages and the index that apt reads, signed, made anew where what is in it changes."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import tempfile
import time
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.lab.cache import alone, cache_folder
from infra_kit.lab.mirror.packages.fetching import fetch
from infra_kit.lab.mirror.packages.listed import Listed, listed
from infra_kit.lab.mirror.packages.program_packages import DATA, make_all
from infra_kit.lab.mirror.packages.running import run
from infra_kit.lab.mirror.packages.signing import SigningKey, can_sign
from infra_kit.lab.programs.program import kubernetes_versions, table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Say = Callable[[str], object]

FORM = 1
"""Counted up when repositories of the same packages come out differently."""

KEY_FILE = "infra-kit-lab.asc"
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository on disk.

    Args:
        folder: what is served; `deb URL SUITE COMPONENT` finds everything beneath it.
        suite: Debian's code name.
        component: the only one there is.
    """

    folder: Path
    suite: str
    component: str

    @property
    def is_signed(self) -> bool:
        """Whether hosts can check it with the key."""
        return (self.folder / KEY_FILE).exists()

    def source(self, url: str, *, keyring: str) -> str:
        """The line of sources.list for a host.

        Args:
            url: of the folder, without a slash at its end.
            keyring: where the host has the key (`KEY_FILE`).
        """
        option = f"signed-by={keyring}" if self.is_signed else "trusted=yes"
        return f"deb [{option}] {url} {self.suite} {self.component}"


def repository(say: Say, *, kubernetes: Sequence[str] = (), wanted: Listed | None = None, root: Path | None = None) -> Repository:
    """The repository of what the lab's hosts install, got and made where it is not in the cache.

    Args:
        say: called with each line of progress; silent where everything is there.
        kubernetes: versions of Kubernetes whose packages are in it; none: the table of programs' own.
        wanted: the Debian packages; none: those of the data file.
        root: where it is kept; none: the user's cache.

    Raises:
        LabError: packages cannot be had; with what to do about it.
    """
    wanted = wanted or listed()
    versions = list(kubernetes) or kubernetes_versions()[:1]
    root = root or cache_folder("packages")
    folder = root / "repositories" / _key(wanted, versions)
    found = Repository(folder, wanted.suite, wanted.components[0])
    if not folder.exists():
        with alone(root, lambda: say("another process is getting packages; waiting for it")):
            for left in root.glob("*/new-*"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            if not folder.exists():
                _make(found, wanted, versions, root, say)
    return found


def _key(wanted: Listed, versions: Sequence[str]) -> str:
    made = [(DATA / name).read_text(encoding="utf-8") for name in ("kubernetes.yaml", "kubelet.service", "10-kubeadm.conf")]
    programs = [(program.name, program.version) for version in sorted(versions) for program in table("node", kubernetes=version)]
    parts = [FORM, wanted.model_dump(), programs, made]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def _make(target: Repository, wanted: Listed, versions: list[str], root: Path, say: Say) -> None:
    started = time.monotonic()
    target.folder.parent.mkdir(parents=True, exist_ok=True)
    say(f"getting {len(wanted.names)} packages and what they depend on into {root} (once)")
    downloaded = _downloaded(wanted, root)
    say("making the packages of Kubernetes " + ", ".join(versions))
    with tempfile.TemporaryDirectory(dir=target.folder.parent, prefix="new-") as scratch:
        fresh = Path(scratch, "repository")
        pool = fresh / "pool"
        pool.mkdir(parents=True)
        fresh.chmod(0o755)
        for file in downloaded:
            os.link(file, pool / file.name)
        make_all(versions, pool, say)
        _index(fresh, target, SigningKey(root / "key") if can_sign() else None)
        fresh.rename(target.folder)  # whole or not at all
    files = list((target.folder / "pool").iterdir())
    size = sum(file.stat().st_size for file in files)
    say(f"{len(files)} packages, {size / _MB:.0f} MB, in {time.monotonic() - started:.0f} s")


def _downloaded(wanted: Listed, root: Path) -> list[Path]:
    """Debian's packages; kept apart, since the versions of Kubernetes change more often."""
    if not wanted.names:
        return []
    key = hashlib.sha256(json.dumps(wanted.model_dump(), sort_keys=True).encode()).hexdigest()[:32]
    folder = root / "downloaded" / key
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="new-") as scratch:
            fresh = Path(scratch, "packages")
            fresh.mkdir()
            for file in fetch(wanted, Path(scratch, "apt")):
                # apt writes the colon of an epoch as %3a, which a client would have to write as %253a.
                file.rename(fresh / file.name.replace("%3a", "-"))
            fresh.rename(folder)
    return sorted(folder.glob("*.deb"))


def _index(root: Path, target: Repository, key: SigningKey | None) -> None:
    stanzas = [_stanza(file, root) for file in sorted((root / "pool").glob("*.deb"))]
    packages = "\n".join(stanzas).encode()
    architecture = run(["dpkg", "--print-architecture"], package="dpkg").strip()
    place = root / "dists" / target.suite / target.component / f"binary-{architecture}"
    place.mkdir(parents=True)
    (place / "Packages").write_bytes(packages)
    (place / "Packages.gz").write_bytes(gzip.compress(packages, mtime=0))
    release = _release(root / "dists" / target.suite, target, architecture, [place / "Packages", place / "Packages.gz"])
    (root / "dists" / target.suite / "Release").write_text(release)
    if key is not None:
        (root / "dists" / target.suite / "InRelease").write_text(key.sign(release))
        (root / KEY_FILE).write_bytes(key.public)


def _stanza(file: Path, root: Path) -> str:
    """A package's entry: its own control file, and where it is."""
    control = run(["dpkg-deb", "--field", str(file)], package="dpkg").rstrip("\n")
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    return f"{control}\nFilename: {file.relative_to(root)}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def _release(folder: Path, target: Repository, architecture: str, indexes: Iterable[Path]) -> str:
    """The Release file (Debian wiki, DebianRepository/Format)."""
    lines = [
        "Origin: infra-kit lab",
        "Label: infra-kit lab",
        f"Suite: {target.suite}",
        f"Codename: {target.suite}",
        f"Date: {formatdate(usegmt=True)}",
        f"Architectures: {architecture}",
        f"Components: {target.component}",
        "SHA256:",
    ]
    for index in indexes:
        content = index.read_bytes()
        lines.append(f" {hashlib.sha256(content).hexdigest()} {len(content)} {index.relative_to(folder)}")
    return "\n".join(lines) + "\n"


def forget(root: Path | None = None) -> None:
    """Remove every repository that was made and all that was downloaded, so that newer versions come; the key stays."""
    root = root or cache_folder("packages")
    for part in ("repositories", "downloaded"):
        shutil.rmtree(root / part, ignore_errors=True)
