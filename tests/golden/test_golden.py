"""What the reference sites render, against the files beside this test; `make golden` refreshes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra_kit.cli.app import run


@pytest.mark.parametrize("site", ["configuration-1", "configuration-2"])
def test_the_reference_site_renders_as_it_did(site, repository, capsys):
    code = run(["render", str(repository / "inventory" / site), "--out", str(Path(__file__).parent / site), "--check"])
    assert code == 0, f"{capsys.readouterr().out}\nIf this is meant: make golden, and read the git diff."
