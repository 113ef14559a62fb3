"""The engine's own words: English when written, Korean when read."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from signoff.decision.notes import Note, duration, in_both, joined


@pytest.mark.parametrize("note", list(Note), ids=lambda note: note.name)
def test_every_note_is_read_back_in_korean(note: Note) -> None:
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


@pytest.mark.parametrize(
    ("span", "text"),
    [({"days": 7}, "7d"), ({"hours": 36}, "36h"), ({"minutes": 5}, "5m"), ({"seconds": 90}, "90s"), ({}, "0s")],
)
def test_durations_are_short(span: dict[str, float], text: str) -> None:
    assert duration(timedelta(**span)) == text
