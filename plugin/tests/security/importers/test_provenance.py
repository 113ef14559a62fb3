"""The note beside a report that says when it was made, and of what."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers import provenance


def _note(report: bytes, **changes: Any) -> str:
    note = {
        "report_sha256": hashlib.sha256(report).hexdigest(),
        "tool": "pip-audit 2.9.0",
        "commit": "3f2a91c",
        "created": "2026-11-22T09:00:00+09:00",
        "database_updated": "2026-11-21T00:00:00Z",
    }
    return json.dumps(note | changes)


def test_a_note_is_bound_to_its_report() -> None:
    note = provenance.read(_note(b"report"), report=b"report")

    assert (note.tool, note.commit, note.created) == ("pip-audit 2.9.0", "3f2a91c", datetime(2026, 11, 22, tzinfo=UTC))
    assert note.database_updated == datetime(2026, 11, 21, tzinfo=UTC)
    assert provenance.read(_note(b"report", database_updated=None), report=b"report").database_updated is None
    assert (note.inspected, provenance.read(_note(b"report", inspected=12), report=b"report").inspected) == (0, 12)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"report_sha256": "0" * 64}, "another report"),
        ({"created": "2026-11-22 09:00:00"}, "with an offset"),
        ({"created": "yesterday"}, "ISO 8601"),
        ({"inspected": -1}, r"\$\.inspected"),
        ({"commit": 7}, r"\$\.commit: expected a text, found int"),
    ],
)
def test_a_note_about_something_else_vouches_for_nothing(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        provenance.read(_note(b"report", **changes), report=b"report")
