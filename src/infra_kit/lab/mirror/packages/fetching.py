"""Getting Debian packages with all that they depend on, by this machine's apt in a root of its own: nothing is installed here."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.building import sources
from infra_kit.lab.mirror.packages.running import run

if TYPE_CHECKING:
    from pathlib import Path

    from infra_kit.lab.mirror.packages.listed import Listed


def fetch(wanted: Listed, root: Path) -> list[Path]:
    """Download packages and their dependencies, as if nothing at all were installed.

    Args:
        wanted: the packages and their sources.
        root: an empty folder, for apt's own files and the packages.

    Returns:
        The package files.

    Raises:
        LabError: there is no apt, its archive cannot be reached, or a package is not in it.
    """
    for folder in ("state/lists/partial", "cache/archives/partial", "parts", "sources"):
        (root / folder).mkdir(parents=True)
    (root / "status").touch()  # nothing is installed: every dependency counts, whatever this machine has
    _write_sources(wanted, root / "sources")
    (root / "apt.conf").write_text(_settings(root) + "".join(f"{line}\n" for line in network()))
    environment = {"APT_CONFIG": str(root / "apt.conf")}
    try:
        run(["apt-get", "-qq", "update"], environment=environment, package="apt")
        run(["apt-get", "-qq", "-y", "--download-only", "--no-install-recommends", "install", *wanted.names], environment=environment)
    except LabError as error:
        raise LabError(
            f"the packages of the lab's hosts cannot be had:\n{error.what}",
            remedy="the network is needed once; afterwards they are in the cache. `--without hosts` leaves the hosts out",
        ) from error
    return sorted((root / "cache/archives").glob("*.deb"))


def _write_sources(wanted: Listed, folder: Path) -> None:
    """This machine's own, from which the hosts' root file systems are made too; those of the data file where it has none of the suite."""
    own = sources(wanted.suite)
    for file in own:
        shutil.copy(file, folder)
    if not own:
        components = " ".join(wanted.components)
        pairs = [(source.uri, suite) for source in wanted.sources for suite in source.suites]
        (folder / "debian.list").write_text(
            "".join(f"deb [signed-by={wanted.keyring}] {uri} {suite} {components}\n" for uri, suite in pairs)
        )


def _settings(root: Path) -> str:
    """In place of this machine's settings, whose hooks are about this machine's packages."""
    return f"""\
Dir::State "{root}/state";
Dir::State::status "{root}/status";
Dir::Cache "{root}/cache";
Dir::Etc::parts "{root}/parts";
Dir::Etc::main "/dev/null";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{root}/sources";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
Acquire::Retries "2";
"""


def network() -> list[str]:
    """How this machine's apt reaches the network, as lines of apt.conf."""
    lines = run(["apt-config", "dump"], package="apt").splitlines()
    return [line for line in lines if line.startswith(("Acquire::http", "Acquire::https"))]
