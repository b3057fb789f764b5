from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from infra_kit.with_parent import tied

# Starts a program that says when it has begun, and when it is asked to end; is killed itself then.
PARENT = """
import signal, subprocess, sys
from infra_kit.with_parent import tied
CHILD = '''
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: (print("asked to end", flush=True), sys.exit()))
print("begun", flush=True)
signal.pause()
'''
subprocess.Popen(tied([sys.executable, "-c", CHILD], signal.Signals(int(sys.argv[1]))))
signal.pause()
"""


@pytest.mark.parametrize(("ending", "last_words"), [(signal.SIGTERM, "asked to end\n"), (signal.SIGKILL, "")])
def test_a_tied_program_ends_with_whoever_started_it_by_the_signal_that_was_asked_for(ending, last_words):
    with subprocess.Popen([sys.executable, "-c", PARENT, str(int(ending))], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "begun\n"
        parent.kill()
        assert parent.stdout.read() == last_words  # the pipe ends when the child, which alone has its other end, has ended


def test_nothing_is_started_for_a_parent_that_is_gone_already():
    command = tied(["/bin/echo", "started"])
    command[command.index(str(os.getpid()))] = "1"
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
