"""Where an inventory says that backups are kept, beside folders: repositories of tools, Amazon, a second place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Strict

if TYPE_CHECKING:
    from collections.abc import Mapping

Tool = Literal["pgbackrest", "barman", "wal-g", "restic", "borg"]
_NEEDED: Mapping[Tool, frozenset[str]] = {
    "pgbackrest": frozenset({"name"}),
    "barman": frozenset({"name"}),
    "wal-g": frozenset(),
    "restic": frozenset({"location"}),
    "borg": frozenset({"location"}),
}
_POSSIBLE: Mapping[Tool, frozenset[str]] = {
    "pgbackrest": frozenset({"key"}),
    "barman": frozenset(),
    "wal-g": frozenset(),
    "restic": frozenset({"name", "password_file", "read"}),
    "borg": frozenset({"password_file"}),
}
_EVERYWHERE = frozenset({"tool", "command", "within"})


class Managed(Strict):
    """Backups that Amazon makes by itself."""

    cloud: str = Field(description="Name of the cloud service that is the account.")
    region: str
    database: str = Field(default="", description="RDS: the instance; its snapshots are the backups.")
    resource: str = Field(
        default="", description="AWS Backup: ARN of the resource; its recovery points are the backups."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if bool(self.database) == bool(self.resource):
            raise ValueError("write exactly one of database and resource")
        return self


class Elsewhere(Strict):
    """A second copy, where the first one's fate does not reach it."""

    host: str = Field(default="", description="Another inventory host: with folder, or with a repository of its own.")
    folder: str = Field(default="", description="Folder on that host, with copies of the same name.")
    cloud: str = Field(default="", description="Name of the cloud service whose bucket holds the copies.")
    bucket: str = Field(default="", description="Its name; managed backups have none, but copies in another region.")
    region: str = ""
    prefix: str = Field(default="", description="In front of the backup's name in the bucket.")
    key: int | None = Field(default=None, ge=1, description="pgBackRest: number of the second repository.")
    location: str = Field(default="", description="restic, borg: the second repository.")
    password_file: str = Field(default="", description="Of the second repository; default: as of the first.")
    command: tuple[str, ...] = Field(default=(), description="What asks the second repository; default: as the first.")
    within: Duration = Field(default=timedelta(0), description="Time that the copy may take after the backup.")

    @property
    def are_files(self) -> bool:
        """Whether the copies are files that can be compared, instead of backups in a list of their own."""
        return bool(self.folder or self.bucket)

    @property
    def is_repository(self) -> bool:
        """Whether the backups' own tool is asked for the copies."""
        return not self.folder and not self.cloud

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        of_tool = bool(self.key or self.location or self.password_file or self.command)
        if not (self.host or self.cloud or of_tool):
            raise ValueError("write host, cloud, key or location")
        if (self.folder and not self.host) or (self.prefix and not self.bucket) or (self.bucket and not self.cloud):
            raise ValueError("folder goes with host, bucket with cloud, prefix with bucket")
        if bool(self.cloud) != bool(self.region):
            raise ValueError("cloud and region go together")
        if (self.cloud and (self.host or of_tool)) or (self.folder and of_tool):
            raise ValueError("write one place: a folder, a bucket, another region or another repository")
        return self


class Repository(Strict):
    """Backups that a tool keeps in a repository of its own; the tool is asked, on the backup's host."""

    tool: Tool
    name: str = Field(default="", description="pgBackRest: stanza; Barman: server; restic: host of the snapshots.")
    location: str = Field(default="", description="restic, borg: the repository.")
    password_file: str = Field(default="", description="restic, borg: file on the host with the repository's password.")
    command: tuple[str, ...] = Field(
        default=(), description="What starts the tool; default: its name. Such as [sudo, -n, -u, postgres, pgbackrest]."
    )
    key: int = Field(default=1, ge=1, description="pgBackRest: number of the repository.")
    read: Ratio = Field(
        default=0, description="restic: share of the stored data that is read to find damage; 0: structure alone."
    )
    within: Duration = Field(default=timedelta(minutes=2), description="Time that one answer of the tool may take.")

    @model_validator(mode="after")
    def _can_be_asked(self) -> Self:
        needed = _NEEDED[self.tool]
        if absent := sorted(key for key in needed if not getattr(self, key)):
            raise ValueError(f"{self.tool} needs {', '.join(absent)}")
        if idle := sorted(self.model_fields_set - needed - _POSSIBLE[self.tool] - _EVERYWHERE):
            raise ValueError(f"{self.tool} knows no {', '.join(idle)}; leave it out")
        return self

    def require_other(self, there: Elsewhere, *, same_host: bool) -> None:
        """Return if the second repository is another one, named by what this tool knows.

        Raises:
            ValueError: it is the same, or the tool has no such thing.
        """
        known = _NEEDED[self.tool] | _POSSIBLE[self.tool]
        if (there.key and "key" not in known) or (there.location and "location" not in known):
            raise ValueError(f"{self.tool} has no second repository by key or location; name a host or a command")
        other = (there.key or self.key, there.location or self.location, there.command or self.command)
        if same_host and other == (self.key, self.location, self.command):
            raise ValueError("elsewhere must be another repository")
