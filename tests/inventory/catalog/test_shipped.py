"""The shipped figures: each has its source, and none contradicts the public port maps and device types."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_kit.inventory.catalog.load import DATA, load_catalog, shipped
from infra_kit.inventory.catalog.models import Figure
from infra_kit.inventory.catalog.ports import interface_speeds, parse_mode

PUBLIC = Path(__file__).parents[4] / "shared" / "data"
needs_public_data = pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public device types and port maps are not beside the repository")


def figures() -> list[Any]:
    catalog = shipped()
    found = []
    for group in (catalog.servers, catalog.switches, catalog.arrays, catalog.gpus, catalog.processors):
        for model in group.values():
            for field in type(model).model_fields:
                value = getattr(model, field)
                if isinstance(value, Figure):
                    found.append(pytest.param(value, id=f"{model.name}-{field}"))
    return found


@pytest.mark.parametrize("figure", figures())
def test_every_figure_has_a_source_that_fits_its_status(figure: Figure[Any]) -> None:
    assert len(figure.source) > 10
    assert figure.confirmed == (figure.status != "verify")
    if "general knowledge" in figure.source and figure.status != "verify":
        # Part of a table may be; then the entries themselves say so.
        assert any(not entry.confirmed for entry in figure.value)
    if "third-party" in figure.source or "estimate" in figure.source or "merge markers" in figure.source:
        assert figure.status == "verify"


def test_the_reference_hardware_is_there() -> None:
    catalog = shipped()
    assert set(catalog.servers) == {"R6515", "R7515", "R7525"}
    assert set(catalog.switches) == {"S5248F-ON", "Z9432F-ON"}
    assert set(catalog.arrays) == {"H5600"}
    assert catalog.bios_profiles
    assert shipped() is catalog, "read once a process"


@needs_public_data
@pytest.mark.parametrize("model", ["R6515", "R7515", "R7525"])
def test_servers_agree_with_the_device_types(model: str) -> None:
    public = yaml.safe_load((PUBLIC / "netbox_devicetypes" / f"PowerEdge-{model}.yaml").read_text())
    ours = shipped().servers[model]
    assert ours.rack_units.value == public["u_height"]
    assert ours.psu_bays.value == len(public["power-ports"])
    assert ours.lom_ports is not None
    assert ours.lom_ports.value == sum(not each.get("mgmt_only") for each in public["interfaces"])


@needs_public_data
def test_s5248f_agrees_with_sonic() -> None:
    public = json.loads((PUBLIC / "switch_ports" / "sonic" / "s5248f" / "platform.json").read_text())["interfaces"]
    model = shipped().switches["S5248F-ON"]
    forms = {port: each for each in model.ports.value for port in range(each.first, each.last + 1)}
    groups = {port: group for group in model.port_groups.value for port in group.ports}
    assert len(public) == len(forms) == len(groups) == 56
    for entry in public.values():
        port = int(entry["index"].split(",")[0])
        lanes = len(entry["lanes"].split(","))
        assert (lanes, forms[port].speed_gbps) in {(1, 25), (4, 100)}
        offered = {(int(speed), int(count)) for mode in entry["breakout_modes"] for count, speed in _offered(mode)}
        for mode in groups[port].modes:
            parsed = parse_mode(mode)
            each = parsed.count // len(groups[port].ports)
            assert (parsed.speed_gbps, each) in offered, f"port {port} mode {mode}"


def _offered(mode: str) -> list[tuple[str, str]]:
    """`1x100G[40G]` -> one of 100, one of 40."""
    count, speeds = re.fullmatch(r"(\d)x(.*)", mode).groups()  # type: ignore[union-attr]
    return [(count, speed) for speed in re.findall(r"(\d+)G", speeds)]


@needs_public_data
def test_s5248f_chassis_agrees_with_sonic_and_netbox() -> None:
    chassis = json.loads((PUBLIC / "switch_ports" / "sonic" / "s5248f" / "platform.json").read_text())["chassis"]
    netbox = yaml.safe_load((PUBLIC / "netbox_devicetypes" / "Networking_s5248f-on-os10.yaml").read_text())
    model = shipped().switches["S5248F-ON"]
    assert model.fan_drawers is not None
    assert model.fan_drawers.value == len(chassis["fan_drawers"])
    assert model.psu_bays.value == len(netbox["power-ports"])
    assert model.rack_units.value == netbox["u_height"]
    ports = interface_speeds(model, {}, {})
    named = {each["name"].removeprefix("Ethernet ") for each in netbox["interfaces"] if each["name"].startswith("Ethernet ")}
    # netbox lists one port of each double-density cage.
    assert set(ports) - named == {"1/1/50", "1/1/52"}


@needs_public_data
def test_s5248f_interconnect_agrees_with_the_azure_template() -> None:
    template = json.loads((PUBLIC / "switch_ports" / "azurestack" / "s5248f-on.json").read_text())
    common = template["interface_templates"]["common"]
    peers = next(each for each in common if each["name"] == "MLAG_Peer_Links")
    first, last = (int(peers[end].rpartition("/")[2]) for end in ("start_intf", "end_intf"))
    model = shipped().switches["S5248F-ON"]
    assert model.vlt_interconnect_ports.value == list(range(first, last + 1))
    # A lane name of its own for 10G ports, as the template's border links have it.
    ports = interface_speeds(model, {"1/1/12": "10g-4x"}, {})
    assert {each["intf"] for each in common if each["name"].startswith("P2P_Border")} <= set(ports)


@needs_public_data
def test_z9432f_agrees_with_sonic() -> None:
    lines = (PUBLIC / "switch_ports" / "sonic" / "z9432f" / "port_config_o32.ini").read_text().splitlines()[1:]
    public = {f"1/1/{row[3]}": int(row[4]) // 1000 for row in map(str.split, lines) if row}
    model = shipped().switches["Z9432F-ON"]
    assert interface_speeds(model, {}, {}) == public
    chassis = json.loads((PUBLIC / "switch_ports" / "sonic" / "z9432f" / "platform.json").read_text())["chassis"]
    assert model.fan_drawers is not None
    assert model.fan_drawers.value == len(chassis["fan_drawers"])
    assert model.psu_bays.value == len(chassis["psus"])


def test_capacity_follows_from_the_ports() -> None:
    leaf, spine = shipped().switches["S5248F-ON"], shipped().switches["Z9432F-ON"]
    assert leaf.capacity_gbps is not None
    assert leaf.capacity_gbps.value == 2 * sum(interface_speeds(leaf, {}, {}).values())
    assert spine.capacity_gbps is not None
    assert spine.capacity_gbps.value == 2 * sum(speed for speed in interface_speeds(spine, {}, {}).values() if speed == 400)


def test_protection_table_gives_the_published_efficiencies() -> None:
    layouts = {each.level: each for each in shipped().arrays["H5600"].protection.value}

    def efficiency(level: str, nodes: int) -> int:
        layout = layouts[level]
        data = max(1, min(layout.b * nodes - layout.m, 16))
        return round(100 * data / (data + layout.m))

    table = {"+1n": (75, 80, 83), "+2d:1n": (75, 80, 83), "+3d:1n": (75, 80, 83), "+3d:1n1d": (62, 70, 75), "+4d:2n": (50, 60, 67)}
    for level, wanted in table.items():
        assert tuple(efficiency(level, nodes) for nodes in (4, 5, 6)) == pytest.approx(wanted, abs=1), level
    assert (efficiency("+2n", 5), efficiency("+2n", 6)) == (60, 67)
    assert efficiency("3x", 4) == 33


def test_a_site_adds_and_replaces_models(tmp_path: Path) -> None:
    (tmp_path / "gpus.yaml").write_text(
        (DATA / "gpus.yaml").read_text().replace("name: T4", "name: T4000").replace("value: 80,", "value: 81,")
    )
    catalog, documents = load_catalog(tmp_path)
    assert [document.findings for document in documents] == [[]]
    assert {"T4", "T4000"} <= set(catalog.gpus)
    assert catalog.gpus["A100-80GB"].memory_gib.value == 81
    assert catalog.servers is not shipped().servers
    assert set(catalog.servers) == set(shipped().servers)
    assert shipped().gpus["A100-80GB"].memory_gib.value == 80


def test_defects_of_a_site_catalogue_have_their_place(tmp_path: Path) -> None:
    (tmp_path / "gpus.yaml").write_text("gpus:\n  - name: X1\n    width: {value: triple, status: sourced, source: a data sheet}\n")
    (tmp_path / "other.yaml").write_text("gpus: [\n")
    catalog, documents = load_catalog(tmp_path)
    assert "X1" not in catalog.gpus
    found = [finding for document in documents for finding in document.findings]
    assert ("IK0101", 3, "gpus[name=X1].width.value") in {(each.rule, each.line, each.path) for each in found}
    assert "IK0003" in {each.rule for each in found}


def test_no_folder_is_the_shipped_catalogue(tmp_path: Path) -> None:
    assert load_catalog(tmp_path / "nowhere") == (shipped(), [])
