"""How a command that fails says so: one error, one remedy, an exit code; never a traceback."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from typing import Any

import typer

from infra_kit.inventory.errors import ExitCode, InfraKitError

INTERRUPTED = 130
_WRONG_USAGE = 2
"""What Typer ends a wrong command line with; ours is 64, because 2 says that changes are pending."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def say(error: BaseException) -> int:
    """Print what ended a command, and give its exit code."""
    return next(said for kind, said in _KINDS if isinstance(error, kind))(error)


def _say_known(error: InfraKitError) -> int:
    place = f"{error.where}: " if error.where else ""
    _print(f"error: {place}{error.what}")
    if error.remedy:
        _print(f"  {error.remedy}")
    return int(error.exit_code)


def _say_usage(error: typer.TyperException) -> int:
    show = getattr(error, "show", None)
    if show is None:
        _print(f"error: {error.format_message()}")
    else:
        show()
    return int(ExitCode.USAGE) if error.exit_code == _WRONG_USAGE else error.exit_code


def _say_interrupted(_error: BaseException) -> int:
    _print("interrupted; `infra-kit status SITE` says whether a run was left unfinished, and how it is finished")
    return INTERRUPTED


def _say_system(error: OSError) -> int:
    """What the operating system refused where nobody expected it: most often that the output has no room."""
    if error.errno not in _NO_ROOM:
        return _say_internal(error)
    place = f"{error.filename}: " if error.filename else ""
    _print(f"error: {place}{error.strerror}")
    _print("  make room, and run the command again")
    return int(ExitCode.ERROR)


def _say_internal(error: BaseException) -> int:
    """A defect of infra-kit: one line, with the traceback in a file that holds no secret."""
    file = _report(error)
    details = f"; details in {file}" if file else ""
    _print(f"error: internal error ({type(error).__name__}); please report it{details}")
    return int(ExitCode.ERROR)


_KINDS: tuple[tuple[type[BaseException], Callable[[Any], int]], ...] = (
    (InfraKitError, _say_known),
    (typer.TyperException, _say_usage),
    (KeyboardInterrupt, _say_interrupted),
    (typer.Abort, _say_interrupted),
    (OSError, _say_system),
    (BaseException, _say_internal),
)
"""The first that fits."""


def _report(error: BaseException) -> str | None:
    import os
    import tempfile
    import traceback

    from infra_kit import __version__
    from infra_kit.inventory.secrets import mask_all

    text = "".join(traceback.format_exception(error))
    try:
        descriptor, name = tempfile.mkstemp(prefix="infra-kit-error-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"infra-kit {__version__}, Python {sys.version}\n{mask_all(text)}")
    except OSError:
        # The failure itself has been said; where there is no room for its details, there are none.
        return None
    return name


def _print(text: str) -> None:
    from infra_kit.inventory.secrets import mask_all

    sys.stderr.write(f"{mask_all(text)}\n")
