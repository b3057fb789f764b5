from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from infra_kit.inventory.document import read_document
from infra_kit.inventory.load import load_site
from infra_kit.inventory.rules.capacity import Allocatable, allocatable, allocatable_of_workers, threads

GOOD = read_document(Path(__file__).parents[1] / "broken" / "good" / "configuration-1.yaml", "good").value
GIB = 2**30


def test_allocatable_is_capacity_less_reservation(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(json.dumps(GOOD))
    site = load_site(tmp_path)
    # Three workers of 64 cores and 512 GiB, one of 2 x 32 cores and 1024 GiB; 16 CPUs and 128 GiB kept by each; SMT on.
    assert allocatable(site) == Allocatable(4 * (128 - 16) * 1000, (3 * (512 - 128) + (1024 - 128)) * GIB, 2)
    assert allocatable_of_workers(site)[-1] == Allocatable((128 - 16) * 1000, (1024 - 128) * GIB, 2)


def test_smt_counts_as_the_bios_profile_says(tmp_path: Path) -> None:
    value: dict[str, Any] = copy.deepcopy(GOOD)
    value["bios_profiles"][0]["attributes"]["LogicalProc"] = "Disabled"
    (tmp_path / "site.yaml").write_text(json.dumps(value))
    site = load_site(tmp_path)
    assert threads(site.profile_by_name["worker-r6515"], site) == 64
    assert threads(site.profile_by_name["gpu-worker"], site) == 128


def test_without_kubernetes_there_is_nothing(tmp_path: Path) -> None:
    value = {name: section for name, section in GOOD.items() if name not in ("kubernetes", "workspaces")}
    (tmp_path / "site.yaml").write_text(json.dumps(value))
    assert allocatable(load_site(tmp_path)) == Allocatable(0, 0, 0)
