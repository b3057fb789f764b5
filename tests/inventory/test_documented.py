"""The examples of docs/platform-and-workspaces.md, in a reference site, are valid."""

from __future__ import annotations

import json
import re
import shutil

import yaml

from infra_kit.inventory.load import load


def test_the_documented_examples_are_valid(repository, tmp_path):
    text = (repository / "docs" / "platform-and-workspaces.md").read_text(encoding="utf-8")
    identity, workspaces, catalog = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL))
    folder = tmp_path / "site"
    shutil.copytree(repository / "inventory" / "configuration-1", folder, ignore=shutil.ignore_patterns(".infra-kit"))
    platform = yaml.safe_load((folder / "platform.yaml").read_text(encoding="utf-8"))
    platform["kubernetes"] |= identity["kubernetes"]
    platform["workspaces"] = workspaces["workspaces"]
    site = yaml.safe_load((folder / "site.yaml").read_text(encoding="utf-8"))
    site["credentials"].append({"name": "directory", "user": "cn=infra-kit,dc=example,dc=org", "password": "env:IK_DIRECTORY"})
    catalog["images"][0]["digest"] = f"sha256:{'0' * 64}"
    (folder / "platform.yaml").write_text(json.dumps(platform))
    (folder / "site.yaml").write_text(json.dumps(site))
    (folder / "catalog").mkdir()
    (folder / "catalog" / "own.yaml").write_text(json.dumps(catalog))
    assert load(folder).findings == []
