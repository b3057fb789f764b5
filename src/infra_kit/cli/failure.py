"""How a command that fails says so: one error, one remedy, an exit code; never a traceback."""

from __future__ import annotations

import errno
import sys
from typing import TYPE_CHECKING

from infra_kit.inventory.errors import ExitCode

if TYPE_CHECKING:
    from infra_kit.inventory.errors import InfraKitError

INTERRUPTED = 130
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})


def say(error: InfraKitError) -> int:
    """Print a failure that infra-kit understands, and give its exit code."""
    place = f"{error.where}: " if error.where else ""
    _print(f"error: {place}{error.what}")
    if error.remedy:
        _print(f"  {error.remedy}")
    return int(error.exit_code)


def say_interrupted() -> int:
    """Print what an interrupt leaves."""
    _print("interrupted; a run that was changing devices goes on with `infra-kit apply SITE --resume`")
    return INTERRUPTED


def say_system(error: OSError) -> int:
    """Print what the operating system refused where nobody expected it: most often that the output has no room."""
    if error.errno not in _NO_ROOM:
        return say_internal(error)
    place = f"{error.filename}: " if error.filename else ""
    _print(f"error: {place}{error.strerror}")
    _print("  make room, and run the command again")
    return int(ExitCode.ERROR)


def say_internal(error: BaseException) -> int:
    """Print one line about a defect of infra-kit, with the traceback in a file that holds no secret."""
    file = _report(error)
    details = f"; details in {file}" if file else ""
    _print(f"error: internal error ({type(error).__name__}); please report it{details}")
    return int(ExitCode.ERROR)


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
