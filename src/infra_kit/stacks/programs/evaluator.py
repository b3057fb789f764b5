"""The child process in which programs are evaluated: `python -m infra_kit.stacks.programs.evaluator`.

It is told a site, and then stacks one by one, on standard input; it answers each with one line on what was standard output. A program
that prints or reads finds standard error and an empty input instead, so it cannot spoil the exchange.
"""

from __future__ import annotations

import gc
import json
import os
import queue
import sysconfig
import threading
import traceback
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from infra_kit.inventory.errors import InfraKitError, ProgramError, causes
from infra_kit.stacks.programs.exchange import take_over

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

_NOT_THE_PROGRAM = tuple(sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OWN = {str(Path(__file__).with_name(name)) for name in ("evaluator.py", "source.py", "recording.py", "assembly.py")}
_COLLECT_AFTER = 3
"""Programs, of which each leaves a few MB of garbage. Collecting it takes as long as a hundred objects."""


def main() -> None:
    """Answer until standard input ends."""
    # Loading the SDK, too, makes a great many objects and no garbage (see `recording.record`).
    gc.disable()
    asked, answers = take_over()
    orders = _orders(asked)
    try:
        site = _loaded(json.loads(orders.get()))
        # The SDK takes a second to load; the parent's clock for a program starts after it.
        import_module("infra_kit.stacks.programs.recording")
    except InfraKitError as error:
        _tell(answers, _failure(error))
        return
    _tell(answers, {"ready": True})
    for number in count(1):
        _tell(answers, _answer(site, json.loads(orders.get())))
        if number % _COLLECT_AFTER == 0:
            gc.collect()


def _orders(asked: IO[str]) -> queue.SimpleQueue[str]:
    """What the parent asks for. When the parent is gone, so is this process, whatever the program is doing."""
    orders: queue.SimpleQueue[str] = queue.SimpleQueue()

    def listen() -> None:
        for line in asked:
            orders.put(line)
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    return orders


def _loaded(document: dict[str, str]) -> Site:
    from infra_kit.inventory.load import load_site
    from infra_kit.stacks.programs.exchange import SiteStamp

    stamp = SiteStamp(**document)
    site = load_site(Path(stamp.folder))
    stamp.require(site)
    return site


def _answer(site: Site, document: dict[str, str]) -> dict[str, Any]:
    from infra_kit.stacks.parts.secret import passwords_made
    from infra_kit.stacks.programs.assembly import assemble
    from infra_kit.stacks.programs.exchange import evaluated_document, stack_of
    from infra_kit.stacks.programs.recording import record
    from infra_kit.stacks.programs.source import program_of

    stack = stack_of(document)
    passwords_made()
    try:
        recording = record(program_of(stack, site), stack.name)
        return {"evaluated": evaluated_document(assemble(stack, recording, passwords_made()))}
    except InfraKitError as error:
        error.where = error.where or _place(error)
        return _failure(error)
    except BaseException as error:  # noqa: BLE001  whatever a program does becomes an error of the stack
        words = "".join(traceback.format_exception_only(error)).strip()
        what = f"the program of stack {stack.name} failed: {words}"
        return _failure(ProgramError(what, where=_place(error), remedy="it is a defect of the program, not of the inventory"))


def _failure(error: InfraKitError) -> dict[str, Any]:
    from infra_kit.stacks.programs.exchange import error_document

    return {"error": error_document(ProgramError(error.what, where=error.where, remedy=error.remedy))}


def _place(error: BaseException) -> str:
    """File and line of the program that the error came from; empty where none of the program's own lines were running."""
    for cause in causes(error):
        frames = traceback.extract_tb(cause.__traceback__)
        own = [each for each in frames if not each.filename.startswith(("<", *_NOT_THE_PROGRAM)) and each.filename not in _OWN]
        if own:
            return f"{own[-1].filename}:{own[-1].lineno}"
    return ""


def _tell(answers: IO[str], document: dict[str, Any]) -> None:
    answers.write(json.dumps(document, separators=(",", ":")) + "\n")
    answers.flush()


if __name__ == "__main__":
    main()
