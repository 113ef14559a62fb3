"""Values in exports: none is a formula, and no secret is in any form of them."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import IssueStatus
from tests.reports.formats.exports.conftest import (
    FAIL,
    document,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Signoff


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_value_of_the_table_is_a_formula(start: str, make: Any, every: Signoff, told: Callable[..., str]) -> None:
    hostile = f"{start}HYPERLINK(1)"
    cell = make.cell("SEC-X-1", hostile, FAIL, hostile, expected=hostile, reason=hostile)
    item = make.result("SEC-X-1", FAIL, [cell], owner=hostile)
    text = told("csv", replace(every, items=(item,), release=hostile))
    for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")):
        assert not [value for value in row if value.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_a_secret_is_masked_in_every_form(every: Signoff, told: Callable[..., str], make: Any) -> None:
    secret = 'a_b"c,d\\e'
    cell = make.cell("SEC-X-1", "web1", FAIL, f"password is {secret}")
    signoff = replace(every, product=secret, items=(make.result("SEC-X-1", FAIL, [cell], area="security"),))
    signoff = replace(signoff, issues=(make.issue("ISS-1", "SEC-X-1", IssueStatus.OPEN, summary=secret),))
    for name in ("oscal-ar", "oscal-poam", "hdf", "ctrf", "sarif", "csv", "markdown"):
        text = told(name, signoff, redact=lambda text: text.replace(secret, "[redacted]"))
        for form in (secret, json.dumps(secret)[1:-1], secret.replace('"', '""'), "a\\_b", "a_b"):
            assert form not in text, (name, form)
        if name not in {"csv", "markdown"}:
            json.loads(text)


@pytest.mark.parametrize("name", ["sarif", "ctrf", "intoto", "hdf"])
def test_a_secret_that_is_a_word_of_the_checklist_drops_nothing(
    name: str, every: Signoff, told: Callable[..., str]
) -> None:
    masked = told(name, every, redact=lambda text: re.sub("security|SEC-CFG-1|servers", "[redacted]", text))
    assert masked.count("SEC-CFG-1") >= told(name, every).count("SEC-CFG-1") // 2
    results = json.loads(masked)
    if name == "sarif":
        assert len(results["runs"][0]["results"]) == len(document(told, name, every)["runs"][0]["results"])
