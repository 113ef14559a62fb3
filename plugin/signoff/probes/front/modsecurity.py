"""What ModSecurity's own files say: whether it blocks, how many rules it has, and where it logs."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from posixpath import dirname, join
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.files import in_shell, is_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 10
_WIDE = 1_000
"""Removing a range of this many rules at once removes a rule set, not a false alarm."""
_OFF = re.compile(r"ctl:ruleEngine=(?:Off|DetectionOnly)", re.IGNORECASE)
_RANGE = re.compile(r"(\d+)-(\d+)")
_FIELD = "\x1f"
_LOGS = frozenset({"secauditlog", "secauditlogstoragedir"})
# Continued lines become one; of the rules only the number leaves the host, of the settings the few that matter.
_PROGRAM = r"""
function emit(  low) {
    low = tolower(text)
    if (low ~ /^secrule[ \t]/) rules[FILENAME]++
    else if (low ~ /^(secruleengine|secaudit(engine|log|logstoragedir)|secaction|secruleremoveby[a-z]+)[ \t]/ ||
        low ~ /^include(optional)?[ \t]/) print FILENAME "\037" start "\037" text
    text = ""
}
{
    seen[FILENAME] = 1
    line = $0
    sub(/^[ \t]+/, "", line)
    sub(/\r$/, "", line)
    if (text == "") start = FNR
    if (line ~ /\\$/ && line !~ /^#/) { sub(/\\$/, " ", line); text = text line; next }
    text = text line
    emit()
}
END { for (name in seen) print name "\037" 0 "\037" "rules " (rules[name] + 0) }
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSet:
    """What one place of a server has been told; settings that were not made are empty."""

    engine: str = ""
    """`On`, `Off` or `DetectionOnly`."""
    rules: int = 0
    audit: str = ""
    """`On`, `Off` or `RelevantOnly`."""
    audit_log: str = ""
    """A file, or a folder with one file for each request."""
    undone: tuple[str, ...] = ()
    """Where the engine is switched off, or a whole rule set removed, for every request."""

    @property
    def blocks(self) -> bool:
        """Whether a request that matches is refused."""
        return self.engine.lower() == "on" and not self.undone

    def then(self, later: RuleSet) -> RuleSet:
        """Return what holds if the other follows: its settings win, its rules are added."""
        return RuleSet(
            engine=later.engine or self.engine,
            rules=self.rules + later.rules,
            audit=later.audit or self.audit,
            audit_log=later.audit_log or self.audit_log,
            undone=self.undone + later.undone,
        )


def read_rules(host: Any, path: str, *, depth: int = 0) -> RuleSet:
    """Return what the file says, with the files that it includes.

    Args:
        host: A testinfra host.
        path: Absolute path of the file, or a pattern.
        depth: How many files included it.

    Raises:
        NotVerifiedError: a file is missing or cannot be read.
    """
    if depth > _MAX_DEPTH:
        raise NotVerifiedError(f"{path}: included more than {_MAX_DEPTH} levels deep; does it include itself?")
    # A pattern that matches nothing stays as it is: then there is nothing to read.
    missing = "exit 0" if is_pattern(path) else f"echo {shlex.quote(f'{path}: no such file')} >&2; exit 3"
    program = f'set -- {in_shell(path)}; if [ ! -e "$1" ]; then {missing}; fi; awk {shlex.quote(_PROGRAM)} "$@"'
    rows = [row.split(_FIELD, 2) for row in str(host.run_expect([0], program).stdout).splitlines()]
    found = RuleSet()
    for file, line, text in (row for row in rows if len(row) == 3):  # noqa: PLR2004 - file, line, text
        name, _, rest = text.partition(" ")
        if name.lower().startswith("include"):
            included = join(dirname(file), _unquoted(rest))
            found = found.then(read_rules(host, included, depth=depth + 1))
        else:
            found = found.then(_statement(name, rest, f"{file}:{line}"))
    return found


def parse_rules(text: str, *, place: str) -> RuleSet:
    """Return what rules that stand in another server's configuration say; includes are not followed there."""
    found = RuleSet()
    for statement in _statements(text):
        name, _, rest = statement.partition(" ")
        found = found.then(RuleSet(rules=1) if name.lower() == "secrule" else _statement(name, rest, place))
    return found


def _statements(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        if (statement := " ".join(line.split())) and not statement.startswith("#"):
            yield statement


def _statement(name: str, rest: str, place: str) -> RuleSet:
    lowered, value, found = name.lower(), _unquoted(rest), RuleSet()
    if lowered == "rules":
        found = RuleSet(rules=int(rest))
    elif lowered == "secruleengine":
        found = RuleSet(engine=value)
    elif lowered == "secauditengine":
        found = RuleSet(audit=value)
    elif lowered in _LOGS:
        found = RuleSet(audit_log=value)
    elif lowered == "secaction" and _OFF.search(rest):
        found = RuleSet(undone=(f"{place} switches it off for every request",))
    elif lowered.startswith("secruleremoveby") and _removes_a_set(rest):
        found = RuleSet(undone=(f"{place} removes {value}",))
    return found


def _removes_a_set(rest: str) -> bool:
    wide = any(int(last) - int(first) >= _WIDE for first, last in _RANGE.findall(rest))
    return wide or _unquoted(rest).strip("./^$*").upper() in {"OWASP_CRS", "OWASP", ""}


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")
