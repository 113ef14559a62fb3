"""JSON that a provider's own program wrote, from files that were brought here: whose they are, and how old."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.importers.admissible import read_file, require_recent

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from pathlib import Path

MANIFEST = "manifest.json"
_KIND = "manifest of an export"
_KEYS = frozenset({"schema_version", "provider", "account", "created", "tool", "files"})
_MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """One question to the provider's program, and the file that an export keeps its answer in."""

    file: str
    arguments: tuple[str, ...]


class Documents(Protocol):
    """A way to the answers."""

    def read(self, query: Query) -> Node:
        """Return the answer; NotVerifiedError if there is none."""


class ExportFolder:
    """Files in a folder, listed with their digests in `manifest.json`."""

    def __init__(self, folder: Path, *, provider: str, account: str, now: datetime, max_age: timedelta) -> None:
        """Read the manifest.

        Raises:
            NotVerifiedError: no manifest, one of another account, or one that is too old.
        """
        self._folder = folder
        manifest = Node.parse(read_file(folder / MANIFEST), kind=_KIND)
        unknown = sorted(set(manifest.members()) - _KEYS)
        if unknown or manifest.at("schema_version").count() != 1:
            raise NotVerifiedError(f"{_KIND}: not of version 1 (unknown: {', '.join(unknown) or 'version'})")
        found = (manifest.at("provider").text(), manifest.at("account").text())
        if found != (provider, account):
            raise NotVerifiedError(
                f"{_KIND}: about {' '.join(found)}, not about {provider} {account}; export the right account"
            )
        manifest.at("tool").text()
        require_recent(folder.name, manifest.at("created").instant(), now, max_age)
        self._files = {name: digest.text() for name, digest in manifest.at("files").members().items()}

    def read(self, query: Query) -> Node:
        """Return the file's content, once it is proved to be what was exported.

        Raises:
            NotVerifiedError: the file was not exported, is missing, was changed, or is no JSON.
        """
        if query.file not in self._files:
            raise NotVerifiedError(
                f"{self._folder.name}: {query.file} was not exported; export it too: {' '.join(query.arguments)}"
            )
        path = self._folder / query.file
        text = read_file(path)
        if len(text) > _MAX_BYTES:
            raise NotVerifiedError(f"{query.file}: larger than {_MAX_BYTES >> 20} MiB; export less")
        if hashlib.sha256(text).hexdigest() != self._files[query.file]:
            raise NotVerifiedError(f"{query.file}: not the file that the manifest speaks of; export it again")
        return Node.parse(text, kind=query.file)
