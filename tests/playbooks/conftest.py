"""Plays against this machine by a local connection, in a mount namespace of their own where they change accounts or mounts."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

PLAYBOOKS = Path(__file__).resolve().parents[2] / "playbooks"


@dataclass
class Play:
    """What a play of one host gave: the results of its tasks in order, and all that was printed."""

    results: list[dict[str, Any]]
    printed: str

    @property
    def last(self) -> dict[str, Any]:
        return self.results[-1]


class Player:
    """Runs tasks in one folder, whose `templates/` they find."""

    def __init__(self, folder: Path, before: list[str] | None = None) -> None:
        self.folder = folder
        self.before = before or []
        (folder / "templates").mkdir(parents=True, exist_ok=True)

    def __call__(self, *tasks: dict[str, Any], check: bool = False, variables: dict[str, Any] | None = None) -> Play:
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables or {}, "tasks": list(tasks)}
        file = self.folder / "play.yml"
        file.write_text(yaml.safe_dump([play]))
        command = [str(Path(sys.executable).with_name("ansible-playbook")), "--diff", *(["--check"] if check else []), str(file)]
        if self.before:
            script = " && ".join([*self.before, 'exec "$@"'])
            command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *command]
        environment = {
            **os.environ,
            "ANSIBLE_CONFIG": str(PLAYBOOKS / "ansible.cfg"),
            "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
            "ANSIBLE_LOCAL_TEMP": str(self.folder / "local"),
            "ANSIBLE_REMOTE_TEMP": str(self.folder / "remote"),
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "ANSIBLE_INTERPRETER_PYTHON": sys.executable,
        }
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)
        try:
            tasks_done = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
        except (ValueError, IndexError, KeyError):
            pytest.fail(f"the play did not run: {done.stdout}{done.stderr}")
        return Play([task["hosts"]["localhost"] for task in tasks_done], done.stdout + done.stderr)


@pytest.fixture
def play(tmp_path: Path) -> Player:
    """Tasks on this machine, beneath the test's own folder."""
    return Player(tmp_path)


@pytest.fixture
def isolated(tmp_path: Path) -> Player:
    """Tasks that see an /etc and a /home of the test's own."""
    if os.getuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a mount namespace of a test's own needs root and unshare (util-linux)")
    for name in ("etc", "home"):
        (tmp_path / name).mkdir()
    subprocess.run(["cp", "--archive", "/etc/.", str(tmp_path / "etc")], check=True)
    return Player(tmp_path, [f"mount --bind {tmp_path}/{name} /{name}" for name in ("etc", "home")])


@pytest.fixture
def load_module() -> Callable[[str], ModuleType]:
    """A module of playbooks/library, imported."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"library_{name}", PLAYBOOKS / "library" / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
