from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.inventory.errors import SecretError
from infra_kit.inventory.secrets import SecretStore


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_PASSWORD", "hunter2")
    store = SecretStore(tmp_path)
    secret = store.resolve("env:A_PASSWORD")
    assert secret.get_secret_value() == "hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {store.__dict__}"


def test_file_is_relative_to_the_folder_and_loses_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "bmc").write_text("hunter2\n")
    assert SecretStore(tmp_path).resolve("file:bmc").get_secret_value() == "hunter2"
    assert SecretStore(Path("/")).resolve(f"file:{tmp_path / 'bmc'}").get_secret_value() == "hunter2"


def test_a_secret_is_read_once(tmp_path: Path) -> None:
    file = tmp_path / "bmc"
    file.write_text("hunter2")
    store = SecretStore(tmp_path)
    assert store.resolve("file:bmc") is store.resolve("file:bmc")
    file.unlink()
    assert store.resolve("file:bmc").get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NOT_SET_ANYWHERE", "NOT_SET_ANYWHERE is not set"),
        ("file:missing", "No such file"),
        ("file:folder", "Is a directory"),
        ("file:empty", "is empty"),
        ("file:binary", "is not UTF-8"),
        ("keepass:x", "unknown scheme"),
        ("", "unknown scheme"),
    ],
)
def test_what_does_not_resolve_says_why(tmp_path: Path, reference: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretError, match=words) as caught:
        SecretStore(tmp_path).resolve(reference)
    assert caught.value.remedy
    assert caught.value.where == ("a secret reference" if "scheme" in words else f"secret reference {reference}")


def test_a_literal_in_place_of_a_reference_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SecretError) as caught:
        SecretStore(tmp_path).resolve("hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("reference", ["vault:", "ansible-vault:missing.yml#x"])
def test_other_stores_answer_with_secret_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str) -> None:
    monkeypatch.delenv("VAULT_ADDR", raising=False)
    with pytest.raises(SecretError):
        SecretStore(tmp_path).resolve(reference)


def test_masking_prefers_the_longer_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHORT", "hunter")
    monkeypatch.setenv("LONG", "hunter2")
    store = SecretStore(tmp_path)
    assert store.mask("hunter2") == "hunter2", "nothing is resolved yet"
    store.resolve("env:SHORT")
    store.resolve("env:LONG")
    assert store.mask("a hunter2 b hunter c") == "a «env:LONG» b «env:SHORT» c"
