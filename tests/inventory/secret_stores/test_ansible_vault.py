"""Vaults that ansible-core's own command line made are read; nothing decrypted reaches the disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra_kit.inventory.errors import SecretError
from infra_kit.inventory.secrets import SecretStore

CONTENT = "bmc: hunter2\nswitch: {admin: swordfish, pin: 1234}\nempty: ''\nflag: true\n"


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("vault")
    (folder / "password").write_text("open sesame\n")
    for name, content in (("secrets.yml", CONTENT), ("broken.yml", "a: [hunter2\n")):
        (folder / name).write_text(content)
        command = [Path(sys.executable).with_name("ansible-vault"), "encrypt", folder / name, "--vault-password-file", folder / "password"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    (folder / "plain.yml").write_text(CONTENT)
    return folder


@pytest.fixture
def store(vault: Path, monkeypatch: pytest.MonkeyPatch) -> SecretStore:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(vault / "password"))
    return SecretStore(vault)


@pytest.mark.parametrize(("key", "value"), [("bmc", "hunter2"), ("switch.admin", "swordfish"), ("switch.pin", "1234")])
def test_values(store: SecretStore, key: str, value: str) -> None:
    assert store.resolve(f"ansible-vault:secrets.yml#{key}").get_secret_value() == value
    assert store.mask(f"login {value}") == f"login «ansible-vault:secrets.yml#{key}»"


def test_the_password_may_come_from_a_program(vault: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ask"
    program.write_text("#!/bin/sh\necho 'open sesame'\n")
    program.chmod(0o700)
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(program))
    assert SecretStore(vault).resolve("ansible-vault:secrets.yml#bmc").get_secret_value() == "hunter2"
    program.write_text("#!/bin/sh\nexit 3\n")
    with pytest.raises(SecretError, match="failed"):
        SecretStore(vault).resolve("ansible-vault:secrets.yml#bmc")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("secrets.yml#nothing", "has no key `nothing`"),
        ("secrets.yml#bmc.deeper", "has no key"),
        ("secrets.yml#switch", "is no text"),
        ("secrets.yml#empty", "is no text"),
        ("secrets.yml#flag", "is no text"),
        ("missing.yml#bmc", "cannot be read"),
        ("plain.yml#bmc", "is not encrypted"),
        ("broken.yml#a", "is no YAML"),
    ],
)
def test_what_does_not_resolve_says_why_and_no_secret(store: SecretStore, reference: str, words: str) -> None:
    with pytest.raises(SecretError, match=words) as caught:
        store.resolve(f"ansible-vault:{reference}")
    assert caught.value.remedy
    chain = f"{caught.value}{caught.value.__cause__}"
    assert "hunter2" not in chain
    assert "sesame" not in chain


def test_passwords_that_are_not_there(vault: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "wrong").write_text("close sesame")
    for name, words in (("missing", "cannot be read"), ("empty", "is empty"), ("wrong", "does not open")):
        monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(tmp_path / name))
        with pytest.raises(SecretError, match=words):
            SecretStore(vault).resolve("ansible-vault:secrets.yml#bmc")
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE")
    with pytest.raises(SecretError, match="no password"):
        SecretStore(vault).resolve("ansible-vault:secrets.yml#bmc")


def test_nothing_decrypted_is_on_disk(vault: Path, store: SecretStore) -> None:
    store.resolve("ansible-vault:secrets.yml#bmc")
    for folder, _, names in os.walk(vault):
        for name in names:
            if name != "plain.yml":
                assert b"hunter2" not in (Path(folder) / name).read_bytes(), name
