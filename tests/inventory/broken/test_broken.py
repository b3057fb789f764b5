"""Every file of cases/ breaks the good sites, one change after the other; the findings are exactly those written there.

A case is a list of changes on a good site (`site: 1`, the default, or 2):
`set: PATH, to: VALUE` · `remove: PATH` · `append: PATH, value: VALUE` · `duplicate: PATH, with: {KEY: VALUE}` (null removes the key)
`file: NAME, text: TEXT` or `hex: BYTES` · `folder: NAME`. Paths name list items by a key: `servers[name=worker01].nics[name=ens1f0].port`.

INFRA_KIT_REFRESH=1 writes the findings into the cases; read the git diff afterwards.
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from infra_kit.inventory.document import read_document
from infra_kit.inventory.load import load
from infra_kit.inventory.rules.registry import every_rule

if TYPE_CHECKING:
    from infra_kit.inventory.loaded import Loaded

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))
REFRESH = os.environ.get("INFRA_KIT_REFRESH") == "1"
STEP = re.compile(r"([^.\[\]]+)|\[([^\]]+)\]")


def read(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)


def every_case() -> list[Any]:
    return [pytest.param(case, id=f"{path.stem}-{case['case'].replace(' ', '-')}") for path in CASES for case in read(path)]


@pytest.fixture(scope="module")
def good() -> dict[int, dict[str, Any]]:
    return {number: read_document(HERE / "good" / f"configuration-{number}.yaml", "good").value for number in (1, 2)}


def walk(value: Any, path: str) -> tuple[Any, Any]:
    """What holds the path's last step, and that step as a key or an index."""
    steps = [key or item for key, item in STEP.findall(path)]
    for position, step in enumerate(steps):
        key: Any = step
        if isinstance(value, list):
            name, named, wanted = step.partition("=")
            key = next(n for n, each in enumerate(value) if str(each.get(name)) == wanted) if named else int(step)
        if position == len(steps) - 1:
            return value, key
        value = value[key]
    raise AssertionError(path)


def change(site: dict[str, Any], folder: Path, step: dict[str, Any]) -> None:
    if "set" in step:
        holder, key = walk(site, step["set"])
        holder[key] = step["to"]
    elif "remove" in step:
        holder, key = walk(site, step["remove"])
        del holder[key]
    elif "append" in step:
        holder, key = walk(site, step["append"])
        holder[key].append(step["value"])
    elif "duplicate" in step:
        holder, key = walk(site, step["duplicate"])
        merged = {**copy.deepcopy(holder[key]), **step.get("with", {})}
        holder.append({name: value for name, value in merged.items() if value is not None})
    elif "folder" in step:
        (folder / step["folder"]).mkdir()
    else:
        path = folder / step["file"]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes.fromhex(step["hex"]) if "hex" in step else step["text"].encode())


def check(case: dict[str, Any], good: dict[int, dict[str, Any]], folder: Path) -> Loaded:
    site = copy.deepcopy(good[case.get("site", 1)])
    for step in case["change"]:
        change(site, folder, step)
    (folder / "site.yaml").write_text(json.dumps(site, indent=1, ensure_ascii=False))
    return load(folder)


def found(loaded: Loaded, folder: Path) -> list[dict[str, str]]:
    rows = [
        {"rule": each.rule, "severity": each.severity, "path": each.path, "message": each.message.replace(f"{folder}", "SITE")}
        for each in loaded.findings
    ]
    return sorted(rows, key=lambda row: (row["rule"], row["path"], row["message"]))


@pytest.mark.parametrize("case", every_case())
def test_exactly_these_findings(case: dict[str, Any], good: dict[int, dict[str, Any]], tmp_path: Path) -> None:
    loaded = check(case, good, tmp_path)
    if not REFRESH:
        assert found(loaded, tmp_path) == case["expect"]
    assert case["breaks"] in {finding.rule for finding in loaded.findings}
    for finding in loaded.findings:
        assert all((finding.message, finding.hint, finding.line >= 1, finding.column >= 1)), finding
        assert Path(finding.file).exists(), finding


@pytest.mark.parametrize("number", [1, 2])
def test_good_site_is_good(number: int, good: dict[int, dict[str, Any]], tmp_path: Path) -> None:
    loaded = check({"site": number, "change": []}, good, tmp_path)
    assert loaded.findings == []
    assert loaded.site is not None


def test_every_rule_is_broken_by_a_case_and_explains_itself() -> None:
    rules = every_rule()
    broken = {case["breaks"] for path in CASES for case in read(path)}
    assert {rule.id for rule in rules} == broken
    assert [rule_id for rule_id, count in Counter(rule.id for rule in rules).items() if count > 1] == []
    for rule in rules:
        assert re.fullmatch(r"IK[0-9]{4}", rule.id), rule
        assert rule.family
        assert re.fullmatch(r"[^\n]+[.]", rule.summary), rule
    assert len(broken) >= 80
    assert sum(len(read(path)) for path in CASES) >= 100


@pytest.mark.skipif(not REFRESH, reason="INFRA_KIT_REFRESH=1 writes the expectations")
def test_refresh(good: dict[int, dict[str, Any]], tmp_path: Path) -> None:
    for path in CASES:
        cases = read(path)
        for number, case in enumerate(cases):
            folder = tmp_path / f"{path.stem}{number}"
            folder.mkdir()
            case["expect"] = found(check(case, good, folder), folder)
        path.write_text("\n".join(as_text(case) for case in cases))


def as_text(case: dict[str, Any]) -> str:
    lines = [f"- case: {flow(case['case'])}", f"  breaks: {case['breaks']}"]
    lines += [f"  site: {case['site']}"] if case.get("site", 1) != 1 else []
    lines += ["  change:", *(f"    - {flow(step)}" for step in case["change"]), "  expect:"]
    for row in case["expect"]:
        lines += [f"    - {{rule: {row['rule']}, severity: {row['severity']}, path: {flow(row['path'])},"]
        lines += [f"       message: {flow(row['message'])}}}"]
    return "\n".join(lines) + "\n"


def flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=100_000, allow_unicode=True, sort_keys=False).removesuffix("...\n").strip()
    # A plain scalar that holds flow indicators would end early inside a flow mapping.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) and text == value and re.search(r"[\[\]{},]", value) else text
