from __future__ import annotations

import os
import sys

import pytest

from infra_kit.lab.watching import watch


def test_a_build_is_run_to_its_end_and_what_it_says_is_kept(tmp_path):
    said = []
    program = "import os, sys, time; print(os.environ['WHAT'], os.getcwd(), flush=True); time.sleep(0.5); sys.exit(3)"
    code = watch([sys.executable, "-c", program], tmp_path / "log", said.append, every_s=0.1, cwd=tmp_path, env={"WHAT": "built in"})
    assert code == 3
    assert (tmp_path / "log").read_text() == f"built in {tmp_path}\n"
    assert said == sorted(said)
    assert said[0] >= 0.1


def test_an_interrupted_build_is_ended(tmp_path):
    log = tmp_path / "log"

    def interrupt(_):
        if log.read_text():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"], log, interrupt, every_s=0.05)
    with pytest.raises(ProcessLookupError):
        os.kill(int(log.read_text()), 0)
