"""Evaluating programs: each in a child process, many at once, none longer than it may take."""

from __future__ import annotations

import hashlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from infra_kit.inventory.errors import ProgramError
from infra_kit.stacks.programs.exchange import SiteStamp, error_of, evaluated_of, stack_document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from infra_kit.inventory.models.site import Site
    from infra_kit.stacks.stack import Evaluated, Stack

TIME_LIMIT_S = 60.0
"""For one program. 350 objects take about a second."""
_START_LIMIT_S = 120.0
"""For loading Python, the SDK and the site: two seconds, more where the machine is busy."""
_CHUNK = 1 << 20
_LAST_WORDS = 500
"""Characters of a dead child's standard error that are repeated."""

_Key = tuple[SiteStamp, "Stack", str]

_guard = threading.Lock()
_known: dict[_Key, Evaluated] = {}


def evaluate(site: Site, stacks: Sequence[Stack], *, time_limit_s: float = TIME_LIMIT_S) -> list[Evaluated]:
    """Evaluate the programs of stacks; what this process has evaluated before is remembered.

    That also keeps the passwords that a program made the same from the plan to the change.

    Args:
        site: as it is in its folder.
        stacks: which ones.
        time_limit_s: how long each program may take, in seconds.

    Raises:
        ProgramError: one of the programs failed, hung, or makes something that is no Kubernetes object.
    """
    if not stacks:
        return []
    stamp = SiteStamp.of(site)
    keys = {stack: (stamp, stack, source_digest(stack)) for stack in stacks}
    with _guard:
        missing = [stack for stack in keys if keys[stack] not in _known]
        for found in _evaluate(stamp, missing, time_limit_s):
            _known[keys[found.stack]] = found
        return [_known[keys[stack]] for stack in stacks]


def known(site: Site, stack: Stack) -> Evaluated | None:
    """What this process has evaluated already; None where it has not, or the site has not been asked for that stack."""
    with _guard:
        return _known.get((SiteStamp.of(site), stack, source_digest(stack)))


def source_digest(stack: Stack) -> str:
    """Over a program of somebody else's, which may change while this process runs."""
    file, _, _ = stack.source.rpartition(":")
    try:
        return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""
    except OSError:
        return ""  # the child will say that it is not there


def _evaluate(stamp: SiteStamp, stacks: Sequence[Stack], time_limit_s: float) -> list[Evaluated]:
    if not stacks:
        return []
    waiting: queue.SimpleQueue[Stack] = queue.SimpleQueue()
    for stack in stacks:
        waiting.put(stack)
    found: list[Evaluated] = []
    stop = threading.Event()

    def work() -> None:
        try:
            with _Child(stamp) as child, suppress(queue.Empty):
                while not stop.is_set():
                    found.append(child.evaluate(waiting.get_nowait(), time_limit_s))
        except BaseException:
            stop.set()
            raise

    width = min(len(os.sched_getaffinity(0)), len(stacks))
    with ThreadPoolExecutor(width, thread_name_prefix="evaluate") as pool:
        try:
            for future in [pool.submit(work) for _ in range(width)]:
                future.result()
        except BaseException:
            stop.set()
            raise
    return found


class _Child:
    """One evaluating process, in a session of its own, so that what a program starts ends with it."""

    def __init__(self, stamp: SiteStamp) -> None:
        self._stamp = stamp
        self._heard = b""

    def __enter__(self) -> Self:
        self._words = tempfile.TemporaryFile()  # closed in __exit__; a pipe would have to be emptied all the time
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra_kit.stacks.programs.evaluator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            bufsize=0,
            env=_environment(),
            start_new_session=True,
        )
        try:
            self._ask(asdict(self._stamp))
            self._answer("the evaluation of programs", _START_LIMIT_S)
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def evaluate(self, stack: Stack, time_limit_s: float) -> Evaluated:
        """Evaluate one program.

        Raises:
            ProgramError: it failed, hung, or died.
        """
        self._ask(stack_document(stack))
        return evaluated_of(stack, self._answer(f"the program of stack {stack.name}", time_limit_s)["evaluated"])

    def _ask(self, document: Any) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # that it is dead shows when its answer is read
            self._process.stdin.write(json.dumps(document).encode() + b"\n")

    def _answer(self, what: str, limit_s: float) -> dict[str, Any]:
        end = time.monotonic() + limit_s
        while b"\n" not in self._heard:
            self._hear(what, limit_s, end)
        line, _, self._heard = self._heard.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise error_of(answer["error"])
        return answer

    def _hear(self, what: str, limit_s: float, end: float) -> None:
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], max(0.0, end - time.monotonic()))
        if not readable:
            raise ProgramError(
                f"{what} did not end within {limit_s:g} s and was stopped", remedy="look for a loop, or for an output that it waits for"
            )
        heard = os.read(self._process.stdout.fileno(), _CHUNK)
        if not heard:
            status = self._process.wait()
            raise ProgramError(f"{what} ended its process ({_ending(status)}){self._last_words()}")
        self._heard += heard

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return f": {lines[-1][-_LAST_WORDS:]}" if lines else ""

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._words):
            if pipe is not None:
                pipe.close()


def _ending(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _environment() -> dict[str, str]:
    # Settings of a Pulumi command around us are not for this evaluation; a fixed seed keeps the order of the SDK's sets the same.
    found = {name: value for name, value in os.environ.items() if not name.startswith("PULUMI_")} | {"PYTHONHASHSEED": "0"}
    if found.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Compiling the Kubernetes SDK takes most of what an evaluation takes. Where nothing may be written beside it, a cache is kept.
        base = found.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        found["PYTHONPYCACHEPREFIX"] = str(Path(base) / "infra-kit" / "bytecode")
    return found
