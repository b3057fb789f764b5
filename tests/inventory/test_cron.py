from __future__ import annotations

import pytest

from infra_kit.inventory.cron import defect


@pytest.mark.parametrize(
    "expression", ["15 2 * * *", "*/5 * * * *", "0 0 1,15 * ?", "30 3 * * mon-FRI", "0 6-18/2 * jan-mar 1", "59 23 31 12 6", " 0  0 * * 0 "]
)
def test_kubernetes_takes_it(expression):
    assert defect(expression) is None


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "0 field(s)"),
        ("@daily", "1 field(s)"),
        ("0 0 * * * *", "6 field(s)"),
        ("60 * * * *", "no minute (0-59)"),
        ("0 24 * * *", "no hour (0-23)"),
        ("0 0 0 * *", "no day of the month (1-31)"),
        ("0 0 * 13 *", "no month (1-12)"),
        ("0 0 * * 7", "no day of the week (0-6)"),
        ("0 0 * * sunday", "`sunday`"),
        ("0 0 * mon *", "`mon`"),
        ("*/0 * * * *", "`*/0`"),
        ("30-10 * * * *", "`30-10`"),
        ("*-5 * * * *", "`*-5`"),
        ("1,,2 * * * *", "``"),
        ("-1 * * * *", "`-1`"),
    ],
)
def test_what_is_wrong_is_said(expression, words):
    assert words in (defect(expression) or "")
