"""The engine's own words: English when written, Korean when read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from signoff.decision.notes import Note, Why, duration, in_both, joined


@pytest.mark.parametrize("note", [*Note, *Why], ids=lambda note: note.name)
def test_every_note_is_read_back_in_korean(note: Note | Why) -> None:
    places = {name: f"<{name}>" for name in re.findall(r"\{(\w+)\}", note.value.en)}
    english = note(**places)
    assert in_both(english).en == english
    assert in_both(english).ko == note.value.ko.format(**places)


def test_authors_words_stay_as_they_are() -> None:
    assert in_both("psql is missing: install it").ko == "psql is missing: install it"
    assert in_both("").ko == ""


def test_several_notes_are_translated_one_by_one() -> None:
    both = joined(Note.NOT_RUN(), "", "psql is missing", Note.NOT_RUN())
    assert both == "not run; psql is missing"
    assert in_both(both).ko == "실행되지 않음; psql is missing"


READ = {
    "a reason within a note": (
        "waiver W-1 does not count: it begins only at 2026-06-01", "면제 W-1는 무효: 2026-06-01부터 유효함"
    ),
    "an author's reason within a note": ("waiver W-1 does not count: too old", "면제 W-1는 무효: too old"),
    "a reason of several lines": (
        "not applicable: moved\nto the cloud (approved by sam)", "해당 없음: moved\nto the cloud (승인: sam)"
    ),
    "a note with a semicolon of its own": (
        "sam (qa) stated that it is bad; only sam, or somebody else as qa, can take that back",
        "sam(qa)이(가) 불합격으로 진술함, 본인이나 같은 역할의 사람만 철회할 수 있음",
    ),
    "a note whose places disagree": (
        "sam (qa) stated that it is bad; only kim, or somebody else as qa, can take that back",
        "sam (qa) stated that it is bad; only kim, or somebody else as qa, can take that back",
    ),
    "one note after another": ("not run; there is no evidence at all", "실행되지 않음; 증거가 전혀 없음"),
    "a note within a sentence": ("it was not run", "it was not run"),
    "a name with signs": ("selector hosts[0] of a.b matched nothing in the inventory",
        "a.b의 대상 선택자 hosts[0]에 해당하는 인벤토리 대상이 없음"),
}  # fmt: skip


@pytest.mark.parametrize(("english", "korean"), READ.values(), ids=READ)
def test_note_is_read_as(english: str, korean: str) -> None:
    both = in_both(english)
    assert (both.en, both.ko) == (english, korean)


@pytest.mark.parametrize(
    ("span", "text"),
    [
        ({"days": 7}, "7d"),
        ({"hours": 36}, "36h"),
        ({"minutes": 5}, "5m"),
        ({"seconds": 90}, "90s"),
        ({}, "0s"),
        ({"seconds": 1}, "1s"),
        ({"hours": 24}, "1d"),
        ({"minutes": 60}, "1h"),
        ({"minutes": 1}, "1m"),
    ],
)
def test_durations_are_short(span: dict[str, float], text: str) -> None:
    assert duration(timedelta(**span)) == text
