from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from infra_kit import __version__
from infra_kit.cli import app as app_module
from infra_kit.cli import group
from infra_kit.cli.app import run
from infra_kit.cli.command_table import COMMANDS, Entry
from infra_kit.inventory.errors import LockedError, StalePlanError
from infra_kit.inventory.secrets import SecretStore


@pytest.fixture
def command(monkeypatch):
    """Puts a function of the test into the table as the command `trial`."""

    def install(function):
        monkeypatch.setattr(sys.modules[__name__], "trial", function, raising=False)
        monkeypatch.setattr(group, "import_module", lambda _name: sys.modules[__name__])
        monkeypatch.setitem(COMMANDS, "trial", Entry("trial", "trial", "Try."))

    return install


def test_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"infra-kit {__version__}\n"


def test_the_overview_names_every_command(capsys):
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, entry in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(entry.summary)}$", shown, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says_of_itself(name):
    found = group.CommandTable(name="infra-kit").get_command(None, name)
    assert found.help.partition("\n")[0] == COMMANDS[name].summary


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert run([name, "--help"]) == 0
    assert COMMANDS[name].summary in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments", [[], ["nosuch"], ["--nosuch"], ["validate"], ["validate", "x", "--format", "xml"], ["rules", "extra"]]
)
def test_wrong_usage_ends_with_64(arguments, capsys):
    assert run(arguments) == 64
    printed = capsys.readouterr()
    assert "Traceback" not in printed.err
    assert "Usage" in printed.err


@pytest.mark.parametrize(
    ("error", "code"),
    [(LockedError("run 7 holds the lock", where="site", remedy="wait"), 4), (StalePlanError("moved", remedy="plan again"), 3)],
)
def test_errors_say_what_where_and_what_next(error, code, command, capsys):
    def trial() -> None:
        """Try."""
        raise error

    command(trial)
    assert run(["trial"]) == code
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"error: {error.where + ': ' if error.where else ''}{error.what}", f"  {error.remedy}"]


def test_an_error_without_a_remedy_is_one_line(command, capsys):
    def trial() -> None:
        """Try."""
        raise LockedError("held")

    command(trial)
    assert run(["trial"]) == 4
    assert capsys.readouterr().err == "error: held\n"


def test_an_unexpected_exception_is_one_line_and_a_file(command, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("IK_PASSWORD", "hunter2-hunter2")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = SecretStore(tmp_path)

    def trial() -> None:
        """Try."""
        raise KeyError(f"lost {store.resolve('env:IK_PASSWORD').get_secret_value()}")

    command(trial)
    assert run(["trial"]) == 1
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert "internal error (KeyError); please report it" in printed
    file = Path(printed.rpartition("details in ")[2].strip())
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_text(encoding="utf-8")
    assert "Traceback" in text
    assert "test_app.py" in text
    assert "hunter2-hunter2" not in text
    assert "«env:IK_PASSWORD»" in text


def test_an_unexpected_exception_is_said_even_where_nothing_can_be_written(command, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))

    def trial() -> None:
        """Try."""
        raise ZeroDivisionError

    command(trial)
    assert run(["trial"]) == 1
    assert capsys.readouterr().err == "error: internal error (ZeroDivisionError); please report it\n"


@pytest.mark.parametrize("signal", [KeyboardInterrupt, typer.Abort])
def test_an_interrupt_ends_with_130_and_a_sentence(signal, command, capsys):
    def trial() -> None:
        """Try."""
        raise signal

    command(trial)
    assert run(["trial"]) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize(("result", "code"), [(None, 0), (0, 0), (2, 2), (5, 5)])
def test_what_a_command_returns_is_the_exit_code(result, code, command):
    def trial() -> int | None:
        """Try."""
        return result

    command(trial)
    assert run(["trial"]) == code


def test_exit_two_of_a_command_is_not_wrong_usage(command):
    def trial() -> None:
        """Try."""
        raise typer.Exit(2)

    command(trial)
    assert run(["trial"]) == 2


def test_main_ends_the_process(monkeypatch):
    monkeypatch.setattr(app_module, "run", lambda: 65)
    with pytest.raises(SystemExit) as end:
        app_module.main()
    assert end.value.code == 65


def test_the_overview_imports_no_command_and_nothing_heavy():
    code = "import sys; from infra_kit.cli.app import run; run(['--help']); print(sorted(sys.modules), file=sys.stderr)"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stderr
    for heavy in ("rich.console", "pydantic", "yaml", "sushy", "netmiko", "sqlalchemy", "httpx", "jinja2", "numpy"):
        assert f"'{heavy}'" not in modules
    assert "'infra_kit.cli.validate'" not in modules


def test_validate_imports_nothing_heavy(repository):
    code = "import sys; from infra_kit.cli.app import run; run(sys.argv[1:]); print(sorted(sys.modules), file=sys.stderr)"
    command = [sys.executable, "-c", code, "validate", str(repository / "inventory/configuration-1")]
    modules = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    for heavy in ("rich.console", "sushy", "netmiko", "paramiko", "sqlalchemy", "httpx", "jinja2", "numpy", "ruamel", "aiohttp"):
        assert f"'{heavy}'" not in modules


@pytest.mark.parametrize("filename", [None, "/site/out"])
def test_no_room_for_the_output_is_no_internal_error(filename, command, capsys):
    def trial() -> None:
        """Try."""
        raise OSError(28, "No space left on device", filename)

    command(trial)
    assert run(["trial"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"error: {filename + ': ' if filename else ''}No space left on device",
        "  make room, and run the command again",
    ]


def test_another_refusal_of_the_system_is_an_internal_error(command, capsys):
    def trial() -> None:
        """Try."""
        raise OSError(5, "Input/output error")

    command(trial)
    assert run(["trial"]) == 1
    assert "internal error (OSError)" in capsys.readouterr().err


def test_a_terminal_that_cannot_show_a_letter_gets_its_code(reference_site):
    path = reference_site / "networks.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("vlan: 101", "vlan: 4094  # → 101", 1), encoding="utf-8")
    command = [sys.executable, "-c", "from infra_kit.cli.app import main; main()", "validate", str(reference_site)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONIOENCODING": "iso8859-1"})
    assert done.returncode == 65
    assert "# \\u2192 101" in done.stdout
