"""A note beside the result of a load test: what its tool does not know, and proof that the files are whole.

A JSON object; `signoff load` writes it:

    {"schema_version": 1, "target": "https://staging.example.com", "commit": "3f2a91c…",
     "generator": {"name": "load1", "cpu_peak_ratio": 0.4}, "tool": {"name": "jmeter", "version": "5.6.3"},
     "started": "2026-11-22T01:00:00Z", "finished": "2026-11-22T01:40:00Z", "users": 200,
     "files": [{"name": "results.jtl", "sha256": "…"}]}

`tool`, `started`, `finished`, `users` (how many there were all the time) and `files` may be absent where the report
itself says as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KIND = "load test note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What is known of a load test beside its result."""

    target: str
    commit: str
    generator_cpu_ratio: float
    tool: str
    """Empty: the note does not say."""
    started: datetime | None
    finished: datetime | None
    users: int
    """Users that there were from the start to the finish; 0: the note does not say."""
    files: Mapping[str, str]
    """SHA-256 by name."""

    def times(self) -> tuple[datetime, datetime]:
        """Return when the test started and finished.

        Raises:
            NotVerifiedError: the note does not say, or the other way round.
        """
        if self.started is None or self.finished is None or self.started >= self.finished:
            raise NotVerifiedError(f"{_KIND}: the report holds no times; write started and finished into the note")
        return self.started, self.finished

    def constant_users(self) -> tuple[tuple[datetime, int], ...]:
        """Return the users over time, as far as the note says."""
        return tuple((at, self.users) for at in self.times()) if self.users else ()

    def prove(self, name: str, sha256: str, *, required: bool) -> None:
        """Return if the file is the one that the note speaks of.

        Args:
            name: The file's name, without folders.
            sha256: Of its content.
            required: Whether nothing else shows that it is whole.

        Raises:
            NotVerifiedError: another content, or no word about the file although one is needed.
        """
        if name not in self.files:
            if required:
                raise NotVerifiedError(
                    f"{_KIND}: no sha256 of {name}, which could have been cut short; write it under files"
                )
        elif self.files[name] != sha256:
            raise NotVerifiedError(f"{_KIND}: {name} is not the file that it speaks of; import the files of one run")


def read(text: bytes | str, *, tool: str) -> Note:
    """Return the note about a result of the tool.

    Raises:
        NotVerifiedError: not such a note, or one about another tool.
    """
    note = Node.parse(text, kind=_KIND)
    if note.at("schema_version").count() != 1:
        raise note.at("schema_version").wrong("1")
    named = note.at("tool").at("name").text("").lower()
    if named not in {"", tool}:
        raise NotVerifiedError(
            f"{_KIND}: it speaks of {named}, the inventory of {tool}; correct tool: in services.yaml"
        )
    return Note(
        target=note.at("target").text(),
        commit=note.at("commit").text(),
        generator_cpu_ratio=note.at("generator").at("cpu_peak_ratio").seconds(),
        tool=named,
        started=note.at("started").instant() if "started" in note else None,
        finished=note.at("finished").instant() if "finished" in note else None,
        users=note.at("users").count() if "users" in note else 0,
        files={one.at("name").text(): one.at("sha256").text().lower() for one in note.some("files")},
    )
