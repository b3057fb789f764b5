"""How the interpreter is set while a run works: many threads that wait for answers, and objects by the ten thousand that stay."""

from __future__ import annotations

import gc
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SWITCH_S = 0.001
"""Python's own 5 ms are what each answer of a device would wait for while another thread computes."""
_YOUNG = 50_000
"""Objects made before the cycle collector looks at them, instead of 700: a plan's stay until its end."""


@contextmanager
def of_a_run() -> Iterator[None]:
    """Until the block ends; then as before."""
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(_SWITCH_S)
    gc.set_threshold(_YOUNG, *thresholds[1:])
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
