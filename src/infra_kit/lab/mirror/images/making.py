"""How each kind of layer is made: a tree, from what lies beneath it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import LabError
from infra_kit.lab.hosts.building import sources
from infra_kit.lab.mirror.images.chroot import Chroot
from infra_kit.lab.mirror.packages.fetching import network
from infra_kit.lab.programs.obtaining import obtain_all
from infra_kit.lab.programs.program import kubernetes_versions, table
from infra_kit.shipped import folder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from infra_kit.lab.mirror.images.recipe import Layer
    from infra_kit.lab.programs.program import Program

    Say = Callable[[str], object]

PIP, NPM = "/opt/pip", "/opt/npm"
_LAST_LINES = 12
_BASE_PACKAGES = "ca-certificates"
_SLIM = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/info/*", "/usr/share/lintian/*")
_NO_SERVICES = "#!/bin/sh\nexit 101\n"
"""/usr/sbin/policy-rc.d: a package that is installed into an image starts nothing (Debian policy, invoke-rc.d)."""
_KEEP = r"""
with_links() {
  path=$1
  while :; do
    path=$(realpath "$(dirname "$path")")/$(basename "$path")
    echo "$path"
    [ -L "$path" ] || break
    target=$(readlink "$path")
    case $target in /*) path=$target ;; *) path=$(dirname "$path")/$target ;; esac
  done
}
for file in $FILES; do
  with_links "$file"
  ldd "$(readlink -f "$file")" 2>/dev/null | grep -oE '/[^ ]+' | while read -r library; do with_links "$library"; done
done | sort -u > /tmp/kept
printf '%s\n' /bin /sbin /lib /lib64 | cat - /tmp/kept | tar -C / -cf /run/out/kept.tar --no-recursion -T -
"""
"""With the links that lead to each file, /bin and /lib among them."""
_LARGE_TESTS = ("numpy", "pandas", "pyarrow", "scipy", "sklearn")
"""Packages whose own tests are a seventh of MLflow's image."""
_UV = "/run/uv/uv"
_UV_CACHE = "/run/uv-cache"


@dataclass(frozen=True)
class Ground:
    """What a layer is made upon.

    Args:
        below: the kept trees beneath it, the lowest first.
        tree: the empty directory that becomes the layer.
        say: called with each line of progress.
    """

    below: Sequence[Path]
    tree: Path
    say: Say


def make(layer: Layer, ground: Ground) -> None:
    """Fill the tree of a layer.

    Raises:
        LabError: it cannot be made; with the words of the program that failed.
    """
    _MAKERS[layer.kind](layer.what, ground)


def _base(suite: str, ground: Ground) -> None:
    program = shutil.which("mmdebstrap")
    if program is None:
        raise LabError(
            "images lie on a Debian root file system, which mmdebstrap makes; it is not there", remedy="apt-get install mmdebstrap"
        )
    slim = [f"--dpkgopt=path-exclude={pattern}" for pattern in _SLIM]
    reached = [f"--aptopt={line.rstrip(';')}" for line in network()]
    options = ["--quiet", "--mode=root", "--variant=minbase", f"--include={_BASE_PACKAGES}", *slim, *reached]
    _run([program, *options, suite, str(ground.tree), *sources(suite)])
    policy = ground.tree / "usr/sbin/policy-rc.d"
    policy.write_text(_NO_SERVICES)
    policy.chmod(0o755)
    for name in ("hosts", "resolv.conf"):  # the runtime mounts its own here
        file = ground.tree / "etc" / name
        file.unlink(missing_ok=True)
        file.touch(0o644)


def _apt(packages: str, ground: Ground) -> None:
    work = Chroot(ground.below, ground.tree)
    # openjdk's postinst wants the directory of the manual pages that are left out.
    script = (
        "mkdir -p /usr/share/man/man1 && apt-get -qq update && apt-get -qq -y --no-install-recommends install $PACKAGES && apt-get clean"
    )
    work.run(["sh", "-ec", script], {"PACKAGES": packages})


def _pip(requirements: str, ground: Ground) -> None:
    uv = shutil.which("uv") or next((str(place) for place in _uv_places() if place.exists()), None)
    if uv is None:
        raise LabError("Python packages of images are installed by uv, which is not there", remedy="`tools/setup` gets one into build/uv")
    with tempfile.TemporaryDirectory(dir=ground.tree.parent, prefix="uv-") as cache:
        Path(cache, "bin").mkdir()
        shutil.copy2(uv, Path(cache, "bin", "uv"))
        work = Chroot(ground.below, ground.tree, {Path(cache, "bin"): str(Path(_UV).parent), Path(cache): _UV_CACHE})
        # Bytecode now: without it every start compiles anew, since the root file system is read-only then.
        options = ["--quiet", "--python", "/usr/bin/python3", "--target", PIP, "--compile-bytecode", "--link-mode", "copy"]
        settings = {"UV_CACHE_DIR": _UV_CACHE, "UV_PYTHON_DOWNLOADS": "never", "UV_HTTP_TIMEOUT": "180"}
        work.run([_UV, "pip", "install", *options, *requirements.split()], settings)
    for package in _LARGE_TESTS:
        for tests in list((ground.tree / PIP.strip("/") / package).rglob("tests")):
            shutil.rmtree(tests, ignore_errors=True)


def _uv_places() -> tuple[Path, ...]:
    return (folder("tools").parent / "build/uv/bin/uv", Path.home() / ".local/bin/uv")


def _npm(packages: str, ground: Ground) -> None:
    options = ["install", "--silent", "--no-audit", "--no-fund", "--omit=dev"]
    npm = shutil.which("npm")
    if npm is not None:
        target = ground.tree / NPM.strip("/")
        target.mkdir(parents=True)
        _run([npm, *options, "--prefix", str(target), *packages.split()])
        return
    ground.say("there is no npm here: Debian's is installed beside the layer for it, which takes a minute")
    with tempfile.TemporaryDirectory(dir=ground.tree.parent, prefix="npm-") as scratch:
        upper = Path(scratch, "upper")
        upper.mkdir()
        _apt("npm", Ground(ground.below, upper, ground.say))
        Chroot([*ground.below, upper], ground.tree).run(["npm", *options, "--prefix", NPM, *packages.split()])


def known_programs() -> dict[str, Program]:
    """Every program that an image may hold, by `NAME@VERSION`."""
    found = [*table("image"), *(program for version in kubernetes_versions() for program in table("node", kubernetes=version))]
    return {f"{program.name}@{program.version}": program for program in found}


def _program(name: str, ground: Ground) -> None:
    program = known_programs()[name]
    file = obtain_all(ground.say, (program,), purpose="image")[program.name]
    target = ground.tree / "usr/local/bin" / program.name
    target.parent.mkdir(parents=True)
    shutil.copyfile(file, target)
    target.chmod(0o755)


def _pick(what: str, ground: Ground) -> None:
    """`PACKAGES: FILES`: install the packages in a scratch layer, keep the files, and the libraries that they name."""
    packages, _, files = what.partition(":")
    with tempfile.TemporaryDirectory(dir=ground.tree.parent, prefix="pick-") as scratch:
        upper, out = Path(scratch, "upper"), Path(scratch, "out")
        upper.mkdir()
        out.mkdir()
        _apt(packages, Ground(ground.below, upper, ground.say))
        Chroot([*ground.below, upper], out, {out: "/run/out"}).run(["sh", "-ec", _KEEP], {"FILES": files})
        _run(["tar", "-C", str(ground.tree), "-xf", str(out / "kept.tar")])


def _account(number: str, ground: Ground) -> None:
    """Lines of a user in passwd and group, where those beneath have none: Java and others ask for a user's name."""
    for name, line in {
        "passwd": f"user{number}:x:{number}:{number}:lab:/tmp:/usr/sbin/nologin\n",
        "group": f"user{number}:x:{number}:\n",
    }.items():
        before = next((text for tree in reversed(ground.below) if (text := _read(tree / "etc" / name)) is not None), "root:x:0:0::/:\n")
        has = any(entry.split(":")[2:3] == [number] for entry in before.splitlines())
        (ground.tree / "etc").mkdir(exist_ok=True)
        (ground.tree / "etc" / name).write_text(before if has else before + line)
        (ground.tree / "etc" / name).chmod(0o644)


def _read(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None


def _link(what: str, ground: Ground) -> None:
    path, _, target = what.partition(" ")
    place = ground.tree / path.strip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _run(command: Sequence[str]) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, stdin=subprocess.DEVNULL, check=False)  # noqa: S603  with the catalogue's packages
    if done.returncode != 0:
        words = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise LabError(f"`{' '.join(command)[:120]}` failed:\n{words}", remedy="see what it says")


_MAKERS: dict[str, Callable[[str, Ground], None]] = {
    "base": _base,
    "apt": _apt,
    "pip": _pip,
    "npm": _npm,
    "program": _program,
    "pick": _pick,
    "account": _account,
    "link": _link,
}
