"""Analyses the release's source with ruff's security rules, if ruff is installed: SARIF, and a note about it."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.demo import release
from signoff.demo.exercises.records import instant
from signoff.demo.layout import DemoError, load

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_FINDINGS = 1
"""Exit status of ruff when it found something; more is an error."""


def run(layout: Layout) -> dict[str, str]:
    """Return the report and its note, name to content; nothing at all without ruff: an empty report proves nothing."""
    program = shutil.which("ruff", path=str(Path(sys.executable).parent)) or shutil.which("ruff")
    if program is None:
        return {}
    commit, started = load(layout).commit, datetime.now(UTC)
    with tempfile.TemporaryDirectory(dir=layout.run) as source:
        release.export(layout, commit, Path(source))
        inspected = sum(1 for _ in Path(source).rglob("*.py"))  # ruff's SARIF does not say what it looked at
        command = [program, "check", "--isolated", "--no-cache", "--select=S", "--output-format=sarif", "."]
        version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True, timeout=300)
        done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode > _FINDINGS:
        raise DemoError(f"ruff: {done.stderr.strip()}")
    note = {
        "schema_version": 1,
        "report_sha256": hashlib.sha256(done.stdout.encode()).hexdigest(),
        "tool": version.stdout.strip(),
        "commit": commit,
        "created": instant(started),
        "inspected": inspected,
    }
    return {"ruff.sarif": done.stdout, "ruff.provenance.json": json.dumps(note, indent=1) + "\n"}
