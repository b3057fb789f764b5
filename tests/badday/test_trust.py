"""Wrong certificate, wrong host key, wrong password: refused, with the device and the remedy, at most two logins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra_kit.lab.trust import Authority, host_key, known_hosts_line

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bench


def _unknown(bench: Bench, target: str) -> str:
    said = bench.infra("apply", "--target", target, "--yes")
    assert said.code == 1, said.out
    line = next(line for line in said.out.splitlines() if line.strip().startswith("?"))
    assert "Traceback" not in said.out + said.err
    return line


def _attempts(asked: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """A BMC counts refused logins itself; elsewhere nothing but logging in was asked."""
    return [each for each in asked if each[0] == "login-refused"] or asked


@pytest.mark.parametrize(("device", "target"), [("master01", "bmc/bios/master01"), ("array01", "storage/zone/*")])
def test_a_certificate_of_another_authority(bench: Bench, tmp_path: Path, device: str, target: str) -> None:
    (bench.site / ".infra-kit/lab/trust/ca.pem").write_bytes(Authority(tmp_path / "other").certificate_file.read_bytes())
    bench.forget()
    line = _unknown(bench, target)
    assert f"{device}: " in line
    assert "certificate" in line
    assert "(" in line
    assert bench.asked() == {}


def test_another_host_key(bench: Bench, tmp_path: Path) -> None:
    key = host_key(tmp_path / "other-key")
    known = bench.site / ".infra-kit/lab/known_hosts"
    places = [line.split()[0].strip("[]").split("]:") for line in known.read_text().splitlines()]
    known.write_text("".join(known_hosts_line(key, host, int(port)) for host, port in places))
    bench.forget()
    line = _unknown(bench, "fabric/config/leaf01a")
    assert "leaf01a: " in line
    assert "host key" in line
    assert not [each for each in bench.control.events("leaf01a") if each[0] == "login"]


@pytest.mark.parametrize(
    ("device", "secret", "target"),
    [
        ("master01", "bmc", "bmc/*/master01"),
        ("leaf01a", "switch", "fabric/config/leaf01a"),
        ("array01", "array", "storage/*"),
    ],
)
def test_a_wrong_password(bench: Bench, device: str, secret: str, target: str) -> None:
    (bench.site / ".infra-kit/lab/secrets" / secret).write_text("certainly-not-this-one\n")
    bench.forget()
    line = _unknown(bench, target)
    assert f"{device}: " in line
    assert "certainly-not-this-one" not in line
    asked = bench.asked()
    assert set(asked) == {device}
    assert 1 <= len(_attempts(asked[device])) <= 2, asked
