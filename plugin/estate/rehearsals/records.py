"""Where the records of rehearsals lie, and how they are written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from estate.layout import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from estate.estate import Estate

FAILOVER, CACHE_FAILOVER, RECOVERY = "failover-drill.json", "cache-failover-drill.json", "recovery-drill.json"
SWITCH, ROLLBACK, HISTORY = "switch-drill.json", "rollback-drill.json", "rollback-history"


def folder(estate: Estate) -> Path:
    """Return where they lie."""
    return estate.layout.companions / "rehearsals"


def write(estate: Estate, name: str, record: dict[str, Any]) -> None:
    """Replace one record."""
    file = folder(estate) / name
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, json.dumps(record, indent=1) + "\n")


def read(estate: Estate, name: str) -> dict[str, Any]:
    """Return one record as it is now."""
    found: dict[str, Any] = json.loads((folder(estate) / name).read_text(encoding="utf-8"))
    return found
