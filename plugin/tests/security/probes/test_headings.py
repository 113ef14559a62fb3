"""Headings of plans as people write them, Korean and English."""

from __future__ import annotations

import pytest

from signoff.probes.repository.headings import SYNONYMS, missing

NEEDED = ("RTO", "RPO", "Contacts", "Steps", "Rollback")


@pytest.mark.parametrize(
    "headings",
    [
        ("RTO", "RPO", "Contacts", "Steps", "Rollback"),
        ("1. 복구 시간 목표", "2. 복구 지점 목표(RPO)", "3. 비상 연락망", "4. 복구 절차", "5. 원복"),
        ("Recovery time objective (RTO)", "recovery-point objective", "Contact list", "Runbook", "Failback"),
        ("RTO/RPO", "Who to call: contacts", "Step by step: procedures", "Roll-back"),
    ],
    ids=["plain", "Korean", "spelled out", "combined"],
)
def test_the_usual_words_are_understood(headings: tuple[str, ...]) -> None:
    assert missing(headings, NEEDED) == ()


@pytest.mark.parametrize(
    ("headings", "gap"),
    [
        (("Cartoon", "RPO", "Contacts", "Steps", "Rollback"), ("RTO",)),
        (("RTO", "RPO", "People", "Steps", "Rollback"), ("Contacts",)),
        (("복구 시간 목표", "복구 지점 목표", "연락처", "절차"), ("Rollback",)),
        ((), NEEDED),
    ],
)
def test_what_no_heading_names_is_missing(headings: tuple[str, ...], gap: tuple[str, ...]) -> None:
    assert missing(headings, NEEDED) == gap


def test_what_has_no_synonym_is_looked_for_as_it_stands() -> None:
    assert missing(("Health checks",), ("Health", "Logs", "상태")) == ("Logs", "상태")


def test_no_word_stands_for_two_ideas() -> None:
    words = [word.casefold() for line in SYNONYMS for word in line]
    assert len(words) == len(set(words))
