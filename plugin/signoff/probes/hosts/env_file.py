"""Facts about an environment file on a host. Its values end here: what leaves is a keyed digest of each."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dotenv.parser import parse_stream

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_MAX_BYTES = 262_144
_PLACEHOLDER = re.compile(
    r"<[^>]*>|\{\{.*\}\}|\$\{.*\}|x{3,}|\*{3,}|\.{3}|(your|my)[-_ ].*"
    r"|.*\b(change[-_ ]?me|replace[-_ ]?me|fix[-_ ]?me)\b.*"
    r"|todo|tbd|dummy|example|placeholder|secret|password|test",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One key of the file, without its value."""

    key: str
    line: int
    is_empty: bool
    is_placeholder: bool
    """The value is one that people write to be replaced later."""
    digest: str
    """HMAC of the value: equal between two files exactly if the values are, and worthless after the run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvFile:
    """One environment file as it lies on the host."""

    path: str
    exists: bool
    mode: int = 0
    owner: str = ""
    entries: tuple[Entry, ...] = ()
    bad_lines: tuple[int, ...] = ()
    """Numbers of the lines that are neither an assignment nor a comment."""

    @property
    def keys(self) -> frozenset[str]:
        """All keys that are set."""
        return frozenset(entry.key for entry in self.entries)

    @property
    def duplicates(self) -> tuple[str, ...]:
        """Keys that are set more than once: the last one wins silently."""
        names = [entry.key for entry in self.entries]
        return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))

    @property
    def unfinished(self) -> tuple[str, ...]:
        """Keys whose value is a placeholder."""
        return tuple(entry.key for entry in self.entries if entry.is_placeholder)

    @property
    def empty(self) -> tuple[str, ...]:
        """Keys without a value."""
        return tuple(entry.key for entry in self.entries if entry.is_empty)

    def missing(self, required: Collection[str]) -> tuple[str, ...]:
        """Return the required keys that are not set."""
        return tuple(sorted(set(required) - self.keys))

    def unknown(self, known: Collection[str]) -> tuple[str, ...]:
        """Return the keys that nobody asked for."""
        return tuple(sorted(self.keys - set(known)))

    def unset(self, required: Collection[str]) -> tuple[str, ...]:
        """Return the required keys whose value is empty or a placeholder."""
        return tuple(sorted({*self.empty, *self.unfinished} & set(required)))

    def wider_than(self, mode: int) -> bool:
        """Return whether anybody may do more with the file than the mode allows."""
        return bool(self.mode & ~mode)


def read(host: Any, path: str, *, key: bytes) -> EnvFile:
    """Return the facts about the file; a relative path starts at the login folder.

    Args:
        host: testinfra Host.
        path: The file.
        key: Random bytes of this run; the same for all files that are to be compared.

    Raises:
        NotVerifiedError: the file cannot be read, or is larger than 256 KiB.
    """
    result = host.run(f"LC_ALL=C stat -L -c '%%a %%U' -- %s && head -c {_MAX_BYTES + 1} -- %s", path, path)
    if result.rc != 0:
        reason = result.stderr.strip().splitlines()[0] if result.stderr.strip() else f"exit status {result.rc}"
        if "No such file" in reason:
            return EnvFile(path=path, exists=False)
        raise NotVerifiedError(f"{path}: {reason}; let the checking account read it, or check it as its owner")
    head, _, text = result.stdout.partition("\n")
    if len(text) > _MAX_BYTES:
        raise NotVerifiedError(f"{path}: larger than {_MAX_BYTES} bytes; is this an environment file?")
    mode, _, owner = head.partition(" ")
    bindings = list(parse_stream(io.StringIO(text)))
    return EnvFile(
        path=path,
        exists=True,
        mode=int(mode, 8),
        owner=owner,
        entries=tuple(
            _entry(binding.key, binding.value or "", binding.original.line, key) for binding in bindings if binding.key
        ),
        bad_lines=tuple(binding.original.line for binding in bindings if binding.error),
    )


def differing(files: Mapping[str, EnvFile], keys: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the keys whose values are not the same in all files, with the hosts of each value's minority.

    Args:
        files: The same file on several hosts, by host; all read with one key.
        keys: What to compare; a key that a file lacks differs from every value.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(keys):
        hosts_of: dict[str, list[str]] = {}
        for host, file in files.items():
            hosts_of.setdefault(_digest_of(file, name), []).append(host)
        if len(hosts_of) > 1:
            _, *others = sorted(hosts_of.values(), key=len, reverse=True)
            found[name] = tuple(sorted(host for group in others for host in group))
    return found


def _digest_of(file: EnvFile, name: str) -> str:
    return next((entry.digest for entry in reversed(file.entries) if entry.key == name), "")


def _entry(name: str, value: str, line: int, key: bytes) -> Entry:
    return Entry(
        key=name,
        line=line,
        is_empty=not value,
        is_placeholder=_PLACEHOLDER.fullmatch(value.strip()) is not None,
        digest=hmac.new(key, value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest(),
    )
