"""What the roles are given on a scenario's hosts: the variables that infra-kit itself makes, from a reference site with some changes.

Usage: variables.py SCENARIO_FOLDER OUT [CHANGES]. `site.yaml` of the scenario has the reference site's name (`of`) and, under `set`, what
differs: a path within the inventory -> its value; the file CHANGES of the scenario has more of them. OUT gets one file for each host of
molecule.yml.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from infra_kit.inventory.access import StandIn
from infra_kit.inventory.load import load_site
from infra_kit.layers.hosts.facts import HostFacts
from infra_kit.layers.hosts.rendering import variables
from infra_kit.layers.hosts.role import shipped_roles
from infra_kit.layers.hosts.runner.yaml_text import dumped

SHIPPED = Path(__file__).resolve().parents[2] / "inventory"
STAND_IN = StandIn(family="debian", release="12", packages="http://10.10.0.80/debian", registry="10.10.0.80:5000")


def changed(site: Path, changes: dict[str, Any]) -> None:
    """Write the changes into the section's file; comments are not kept, nobody reads them there."""
    for file in site.glob("*.yaml"):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        touched = False
        for path, value in changes.items():
            section, *steps = path.split(".")
            if section in document:
                place, *steps = document, section, *steps
                for step in steps[:-1]:
                    place = place[step]
                place[steps[-1]] = value
                touched = True
        if touched:
            file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def main(scenario: Path, out: Path, *further: str) -> None:
    """Write the files."""
    wanted = yaml.safe_load((scenario / "site.yaml").read_text(encoding="utf-8"))
    hosts = [each["name"] for each in yaml.safe_load((scenario / "molecule.yml").read_text(encoding="utf-8"))["platforms"]]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "site"
        shutil.copytree(SHIPPED / wanted["of"], folder)
        changed(folder, wanted.get("set", {}))
        for name in further:
            changed(folder, yaml.safe_load((scenario / name).read_text(encoding="utf-8")))
        site = load_site(folder)
        for name in hosts:
            facts = HostFacts(site, site.server_by_name[name], STAND_IN)
            own = [role for role in shipped_roles().roles if role.is_for(site, facts.server)]
            values: dict[str, Any] = {"infra_kit_roles": [role.name for role in own], "infra_kit_allow_wipe": []}
            for role in own:
                values |= variables(role, facts)
            (out / f"{name}.yaml").write_text(dumped(values), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
