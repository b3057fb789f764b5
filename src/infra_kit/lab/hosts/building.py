"""Building the hosts' root file systems where they are missing: mmdebstrap, once a machine, whole or not at all."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.cache import alone
from infra_kit.lab.hosts.requirements import require
from infra_kit.lab.hosts.root_filesystem import CUSTOMIZE, cache_folder, table
from infra_kit.lab.watching import watch
from infra_kit.with_parent import tied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from infra_kit.lab.hosts.root_filesystem import RootFilesystems

    Say = Callable[[str], object]

_APT = Path("/etc/apt")
_STILL_S = 20.0
_LAST_LINES = 8
_CONTAINED = ("/usr/bin/unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc")


def obtain_all(say: Say, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Find the root file systems, and build those that are missing into the user's cache.

    One process builds at a time; others wait and then find them.

    Args:
        say: called with each line of progress; silent where everything is there.
        names: which variants; none: all of the table that containers run.

    Returns:
        Name -> folder.

    Raises:
        LabError: one cannot be built; with what to do about it.
    """
    filesystems = table()
    of_containers = [each.name for each in filesystems.variants if each.container]
    wanted = {name: filesystems.place(name) for name in names or of_containers}
    if not all(place.is_dir() for place in wanted.values()):
        require("mmdebstrap", "unshare")
        with _alone(say):
            for name, place in wanted.items():
                if not place.is_dir():
                    _build(filesystems, name, place, say)
    return wanted


def sources(suite: str, folder: Path = _APT) -> list[str]:
    """This machine's own apt sources of a suite of Debian, as files; none where it has none, and mmdebstrap's own choice is taken then.

    Args:
        suite: such as bookworm.
        folder: apt's configuration.
    """
    files = [
        folder / "sources.list",
        *sorted((folder / "sources.list.d").glob("*.list")),
        *sorted((folder / "sources.list.d").glob("*.sources")),
    ]
    return [str(file) for file in files if file.is_file() and _offers(file.read_text(encoding="utf-8"), suite)]


def _offers(text: str, suite: str) -> bool:
    """Whether sources in either of apt's forms have the suite and its component main."""
    one_line = rf"^deb\s+(\[[^]]*\]\s+)?\S+\s+{re.escape(suite)}\s+(\S+\s+)*main\b"
    stanzas = re.split(r"\n\s*\n", text)
    return re.search(one_line, text, re.MULTILINE) is not None or any(
        re.search(rf"^Suites:.*\b{re.escape(suite)}(\s|$)", stanza, re.MULTILINE)
        and re.search(r"^Components:.*\bmain\b", stanza, re.MULTILINE)
        for stanza in stanzas
    )


def _build(filesystems: RootFilesystems, name: str, place: Path, say: Say) -> None:
    variant = filesystems.variant(name)
    say(f"{name}: installing Debian {filesystems.release} with {len(variant.packages)} packages and what they need")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".") as scratch:
        root = Path(scratch) / "root"
        command = [
            *("mmdebstrap", "--mode=root", "--variant=minbase", "--format=directory", "--quiet"),
            *(f"--include={package}" for package in variant.packages),
            *("--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*/*.gz"),
            *(f"--aptopt={setting}" for setting in _proxies()),
            f'--customize-hook=sh "{CUSTOMIZE}" "$1"',
            *(filesystems.suite, str(root), *sources(filesystems.suite)),
        ]
        lists = {"MASKED": " ".join(filesystems.masked_in(variant)), "DISABLED": " ".join(variant.disabled)}
        log = Path(scratch) / "log"
        # It has mounts and processes of its own, which are gone with it, however it or we end.
        code = watch(
            tied([*_CONTAINED, *command]),
            log,
            lambda seconds: say(f"{name}: still installing after {seconds:.0f} s"),
            every_s=_STILL_S,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", **lists},
            umask=0o022,
        )
        words = "\n".join(f"  {line}" for line in log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:])
        if code != 0:
            raise LabError(
                f"mmdebstrap could not make the hosts' root file system `{name}`:\n{words}",
                remedy="see what it says (apt's sources have to be reachable), or leave the hosts out: `--without hosts`",
            )
        root.rename(place)
    say(f"{name}: built in {time.monotonic() - started:.0f} s ({place})")


def _proxies() -> list[str]:
    """Where apt goes through a proxy, mmdebstrap has to, too; it does not read this machine's apt settings."""
    if shutil.which("apt-config") is None:
        return []
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=False).stdout  # noqa: S607  root's PATH
    return [line.rstrip(";") for line in dump.splitlines() if re.match(r'Acquire::https?::Proxy "[^"]', line)]


@contextmanager
def _alone(say: Say) -> Iterator[None]:
    """Build as the only process, and clear what a killed build left."""
    with alone(cache_folder(), lambda: say("another process is building the hosts' root file systems; waiting for it")):
        for left in cache_folder().glob(".*"):
            shutil.rmtree(left)
        say(f"building the hosts' root file systems in {cache_folder()} (once; a minute or two each)")
        yield
