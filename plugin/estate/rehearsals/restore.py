"""The loss of the database, rehearsed: `signoff restore-test` brings the newest backup back from the vault."""

from __future__ import annotations

import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate import shop_release
from estate.layout import EstateError
from estate.rehearsals import records
from estate.roles import backup, database, vault
from signoff.demo.exercises.records import Drill

if TYPE_CHECKING:
    from estate.estate import Estate

SERVICE = "shop-backup"
_ROOT = Path(__file__).parents[3]
_RUN = "import sys; from signoff.cli import main; sys.argv[0] = 'signoff'; main()"
_TIMEOUT = 600.0


def run(estate: Estate) -> bool:
    """Restore the newest backup on the vault's host, which writes the record there; return whether it came back.

    Raises:
        EstateError: the test could not be held.
    """
    variables = [f"SIGNOFF_ENV_FILE={_settings(estate)}", f"PATH={os.environ.get('PATH', '')}"]
    signoff = (sys.executable, "-c", _RUN, "restore-test", SERVICE)
    asked = (*signoff, "--on", backup.VAULT, "--inventory", "estate", "--allow-active")
    done = estate.controller.ask("env", "--chdir", str(_ROOT), *variables, *asked, timeout=_TIMEOUT)
    if done.returncode not in {0, 1} or "tables: " not in done.stdout:
        raise EstateError(f"signoff restore-test: {done.stderr.strip() or done.stdout.strip()}")
    return done.returncode == 0


def drill(estate: Estate) -> dict[str, Any]:
    """Restore as above, and return the record of a recovery drill: how long it took, how much work was not in it."""
    held = Drill(kind="recovery", environment="estate")
    with held.step("restore the newest backup of the database from the vault"):
        passed = run(estate)
    with held.step("see how much work is not in it"):
        stamp = f"stat --format=%Y {database.BACKUPS}/{backup.newest(estate)}"
        taken = float(estate.host(backup.HOST).run(stamp))
    seconds = sum(step.seconds for step in held.steps)
    record = held.record(shop_release.prepare(estate), seconds=seconds, downtime_seconds=seconds)
    return {
        **record,
        "passed": passed,
        "participants": ["the estate, while it was made"],
        "scope": ["shop-db"],
        "lost_seconds": round(max(0.0, datetime.now(UTC).timestamp() - taken), 3),
        "findings": [],
    }


def record(estate: Estate) -> dict[str, Any]:
    """Return what the newest restore test wrote."""
    found: dict[str, Any] = json.loads(estate.host(backup.VAULT).read(vault.RECORD))
    return found


def replace_record(estate: Estate, changed: dict[str, Any]) -> None:
    """Replace what the newest restore test wrote."""
    text = json.dumps(changed, indent=1) + "\n"
    estate.host(backup.VAULT).write(vault.RECORD, text, owner=vault.OWNER)


def _settings(estate: Estate) -> Path:
    """Return the `.env`; while the estate is made, one of its own: the estate's says that it is up."""
    from estate import env_file  # noqa: PLC0415 - it asks every companion, one of which is this rehearsal

    if estate.layout.env_file.exists():
        return estate.layout.env_file
    file = records.folder(estate) / ".env"
    env_file.write(estate, file)
    return file
