"""What was tried of the release while the environment started, in the form of a CI run's record."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.demo.exercises.records import instant
from signoff.demo.layout import load
from signoff.importers.runs import junit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.layout import Layout

NAME = "ci.json"


def run(layout: Layout, records: Mapping[str, str]) -> dict[str, Any]:
    """Return the record; `records` are those of the other exercises, name to content."""
    done = {
        "end-to-end": not junit.read(records["end-to-end.xml"]).failures,
        "migrations": _all_ok(records["migrations.json"]),
        "staging-deployment": _all_ok(records["deploy-staging.json"]),
    }
    return {
        "schema_version": 1,
        "commit": load(layout).commit,
        "finished": instant(datetime.now(UTC)),
        "jobs": [{"name": name, "outcome": "passed" if passed else "failed"} for name, passed in done.items()],
    }


def _all_ok(record: str) -> bool:
    return all(step["ok"] for step in json.loads(record)["steps"])
