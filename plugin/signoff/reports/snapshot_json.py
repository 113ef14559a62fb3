"""Reads a decision back from its JSON report, as far as it can be compared with another."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from signoff.decision.snapshot import CellShot, ItemShot, Snapshot
from signoff.errors import RecordError
from signoff.model import State
from signoff.reports.readiness_json import SCHEMA_VERSION


def read_snapshot(text: str) -> Snapshot:
    """Return what the report says of every item.

    Raises:
        RecordError: the text is no such report, or one of another version.
    """
    try:
        document = json.loads(text)
        version = document["schema_version"]
        if version != SCHEMA_VERSION:
            raise RecordError(f"schema version {version!r}, this program reads {SCHEMA_VERSION}")
        return Snapshot(
            at=_instant(document["evaluated_at"]),
            verdict=str(document["verdict"]),
            digest=str(document["digest"]),
            items={str(entry["id"]): _item(entry) for entry in document["items"]},
            inputs={str(name): str(digest) for name, digest in document.get("inputs", {}).items()},
            kind="file",
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"no readiness report: {type(error).__name__}: {error}") from None


def _item(entry: dict[str, Any]) -> ItemShot:
    made = entry["attestation"]
    return ItemShot(
        state=State(entry["state"]),
        cells={(str(cell["check"]), str(cell["target"])): _cell(cell) for cell in entry["cells"]},
        waivers=tuple(map(str, entry["waivers"])),
        note=str(entry["note"]),
        attested_by=str(made["by"]) if made else "",
        attested_until=_instant(made["expires"]) if made else None,
    )


def _cell(cell: dict[str, Any]) -> CellShot:
    return CellShot(
        state=State(cell["state"]),
        note=str(cell["note"]),
        reason=str(cell["reason"]).strip().partition("\n")[0],
        fingerprint=str(cell["fingerprint"]),
    )


def _instant(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return value.astimezone(UTC)
