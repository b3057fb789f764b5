"""Rendering 48 switches and comparing them with what they run takes at most twice what hier_config alone takes to compare.

Ours: from the typed site to the rendered file, the masked and scoped running configuration, the lines to send and the unified
diff. hier_config alone: parsing both texts and computing the remediation, with the same driver. The running configurations
are the rendered ones with every tenth interface and some globals changed. Rounds alternate; the ratio is of the medians.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hier_config import WorkflowRemediation, get_hconfig
from pydantic import SecretStr

from infra_kit.inventory.load import load_site
from infra_kit.layers.fabric.facts import cabling
from infra_kit.layers.fabric.intent import intent
from infra_kit.layers.fabric.os10 import driver
from infra_kit.layers.fabric.remediation import compare, managed
from infra_kit.layers.fabric.secret_lines import Masking, reveal

if TYPE_CHECKING:
    from infra_kit.inventory.models.site import Site

SWITCHES = 48
ROUNDS = 7
LIMIT = 2.0
INFRA_KIT = str(Path(sys.executable).with_name("infra-kit"))


@dataclass(frozen=True, slots=True)
class Pair:
    """One switch's two texts."""

    running: list[str]
    wanted: str


def main() -> int:
    """Measure, print, and give 1 where the limit is passed."""
    site = large_site()
    pairs = [Pair(drifted(text.splitlines(), number), text) for number, text in enumerate(rendered(site))]
    ours(site, pairs)  # compiles the templates and fills the line caches, as the first switches of a run do
    alone(pairs)
    taken = [(seconds(lambda: ours(site, pairs)), seconds(lambda: alone(pairs))) for _ in range(ROUNDS)]
    mine, peer = (statistics.median(each) for each in zip(*taken, strict=True))
    lines = sum(len(pair.running) for pair in pairs)
    print(f"{len(pairs)} switches, {lines} lines running, {ours(site, pairs)} lines to send")
    print(f"render and diff: {mine * 1000:.0f} ms; hier_config alone: {peer * 1000:.0f} ms; ratio {mine / peer:.2f} (limit {LIMIT})")
    return int(mine / peer > LIMIT)


def large_site() -> Site:
    """A site with at least 48 switches."""
    with tempfile.TemporaryDirectory() as folder:
        command = [INFRA_KIT, "init", f"{folder}/site", "--configuration", "1", "--workers", "895", "--gpu-workers", "100"]
        subprocess.run(command, check=True, capture_output=True)
        site = load_site(Path(folder) / "site")
    if len(site.switches) < SWITCHES:
        message = f"the site has {len(site.switches)} switches only"
        raise ValueError(message)
    return site


def secret(_reference: str) -> SecretStr:
    """Any value will do: it is put in and masked again."""
    return SecretStr("a-secret-of-the-benchmark")


def rendered(site: Site) -> list[str]:
    """The files of the first 48 switches."""
    cables = cabling(site)
    return [intent(site, switch, cables).text for switch in site.switches[:SWITCHES]]


def drifted(lines: list[str], seed: int) -> list[str]:
    """A running configuration that has moved away from the file."""
    found = [reveal(line, secret) for line in lines]
    for number, line in enumerate(found):
        if (number + seed) % 10 == 0 and line == " mtu 9216":
            found[number] = " mtu 1500"
        if line.startswith("ntp server") and line.endswith(" prefer"):
            found[number] = "ntp server 192.0.2.1"
    return found


def ours(site: Site, pairs: list[Pair]) -> int:
    """From the site to files, lines and diffs; gives the number of lines to send."""
    cables = cabling(site)
    sent = 0
    for switch, pair in zip(site.switches, pairs, strict=False):
        wanted = intent(site, switch, cables)
        if wanted.text != pair.wanted:
            message = f"{switch.name} was rendered differently"
            raise ValueError(message)
        masking = Masking(wanted.secret_lines, secret)
        sent += len(compare(managed(wanted, masking.mask(pair.running)), wanted.wanted).lines)
    return sent


def alone(pairs: list[Pair]) -> int:
    """hier_config by itself; gives the number of lines of its remediation."""
    found = 0
    for pair in pairs:
        running, wanted = (get_hconfig(driver(), _bare(lines)) for lines in (pair.running, pair.wanted.splitlines()))
        found += len(list(WorkflowRemediation(running, wanted).remediation_config.lines(sectional_exiting=True)))
    return found


def _bare(lines: list[str]) -> str:
    """Without separators, which hier_config takes for duplicate lines, and without a banner in one line, whose end it does not find."""
    return "\n".join(line for line in lines if not line.startswith(("!", "banner ")))


def seconds(action: object) -> float:
    """How long it takes."""
    began = time.perf_counter()
    action()  # type: ignore[operator]
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
