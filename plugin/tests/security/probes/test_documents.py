"""What a document says about itself."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.repository.documents import age_in_days, read

TODAY = date(2026, 11, 22)
FRONT_MATTER = """\
---
title: Disaster recovery
version: 1.0.0
date: 2026-11-01
approver: Mina Park (head of infrastructure)
---

# Disaster recovery

## RTO

30 minutes.

```
## Not a heading
Date: 2099-01-01
```
"""
KOREAN = """\
# 재해 복구 계획

## 복구 시간 목표(RTO)

---
작성일: 2025-06-23
최종 업데이트: 2026-10-31
**승인자:** 박민아
"""


def test_front_matter_and_headings_are_read_and_examples_are_not() -> None:
    document = read(FRONT_MATTER, today=TODAY)

    assert document.headings == ("Disaster recovery", "RTO")
    assert (document.dated, document.version) == (date(2026, 11, 1), "1.0.0")
    assert document.approver == "Mina Park (head of infrastructure)"


def test_a_korean_document_is_read_by_its_own_words() -> None:
    document = read(KOREAN.encode(), today=TODAY)

    assert (document.dated, document.approver) == (date(2026, 10, 31), "박민아")
    assert document.lacks(["rto", "재해 복구"]) == ()


def test_a_table_states_as_well_as_a_line() -> None:
    document = read("# Plan\n\n| Approved by | Kim |\n| Last reviewed | 2026-11-02 |\n", today=TODAY)

    assert (document.dated, document.approver) == (date(2026, 11, 2), "Kim")


def test_missing_headings_and_statements_are_facts_not_errors() -> None:
    document = read("# Plan\nDate: 2026-01-01\n", today=TODAY)

    assert document.lacks(["Plan", "Contacts"]) == ("Contacts",)
    assert (document.approver, document.version) == ("", "")
    assert age_in_days(document, datetime(2026, 1, 11, 23, tzinfo=UTC)) == 10


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no heading"),
        ("Date: 2026-01-01\nJust prose.", "no heading"),
        ("# Plan\n\nNo date here, not even in prose 2026-01-01.", "no date"),
        ("# Plan\nDate: 2026-13-45\n", "no date"),
        ("# Plan\nDate: 2026-11-23\n", "after today"),
        (b"%PDF-1.7\n\xe2\xe3\xcf\xd3", "not UTF-8"),
    ],
)
def test_what_cannot_be_dated_is_not_current(text: str | bytes, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        read(text, today=TODAY)
