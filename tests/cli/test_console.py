from __future__ import annotations

import io

import pytest

from infra_kit.cli import console


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(monkeypatch):
    """Called inside the test: pytest puts its own streams in place between the phases of a test."""
    monkeypatch.setattr("sys.stdout", Terminal())
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_colour_on_a_terminal(monkeypatch):
    on_terminal(monkeypatch)
    assert console.paint("x", "red") == "\x1b[31mx\x1b[0m"
    assert console.paint("x", "bold") == "\x1b[1mx\x1b[0m"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_where_it_is_not_wanted(monkeypatch, name, value):
    on_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    assert console.paint("x", "red") == "x"


def test_no_colour_in_a_pipe(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert console.paint("x", "red") == "x"


def test_someone_to_ask_needs_both_ends(monkeypatch):
    on_terminal(monkeypatch)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert not console.is_interactive()
    monkeypatch.setattr("sys.stdin", Terminal())
    assert console.is_interactive()


def test_a_line_is_as_long_as_the_terminal_allows(monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    assert console.cut("a  b\nc") == "a  b c"
    assert console.cut("x" * 60) == f"{'x' * 49}…"
    lines = console.wrapped(f"{'word ' * 20}and/a/name/that/is/longer/than/a/line/{'x' * 40}", 4)
    assert all(line.startswith("    ") for line in lines)
    assert max(map(len, lines[:-1])) <= 50
    assert lines[-1].endswith("x" * 40)
    monkeypatch.delenv("COLUMNS")
    assert console.width() == 140
