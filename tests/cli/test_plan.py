from __future__ import annotations

import json

from infra_kit.cli.app import run


def test_text(lab_site, capsys):
    assert run(["plan", str(lab_site), "--target", "storage/zone/*"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"configuration-1: lab (endpoints {lab_site}/.infra-kit/lab/endpoints.yaml)"
    assert lines[1:3] == ["storage", "  array01"]
    assert "    + storage/zone/cdp" in lines
    assert lines[-1].startswith("Plan: 2 to create, 0 to update, 0 to delete, ")


def test_json_is_the_plan_document_and_nothing_else(lab_site, capsys):
    assert run(["plan", str(lab_site), "--target", "storage/zone/*", "--format", "json"]) == 0
    said = capsys.readouterr()
    document = json.loads(said.out)
    assert document["format"] == "infra-kit-plan/1"
    assert document["summary"]["create"] == 2
    assert said.err.startswith("configuration-1: lab (")


def test_out_holds_what_json_prints(lab_site, tmp_path, capsys):
    path = tmp_path / "plan.json"
    assert run(["plan", str(lab_site), "--target", "storage/zone/*", "--out", str(path), "--format", "json"]) == 0
    assert json.loads(path.read_text()) == json.loads(capsys.readouterr().out)


def test_exit_code_2_only_when_asked_for(lab_site):
    arguments = ["plan", str(lab_site), "--target", "storage/zone/*"]
    assert run(arguments) == 0
    assert run([*arguments, "--detailed-exitcode"]) == 2
    assert run(["plan", str(lab_site), "--target", "bmc/identity/master01", "--detailed-exitcode"]) == 0


def test_an_unknown_is_pending_business(lab, capsys):
    lab.control.faults("master01", unreachable=True)
    arguments = ["plan", str(lab.site_folder), "--target", "bmc/identity/master01"]
    assert run([*arguments, "--detailed-exitcode"]) == 2
    assert "? bmc/identity/master01  unknown: master01: " in capsys.readouterr().out


def test_without_a_lab_no_device_is_contacted(site_folder, capsys):
    assert run(["plan", str(site_folder)]) == 1
    error = capsys.readouterr().err
    assert "no lab is running for it: no device is contacted" in error
    assert f"infra-kit lab up {site_folder}" in error


def test_an_overlay_given_by_hand(lab, tmp_path, capsys):
    other = tmp_path / "other"
    other.mkdir()
    for file in lab.site_folder.glob("*.yaml"):
        (other / file.name).write_bytes(file.read_bytes())
    assert run(["plan", str(other), "--target", "storage/zone/*", "--endpoints", str(lab.endpoints)]) == 0
    assert capsys.readouterr().out.startswith(f"configuration-1: live, through endpoints {lab.endpoints}\n"), "it is not this site's lab"


def test_a_live_site_says_so(site_folder, capsys):
    file = site_folder / "site.yaml"
    file.write_text(
        file.read_text().replace("  access: lab", "  access: live").replace("file:.infra-kit/lab/secrets/array", "env:UNSET_HERE")
    )
    (site_folder / "trust.yaml").write_text("trust: {known_hosts: known_hosts}\n")
    (site_folder / "known_hosts").touch()
    assert run(["plan", str(site_folder), "--layer", "storage"]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[0] == "configuration-1: live devices at their own addresses"
    assert "array01: secret reference env:UNSET_HERE of credential array: environment variable UNSET_HERE is not set" in said


def test_a_device_that_the_running_lab_lacks_is_unknown_and_the_others_are_read(lab, capsys):
    overlay = lab.endpoints.read_text()
    start = overlay.index("  worker01:")
    lab.endpoints.write_text(overlay[:start] + overlay[overlay.index("  worker02:") :])
    run(["plan", str(lab.site_folder), "--target", "bmc/bios/worker0*"])
    said = capsys.readouterr()
    assert said.err == ""
    assert "worker01: the endpoints overlay has no redfish entry" in said.out
    assert f"infra-kit lab up {lab.site_folder}" in said.out
    assert "bmc/bios/worker02" in said.out
    assert "bmc/bios/worker02: the" not in said.out


def test_a_switch_whose_configuration_lacks_a_secret_is_unknown_and_the_others_are_read(lab, capsys):
    (lab.folder.secrets / "snmp-community").unlink()
    run(["plan", str(lab.site_folder), "--target", "fabric/config/leaf01a", "--target", "bmc/bios/worker01"])
    said = capsys.readouterr()
    assert said.err == ""
    assert "leaf01a: secret reference file:.infra-kit/lab/secrets/snmp-community: secret file " in said.out
    assert "bmc/bios/worker01" in said.out


def test_a_broken_inventory(site_folder, capsys):
    (site_folder / "site.yaml").write_text("site: {}\n")
    assert run(["plan", str(site_folder)]) == 65


def test_unknown_layers_and_targets(lab_site, capsys):
    assert run(["plan", str(lab_site), "--layer", "wires"]) == 64
    assert "no layer is called wires" in capsys.readouterr().err
    assert run(["plan", str(lab_site), "--target", "storage/zones/*"]) == 64
    assert "no resource matches --target `storage/zones/*`" in capsys.readouterr().err


def test_a_layer_that_has_nothing_of_a_workspace_is_not_narrowed_to_one(site_folder, capsys):
    assert run(["plan", str(site_folder), "--layer", "cluster", "--workspace", "fraud"]) == 64
    assert "layer cluster has nothing of a workspace" in capsys.readouterr().err
