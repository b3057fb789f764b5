from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from infra_kit.inventory.errors import StateError
from infra_kit.plan.events import Event
from infra_kit.plan.runlog import RunLog

if TYPE_CHECKING:
    from pathlib import Path


def _lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "run.log").read_text().splitlines()]


def test_every_text_is_masked_also_the_libraries_own(tmp_path: Path) -> None:
    with RunLog(tmp_path, lambda text: text.replace("geheim", "«x»")) as log:
        log.event(Event("applied", "bmc/a/1", "w1", message="it said geheim"))
        logging.getLogger("paramiko.transport").warning("login with %s", "geheim")
        log.line("note", deep={"list": ["geheim"]})
    logging.getLogger("paramiko.transport").warning("not ours any more")
    log.line("after the end")
    event, library, note = _lines(tmp_path)
    assert (event["what"], event["resource"], event["message"]) == ("applied", "bmc/a/1", "it said «x»")
    assert "outcome" not in event
    assert (library["name"], library["message"]) == ("paramiko.transport", "login with «x»")
    assert note["deep"] == {"list": ["«x»"]}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="the run's log cannot be written"):
        RunLog(tmp_path / "nowhere", str)


@pytest.mark.badday
def test_a_full_disk_costs_the_log_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "run.log").symlink_to("/dev/full")
    with RunLog(tmp_path, str) as log:
        log.line("first")
        log.line("second")
