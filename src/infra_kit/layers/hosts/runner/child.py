"""The process in which Ansible is run: `python -m infra_kit.layers.hosts.runner.child`.

It is told one order on standard input and says what happens on what was standard output, one JSON document a line, every secret masked.
When standard input ends, the run is called off. Secrets reach Ansible by a file in memory that has no name, whose descriptor this process
holds: they are in no file, environment or process list.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra_kit.layers.hosts.runner.order import Order
from infra_kit.with_parent import tied

if TYPE_CHECKING:
    from collections.abc import Callable

_HERE = Path(__file__).parent
_TAIL = 4000
"""Characters of what Ansible prints, where it ends without a word of its hosts."""
_GOODBYE_S = 2.0
_LOOK_S = 0.02
_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h


def main() -> None:
    """Carry out one order."""
    asked, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    _adopt_orphans()
    order = Order.of(asked.readline())
    called_off = threading.Event()

    def listen() -> None:
        asked.read()
        called_off.set()

    threading.Thread(target=listen, daemon=True).start()
    mask = _masking([*order.secrets.values(), *order.passwords.values()])
    try:
        ended = _run(order, called_off, lambda document: _tell(answers, mask(document)))
    finally:
        _end_descendants()
        shutil.rmtree(order.folder, ignore_errors=True)
    _tell(answers, mask({"event": "ended", **ended}))


def _tell(answers: IO[str], document: Any) -> None:
    with contextlib.suppress(BrokenPipeError):  # the parent was killed: this run is being called off
        answers.write(json.dumps(document, separators=(",", ":")) + "\n")
        answers.flush()


def _masking(secrets: list[str]) -> Callable[[Any], Any]:
    """Replaces every secret in a JSON-able document; the longest first, as one may be within another."""
    known = sorted({each for each in secrets if each}, key=len, reverse=True)

    def mask(value: Any) -> Any:
        if isinstance(value, str):
            for each in known:
                value = value.replace(each, "«secret»")
            return value
        if isinstance(value, dict):
            return {mask(key): mask(each) for key, each in value.items()}
        return [mask(each) for each in value] if isinstance(value, list) else value

    return mask


def _run(order: Order, called_off: threading.Event, tell: Callable[[Any], None]) -> dict[str, Any]:
    from ansible_runner.config.runner import RunnerConfig
    from ansible_runner.runner import Runner

    folder = Path(order.folder)
    _write(order, folder)
    secrets = os.memfd_create("infra-kit")
    os.write(secrets, json.dumps({"secrets": order.secrets, "passwords": order.passwords}).encode())
    reading, writing = os.pipe()
    relay = threading.Thread(target=_relay, args=(reading, tell))
    relay.start()
    own = f"/proc/{os.getpid()}/fd"
    config = RunnerConfig(
        private_data_dir=str(folder),
        playbook="playbook.yaml",
        inventory=str(folder / "inventory.yaml"),
        cmdline=f"--forks {order.forks}" + "".join(f" --skip-tags {tag}" for tag in order.skip_tags),
        suppress_env_files=True,
        quiet=True,
    )
    config.prepare()
    config.suppress_output_file, config.pexpect_timeout = True, 1
    # Its own callback keeps each event in a file, whatever is in it. Ours goes through a pipe.
    config.env.update(_environment(order, folder), INFRA_KIT_EVENTS=f"{own}/{writing}", INFRA_KIT_SECRETS=f"{own}/{secrets}")
    program = shutil.which(config.command[0]) or str(Path(sys.executable).with_name(config.command[0]))
    extra = ["--check"] if order.check else []
    # ansible-runner has Ansible ignore that its terminal went away. Not killed: it has workers of its own to end.
    config.command = tied([program, *config.command[1:], "--diff", *extra], signal.SIGTERM)
    printed: list[str] = []

    def hear(event: dict[str, Any]) -> bool:
        printed.append(event.get("stdout", ""))
        return False  # no file of it

    config.suppress_ansible_output = True
    runner = Runner(config, event_handler=hear, cancel_callback=called_off.is_set)
    status, code = runner.run()
    _end_descendants()
    os.close(writing)
    relay.join()
    return {"status": status, "code": code, "printed": "\n".join(filter(None, printed))[-_TAIL:]}


def _relay(reading: int, tell: Callable[[Any], None]) -> None:
    with os.fdopen(reading, encoding="utf-8") as events:
        for line in events:
            tell(json.loads(line))


def _write(order: Order, folder: Path) -> None:
    (folder / "project").mkdir(mode=0o700)
    (folder / "project" / "playbook.yaml").write_text(order.playbook, encoding="utf-8")
    (folder / "inventory.yaml").write_text(order.inventory, encoding="utf-8")
    for name in ("s", "tmp", "home"):
        (folder / name).mkdir(mode=0o700)


def _environment(order: Order, folder: Path) -> dict[str, str]:
    """What Ansible is told of this run; what holds for every run is in playbooks/ansible.cfg."""
    playbooks = Path(order.playbooks)
    return {
        "ANSIBLE_CONFIG": str(playbooks / "ansible.cfg"),
        # ansible-runner turns it off where it is not said here.
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        "ANSIBLE_ROLES_PATH": str(playbooks / "roles"),
        "ANSIBLE_LIBRARY": str(playbooks / "library"),
        "ANSIBLE_ACTION_PLUGINS": str(playbooks / "action_plugins"),
        "ANSIBLE_CALLBACK_PLUGINS": str(_HERE / "callbacks"),
        "ANSIBLE_STDOUT_CALLBACK": "infra_kit_events",
        "ANSIBLE_STRATEGY_PLUGINS": str(_HERE / "strategies"),
        "ANSIBLE_STRATEGY": "infra_kit_linear",
        # It counts until the interpreter is there, and many hosts begin at once; who is silent at the look is in no run.
        "ANSIBLE_TIMEOUT": "60",
        "ANSIBLE_VARS_PLUGINS": str(_HERE / "vars_plugins"),
        "ANSIBLE_VARS_ENABLED": "infra_kit_secrets",
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
        # Short: the name of a socket has 108 bytes at most.
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "s"),
        "ANSIBLE_CACHE_PLUGIN": "memory",
        "TMPDIR": str(folder / "tmp"),
    }


def _adopt_orphans() -> None:
    """Have whatever outlives Ansible become a child of this process: a task of a run that was called off, and SSH's shared connections."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _end_descendants() -> None:
    """End what is left. A process that ends leaves us its own children: until there are none."""
    deadline = time.monotonic() + _GOODBYE_S
    while children := _children():
        for each in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(_LOOK_S)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _children() -> list[int]:
    own, found = str(os.getpid()), []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            # PID (NAME) STATE PARENT ...: proc(5); the name may hold anything.
            if stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[1] == own:
                found.append(int(stat.parent.name))
    return found


if __name__ == "__main__":
    main()
