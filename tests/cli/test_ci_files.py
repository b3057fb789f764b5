"""The files that site repositories use name commands and options that exist."""

from __future__ import annotations

import re
import shlex

import pytest
import yaml

from infra_kit.cli.app import run
from infra_kit.cli.command_table import COMMANDS


def commands(repository):
    hooks = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    found = [hook["entry"] for hook in hooks]
    for name in (".github/workflows/validate-site.yml", "docs/ci/gitlab-site.yml"):
        found += re.findall(r"infra-kit (?:validate|render)[^\n;>]*", (repository / name).read_text(encoding="utf-8"))
    return found


def test_every_command_and_option_exists(repository, capsys):
    found = commands(repository)
    assert len(found) >= 6
    for line in found:
        words = shlex.split(line.replace('"$(basename "$site")"', "x"))
        assert words[1] in COMMANDS
        assert run([words[1], "--help"]) == 0
        shown = capsys.readouterr().out
        for option in (word for word in words if word.startswith("--") and len(word) > 2):
            assert option.rstrip("`") in shown, line


@pytest.mark.parametrize("name", [".github/workflows/validate-site.yml", "docs/ci/gitlab-site.yml"])
def test_the_files_are_yaml(name, repository):
    assert yaml.safe_load((repository / name).read_text(encoding="utf-8"))


def test_the_workflow_puts_no_input_into_a_script(repository):
    workflow = yaml.safe_load((repository / ".github/workflows/validate-site.yml").read_text(encoding="utf-8"))
    for step in workflow["jobs"]["validate"]["steps"]:
        assert "${{" not in step.get("run", "")
