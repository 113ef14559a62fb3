"""Rehearses the release's own scripts in a scratch home: the previous release, the release, and back."""

from __future__ import annotations

import hashlib
import shutil
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.demo import release
from signoff.demo.exercises.records import instant
from signoff.demo.layout import load
from signoff.demo.shop.programs import interpreter

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout


def run(layout: Layout) -> dict[str, Any]:
    """Return the record: what each script did, how long it took, and which version of it ran."""
    home = layout.run / "staging"
    shutil.rmtree(home, ignore_errors=True)
    (home / "srv").mkdir(parents=True)
    (home / "srv" / "venv").symlink_to(interpreter(layout, "app1").parents[1])
    commit = load(layout).commit
    previous = release.git(layout, "rev-parse", f"{release.PREVIOUS_TAG}^{{commit}}").strip()
    try:
        release.run_script(layout, "deploy/deploy.sh", home, str(layout.repo), release.PREVIOUS_TAG)
        steps = [
            _step(layout, home, "deploy", commit, str(layout.repo), release.TAG),
            _step(layout, home, "rollback", previous),
        ]
    finally:
        shutil.rmtree(home)
    return {
        "schema_version": 1,
        "environment": "staging",
        "commit": commit,
        "finished": instant(datetime.now(UTC)),
        "steps": steps,
    }


def _step(layout: Layout, home: Path, action: str, wanted: str, *arguments: str) -> dict[str, Any]:
    script, started = f"deploy/{action}.sh", time.monotonic()
    said = release.run_script(layout, script, home, *arguments)
    seconds = round(time.monotonic() - started, 3)
    content = release.git(layout, "show", f"{release.TAG}:{script}").encode()
    in_place = (home / "srv" / "shop" / "shop" / "build.py").read_text(encoding="utf-8")
    return {
        "action": action,
        "script": script,
        "sha256": hashlib.sha256(content).hexdigest(),
        "seconds": seconds,
        "ok": said == wanted and f'COMMIT = "{wanted}"' in in_place,
    }
