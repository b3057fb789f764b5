"""Every artifact of a full day, searched for every secret that was used: none."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Bench


def _forms(secret: str) -> set[bytes]:
    """A secret as it may be written."""
    return {
        secret.encode(),
        json.dumps(secret)[1:-1].encode(),
        base64.b64encode(secret.encode()).rstrip(b"="),
    }


def test_no_artifact_holds_a_secret(bench: Bench, tmp_path: Path) -> None:
    lab = bench.site / ".infra-kit" / "lab"
    secrets = {file.name: file.read_text().strip() for file in (lab / "secrets").iterdir()}
    assert len(secrets) >= 5
    plan = tmp_path / "plan.json"
    bench.control.faults("array01", drop_after_changes=20)
    bench.control.faults("spine02", refuse_logins=5)
    said = [
        bench.infra("plan", "--out", str(plan)),
        bench.infra("plan", "--layer", "fabric", "--format", "json"),
        bench.infra("apply", "--yes"),
        bench.infra("apply", "--yes", "--resume"),
        bench.infra("drift", "--layer", "fabric"),
        bench.infra("status", "--format", "json"),
        bench.infra("history", "--format", "json"),
    ]
    texts = {f"output {number}": (each.out + each.err).encode() for number, each in enumerate(said)}
    own = [plan, *(file for file in (bench.site / ".infra-kit").rglob("*") if file.is_file() and lab not in file.parents)]
    texts |= {str(file): file.read_bytes() for file in own}
    assert any("state.db" in name for name in texts)
    assert any("backups/" in name for name in texts)
    found = [(place, name) for place, text in texts.items() for name, secret in secrets.items() for form in _forms(secret) if form in text]
    assert found == []
