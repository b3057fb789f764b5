from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_kit.inventory.document import Document, path_text, read_document


def document(folder: Path, text: str | bytes) -> Document:
    path = folder / "x.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_document(path, "x.yaml")


def only(found: Document) -> tuple[str, int, int]:
    assert len(found.findings) == 1, found.findings
    finding = found.findings[0]
    return finding.rule, finding.line, finding.column


SCALARS: list[tuple[str, Any]] = [
    ("1", 1),
    ("-7", -7),
    ("+7", 7),
    ("0777", 777),
    ("0o17", 15),
    ("0x1F", 31),
    ("1.5", 1.5),
    ("-.5", -0.5),
    ("1e3", 1000.0),
    ("1:30", "1:30"),
    ("1.2.3", "1.2.3"),
    ("10.0.0.1/31", "10.0.0.1/31"),
    ("1/1/53", "1/1/53"),
    ("+2d:1n", "+2d:1n"),
    ("on", "on"),
    ("off", "off"),
    ("yes", "yes"),
    ("no", "no"),
    ("true", True),
    ("False", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("2024-01-01", "2024-01-01"),
    (".inf", ".inf"),
    (".nan", ".nan"),
    ('"1"', "1"),
    ("'true'", "true"),
    ("!!str 1", "1"),
    ("|\n  1\n", "1\n"),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_are_typed_by_the_core_schema(tmp_path: Path, text: str, value: Any) -> None:
    found = document(tmp_path, f"a: {text}\n")
    assert found.findings == []
    assert found.value["a"] == value
    assert type(found.value["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a: 1\nb:\n\t- c\n", ("IK0003", 3, 1)),
        ("a: *nowhere\n", ("IK0003", 1, 4)),
        ("a: 1\na: 2\n", ("IK0007", 2, 1)),
        ("a: {b: 1, b: 2}\n", ("IK0007", 1, 11)),
        ("a: &x [*x]\n", ("IK0008", 1, 4)),
        ("a:\n  - !!set {b}\n", ("IK0009", 2, 5)),
        ("a: b: c\n", ("IK0003", 1, 5)),
        ("---\na: 1\n---\nb: 1\n", ("IK0003", 3, 1)),
        ("", ("IK0004", 1, 1)),
        ("- a\n", ("IK0005", 1, 1)),
        ("just words\n", ("IK0005", 1, 1)),
        ("? {a: 1}\n: 2\n", ("IK0006", 1, 3)),
        ("a: 1\nb: 99999999999999999999\n", ("IK0012", 2, 4)),
        ("ä: 1\nb: \x07\n".encode(), ("IK0003", 2, 1)),
        (b"a: 1\nb: x\xff\n", ("IK0002", 2, 5)),
        ("a: 1\n".encode("utf-16"), ("IK0002", 1, 1)),
    ],
)
def test_defects_have_their_place(tmp_path: Path, text: str | bytes, place: tuple[str, int, int]) -> None:
    assert only(document(tmp_path, text)) == place


def test_byte_order_mark_is_skipped(tmp_path: Path) -> None:
    found = document(tmp_path, b"\xef\xbb\xbfa: 1\n")
    assert (found.value, found.findings) == ({"a": 1}, [])


def test_windows_line_ends_are_fine(tmp_path: Path) -> None:
    assert document(tmp_path, "a: 1\r\nb:\r\n  - c\r\n").value == {"a": 1, "b": ["c"]}


def test_both_values_of_an_alias_are_there(tmp_path: Path) -> None:
    assert document(tmp_path, "a: &x {b: 1}\nc: *x\n").value == {"a": {"b": 1}, "c": {"b": 1}}


def test_alias_bomb_is_cut(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    found = document(tmp_path, "\n".join(lines))
    assert [finding.rule for finding in found.findings] == ["IK0011"]


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 50_000, "a: " + "- " * 50_000 + "x", "{a: " * 50_000, "\n".join(" " * n + "a:" for n in range(900))]
)
def test_depth_never_ends_the_process(tmp_path: Path, text: str) -> None:
    assert only(document(tmp_path, text))[0] == "IK0003"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x: 1\na: " + "[" * 70, ("IK0003", 2, 66)),
        ("\n".join(" " * n + "a:" for n in range(70)), ("IK0003", 64, 64)),
    ],
)
def test_too_deep_nesting_is_shown_where_the_limit_is_passed(tmp_path: Path, text: str, place: tuple[str, int, int]) -> None:
    assert only(document(tmp_path, text)) == place


def test_missing_and_special_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "dangling.yaml").symlink_to(tmp_path / "nowhere")
    for name in ("pipe", "folder", "dangling", "missing"):
        assert only(read_document(tmp_path / f"{name}.yaml", name))[0] == "IK0001"


TEXT = """\
site:
  name: a
servers:
  - name: worker01
    nics:
      - {name: eth0, port: 1/1/1}
      - {name: eth1, port: 1/1/2}
plain: [1, [2, 3]]
"""


@pytest.mark.parametrize(
    ("path", "place", "text"),
    [
        ((), (1, 1), ""),
        (("site",), (1, 1), "site"),
        (("site", "name"), (2, 9), "site.name"),
        (("site", "colour"), (1, 1), "site.colour"),
        (("servers", 0), (4, 5), "servers[name=worker01]"),
        (("servers", 0, "nics"), (5, 5), "servers[name=worker01].nics"),
        (("servers", 0, "nics", 1, "port"), (7, 28), "servers[name=worker01].nics[name=eth1].port"),
        (("servers", 7, "nics"), (3, 1), "servers[7].nics"),
        (("plain", 1, 0), (8, 13), "plain[1][0]"),
        (("nothing", "here"), (1, 1), "nothing.here"),
    ],
)
def test_places_and_paths(tmp_path: Path, path: tuple[str | int, ...], place: tuple[int, int], text: str) -> None:
    found = document(tmp_path, TEXT)
    assert found.place(path) == place
    assert found.path_text(path) == text


def test_a_key_has_its_own_place(tmp_path: Path) -> None:
    found = document(tmp_path, TEXT)
    assert found.place(("site", "name"), at_key=True) == (2, 3)
    assert found.place(("servers", 0, "nics", 1, "port"), at_key=True) == (7, 22)
    assert found.place(("plain", 1), at_key=True) == (8, 12)


def test_items_are_named_by_their_first_key_that_names_them() -> None:
    value = {
        "vlans": [{"network": "n", "address": "a"}],
        "lags": [{"id": 7}],
        "receivers": [{"host": "h", "port": 162}],
        "disks": [{"purpose": "boot"}],
    }
    assert path_text(value, ("vlans", 0)) == "vlans[network=n]"
    assert path_text(value, ("lags", 0, "ports")) == "lags[id=7].ports"
    assert path_text(value, ("receivers", 0)) == "receivers[host=h]"
    assert path_text(value, ("disks", 0, "count")) == "disks[purpose=boot].count"


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=200), st.text(alphabet="ab:-[]{}&*!|>#'\"%@`,?\n\t 01.~", max_size=80).map(str.encode)))
def test_whatever_the_file_holds_there_is_an_answer(tmp_path: Path, content: bytes) -> None:
    found = document(tmp_path, content)
    assert isinstance(found.value, dict)
    lines = content.count(b"\n") + content.count(b"\r") + content.count("\x85".encode()) + content.count("\u2028".encode()) * 2 + 2
    for finding in found.findings:
        assert 1 <= finding.line <= lines + content.count("\u2029".encode())
        assert finding.column >= 1
        assert finding.rule.startswith("IK00")
