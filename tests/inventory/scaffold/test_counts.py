from __future__ import annotations

import pytest

from infra_kit.inventory.errors import UsageError
from infra_kit.inventory.scaffold.counts import Counts, spines_for


@pytest.mark.parametrize(
    ("configuration", "workers", "gpu_workers", "pairs"),
    [
        (1, 6, 2, 2),
        (1, 40 + 44 - 5, 0, 2),
        (1, 40 + 44 - 4, 0, 3),
        (2, 44 + 44 - 5, 0, 2),
        (2, 44 + 44 - 4, 0, 3),
        (1, 995, 0, 23),
        (2, 900, 95, 23),
        (1, 1000, 0, 23),
        (2, 998, 2, 23),
    ],
)
def test_pairs_follow_from_the_port_budget(configuration, workers, gpu_workers, pairs):
    assert Counts(configuration, workers, gpu_workers).pairs == pairs


def test_a_thousand_servers_take_48_switches():
    counts = Counts(1, 900, 95)
    assert counts.servers == 1000
    assert 2 * counts.pairs + counts.spines == 48


def test_a_thousand_workers_are_taken_with_the_control_nodes_beside():
    assert Counts(1, 1000, 0).servers == 1005
    assert Counts(2, 600, 400).servers == 1005


@pytest.mark.parametrize(("pairs", "spines"), [(2, 2), (32, 2), (33, 4), (64, 4)])
def test_spines_are_added_when_their_ports_run_out(pairs, spines):
    assert spines_for(pairs) == spines


def test_more_pairs_than_four_spines_connect_are_refused():
    with pytest.raises(UsageError, match="65 leaf pairs"):
        spines_for(65)


@pytest.mark.parametrize(
    ("workers", "gpu_workers", "words"),
    [(2, 0, "too few"), (3, -1, "make no sense"), (999, 2, "999 workers and 2 GPU workers are too many")],
)
def test_counts_outside_the_architecture_are_refused(workers, gpu_workers, words):
    with pytest.raises(UsageError, match=words):
        Counts(1, workers, gpu_workers)
