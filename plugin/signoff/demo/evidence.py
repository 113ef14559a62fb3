"""Does what has to be done before there is evidence of it, and writes the records to `DIR/evidence`.

Nothing is invented: each file is the record of something that was really done to this copy of the environment while it
was started, with the commit, the times and what came of it.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from signoff.demo.exercises import (
    cache_failover,
    ci,
    deployment,
    end_to_end,
    failover,
    load,
    migration,
    recovery,
    rollback,
    static_analysis,
)
from signoff.demo.layout import write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from signoff.demo.layout import Layout


_TRIED = ("end-to-end.xml", "migrations.json", "deploy-staging.json")
"""Records of what CI does elsewhere."""


def directory(layout: Layout) -> Path:
    """Return where the records are."""
    return layout.dir / "evidence"


def write(layout: Layout) -> None:
    """Carry out all exercises, as far as possible at the same time, and write their records; takes some seconds.

    The database and the shop's programs must have been started; that they are ready is waited for.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        on_the_side = {
            "failover-drill.json": pool.submit(failover.run, layout),
            "cache-failover-drill.json": pool.submit(cache_failover.run, layout),
            "migrations.json": pool.submit(migration.run, layout),
            "deploy-staging.json": pool.submit(deployment.run, layout),
        }
        analysed = pool.submit(static_analysis.run, layout)
        rollback.wait_for_both_colours(layout)
        loaded = pool.submit(load.run, layout)
        _write(layout, {"end-to-end.xml": end_to_end.run(layout)})
        # Not the instance that is under load; the switch of colours then needs all of them.
        killed = recovery.run(layout)
        _write(layout, {"recovery-drill.json": _json(killed), "game-day.json": _json(recovery.game_day(killed))})
        # Twice: whether a rollback gets slower shows beside an earlier one only.
        first = _json(rollback.run(layout))
        _write(layout, {"switch-drill.json": first, "rollback-history/first.json": first})
        _write(layout, {"rollback-drill.json": _json(rollback.run(layout))})
        _write(layout, {f"load/{name}": content for name, content in loaded.result().items()})
        _write(layout, {name: _json(record.result()) for name, record in on_the_side.items()})
        tried = {name: (directory(layout) / name).read_text(encoding="utf-8") for name in _TRIED}
        _write(layout, {ci.NAME: _json(ci.run(layout, tried))})
        _write(layout, analysed.result())


def write_record(layout: Layout, name: str, record: dict[str, Any]) -> None:
    """Replace one record by that of a later exercise."""
    _write(layout, {name: _json(record)})


def read_record(layout: Layout, name: str) -> dict[str, Any]:
    """Return one record as it is now."""
    record: dict[str, Any] = json.loads((directory(layout) / name).read_text(encoding="utf-8"))
    return record


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, indent=1) + "\n"


def _write(layout: Layout, files: Mapping[str, str]) -> None:
    for name, content in files.items():
        target = directory(layout) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content, mode=0o644)
