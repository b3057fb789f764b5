"""The tree keeps the rules of the house: one way of importing, light commands, names of the field, nothing foreign in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "src" / "infra_kit"
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))

ALLOWED = {
    "inventory": {"inventory"},
    "plan": {"plan", "inventory", "infra_kit"},
    "stacks": {"stacks", "plan", "inventory", "shipped"},
    "layers": {"layers", "stacks", "plan", "inventory", "shipped", "with_parent"},
    "lab": {"lab", "inventory", "shipped", "with_parent"},
    "cli": {"cli", "layers", "stacks", "plan", "inventory", "lab", "doctor", "shipped", "infra_kit"},
    "shipped": set(),
    "with_parent": set(),
    "doctor": set(),
    "__init__": set(),
}
"""Part of the package -> the parts it may import. `infra_kit` itself holds the version alone."""

SHIPPED_READERS = {"inventory/scaffold"}
"""Folders beneath `inventory` that may ask where the shipped folders are."""

HEAVY = {
    "sushy",
    "netmiko",
    "paramiko",
    "numpy",
    "sqlalchemy",
    "rich",
    "aiohttp",
    "asyncssh",
    "jinja2",
    "hier_config",
    "httpx",
    "cryptography",
    "pulumi",
    "pulumi_kubernetes",
}


def _imports(path: Path) -> list[tuple[str, bool]]:
    """Every import of a module: the full dotted name, and whether it runs when the module is imported."""
    tree = ast.parse((SOURCE / path).read_text(encoding="utf-8"))
    found: list[tuple[str, bool]] = []

    def visit(node: ast.AST, *, at_import: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                for inner in ast.walk(child):
                    found.extend((name, False) for name in _names(inner))
                continue
            found.extend((name, at_import) for name in _names(child))
            visit(child, at_import=at_import and not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda))

    visit(tree, at_import=True)
    return found


def _names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def _part(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def _ours(name: str) -> str | None:
    package, _, rest = name.partition(".")
    if package != "infra_kit":
        return None
    part = rest.split(".")[0]
    return part if (SOURCE / part).is_dir() or (SOURCE / f"{part}.py").exists() else "infra_kit"


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_imports_go_one_way(path: Path) -> None:
    allowed = set(ALLOWED[_part(path)])
    if any(path.as_posix().startswith(folder) for folder in SHIPPED_READERS):
        allowed.add("shipped")
    wrong = [name for name, _ in _imports(path) if (part := _ours(name)) and part not in allowed]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "layers" and len(path.parts) > 2], ids=str)
def test_no_layer_imports_another(path: Path) -> None:
    own = f"infra_kit.layers.{path.parts[1]}"
    wrong = [name for name, _ in _imports(path) if name.startswith("infra_kit.layers.") and not name.startswith(f"{own}.") and name != own]
    assert wrong == []


def test_relative_imports_are_not_used() -> None:
    """They would hide a direction from the tests above."""
    wrong = [
        path
        for path in MODULES
        for node in ast.walk(ast.parse((SOURCE / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert wrong == []


def _module(path: Path) -> str:
    return ".".join(("infra_kit", *path.with_suffix("").parts)).removesuffix(".__init__")


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Imports for types count too: whoever reads a module should find what it rests on below it, never above."""
    modules = {_module(path) for path in MODULES}
    rests_on = {
        _module(path): {name if name in modules else name.rpartition(".")[0] for name, _ in _imports(path)} & modules for path in MODULES
    }
    circle: tuple[str, ...] = ()
    try:
        TopologicalSorter(rests_on).prepare()
    except CycleError as error:
        circle = tuple(error.args[1])
    assert circle == ()


@pytest.mark.parametrize("path", [path for path in MODULES if path.parts[0] == "cli"], ids=str)
def test_commands_import_heavy_things_only_when_they_run(path: Path) -> None:
    assert [name for name, at_import in _imports(path) if at_import and name.split(".")[0] in HEAVY] == []


@pytest.mark.parametrize("arguments", [["--help"], ["validate", str(REPOSITORY / "inventory" / "configuration-1")]])
def test_light_commands_load_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from infra_kit.cli.app import run; code = run(sys.argv[1:]);"
        "print(sorted({name.split('.')[0] for name in sys.modules}), file=sys.stderr); sys.exit(code)"
    )
    child = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert child.returncode == 0, child.stdout + child.stderr
    assert set(ast.literal_eval(child.stderr.splitlines()[-1])) & HEAVY == set()


def test_modules_are_named_by_what_they_hold() -> None:
    empty_names = {"utils", "util", "helpers", "helper", "common", "manager", "misc", "base_utils"}
    assert [path for path in MODULES if path.stem in empty_names] == []


def test_no_module_is_longer_than_a_reader_holds() -> None:
    long = {str(path): count for path in MODULES if (count := len((SOURCE / path).read_text(encoding="utf-8").splitlines())) > 350}
    assert long == {}


# Folders of tests that hold data, or that test something other than a folder of src.
NOT_MIRRORS = {"playbooks", "guard", "golden", "broken", "badday", "conformance"}


def test_tests_mirror_the_source() -> None:
    tests = REPOSITORY / "tests"
    strays = []
    for path in tests.rglob("test_*.py"):
        folder = path.parent.relative_to(tests)
        if NOT_MIRRORS & set(folder.parts):
            continue
        if not ((SOURCE / folder).is_dir() or (SOURCE / folder).with_suffix(".py").exists()):
            strays.append(str(path.relative_to(tests)))
    assert strays == []


def test_every_room_is_tested() -> None:
    """A room is a folder of the package, and each layer and each kind of emulated device one of its own."""
    packages = {path.parent for path in MODULES if path.name == "__init__.py" and path.parent != Path()}
    rooms = {Path(*package.parts[: 2 if package.parts[0] in ("layers", "lab") else 1]) for package in packages}
    untested = [str(room) for room in rooms if not any((REPOSITORY / "tests" / room).rglob("test_*.py"))]
    assert untested == []


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout: the tracked files cannot be told")
    return [REPOSITORY / name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


def test_no_tracked_file_is_huge() -> None:
    assert [path for path in _tracked() if path.stat().st_size > 1_000_000] == []


def test_no_address_of_a_package_index_is_tracked() -> None:
    """Where packages come from is a matter of the machine, not of the project."""
    pattern = re.compile(
        rb"--(?:extra-)?index-url\s+\S*:|--find-links\s+\S*:|https?://[^\s\"']*/simple\b|files\.pythonhosted|pypi\.(?:org|python)"
    )
    found = [path for path in _tracked() if path != Path(__file__).resolve() and pattern.search(path.read_bytes())]
    assert found == []


def test_every_locked_package_is_pinned_by_hash() -> None:
    text = (REPOSITORY / "requirements.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    entries = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert len(entries) > 50
    assert [line[:60] for line in entries if "==" not in line or "--hash=sha256:" not in line] == []
