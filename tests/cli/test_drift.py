from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_drift_is_what_differs(lab_site, capsys):
    arguments = ["drift", str(lab_site), "--target", "bmc/*/edge01"]
    assert run(arguments) == 0
    assert run([*arguments, "--detailed-exitcode"]) == 2
    assert "Drift: 0 to create, 2 to update" in capsys.readouterr().out


def test_ignored_drift_is_named_and_does_not_count(lab_site, capsys):
    arguments = ["drift", str(lab_site), "--target", "bmc/*/edge01", "--ignore", "bmc/bios/*", "--ignore", "bmc/boot/*"]
    assert run([*arguments, "--detailed-exitcode"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "Left out: bmc/bios/*, bmc/boot/*"
    assert run([*arguments, "--format", "json"]) == 0
    assert [each["id"] for each in json.loads(capsys.readouterr().out)["resources"]] == ["bmc/identity/edge01", "bmc/power/edge01"]
