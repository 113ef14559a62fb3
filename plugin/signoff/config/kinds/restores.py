"""How a database backup is proved to restore, and within which limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Strict


class Scratch(Strict):
    """Where `signoff restore-test` restores: a server of its own that nobody else uses, and that is gone afterwards."""

    host: str = Field(description="Inventory host that nobody depends on; in production one of the group scratch.")
    folder: str = Field(description="Folder on that host with room for the restored data, for this alone.")
    programs: str = Field(description="Folder on that host with initdb, postgres, psql and pg_restore.")
    format: Literal["custom", "plain", "basebackup", "pgbackrest"] = Field(
        description="pg_dump -Fc; SQL text; a tar of a data directory; or the pgBackRest repository."
    )
    fetch: tuple[str, ...] = Field(
        default=(), description="Command that writes the backup to its output; {name} stands for it. Default: the file."
    )
    decrypt: tuple[str, ...] = Field(
        default=(), description="Command from input to output, such as [age, -d, -i, /etc/backup/key]."
    )
    command: tuple[str, ...] = Field(
        default=(), description="What starts pgBackRest there; default: the repository's command."
    )
    roles: tuple[str, ...] = Field(default=(), description="Roles that a dump's statements name; made beforehand.")
    uncompared: tuple[str, ...] = Field(
        default=(), description="Tables that always change while a backup is made: that they come back is enough."
    )
    superuser: str = Field(default="postgres", description="Of a restored data directory.")
    room: float = Field(default=4, ge=1, description="Times the backup's size that must be free.")
    within: Duration = Field(default=timedelta(hours=1), description="Longest time of one test.")


class Restore(Strict):
    """Proof that the backup restores."""

    record: str = Field(description="Path of the newest restore test's record (JSON), on the backup's or scratch host.")
    max_age: Duration = timedelta(days=30)
    backup_max_age: Duration = Field(
        default=timedelta(days=7), description="Age of the tested backup when it was restored."
    )
    contents: str = Field(
        default="{name}.json",
        description="What the tables held when the backup was made: path on the backup's host, {name} is the backup.",
    )
    scratch: Scratch | None = Field(default=None, description="Where `signoff restore-test` may restore.")


class Objectives(Strict):
    """What the business was promised."""

    rto: Duration = Field(description="Longest time until service is restored.")
    rpo: Duration = Field(description="Longest span of work that may be lost.")
