"""Secrets that every account of a host can read while programs run: on their command lines, and in systemd's units."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.secrets.rules import judge_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_LIMIT = 60.0
_UNITS = "@@units"
_SCRIPT = f"""ps axww -o user=,args= || exit 3
echo '{_UNITS}'
if [ -d /run/systemd/system ]; then systemctl show '*.service' --property=Id,Environment --no-pager || exit 4; fi"""
_NAME = r"(?:pass(?:word|wd|phrase)?|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)"
# A name that goes on (password-file, token_ttl, secret-name) says where it is or how long it lives, not what it is.
_OPTION = re.compile(rf"(?i)(?:^|\s)--?(?:[\w-]*[-_])?{_NAME}(?:=|\s+)(?P<value>\S+)")
_ASSIGNED = re.compile(rf"(?i)(?:^|[\s\"'])(?:[A-Z0-9_]*_|PG|MYSQL|REDIS)?{_NAME}=(?P<value>[^\s\"']+)")
_IN_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://[^\s:@/]*:(?P<value>[^\s@/]+)@")
_OF_PROGRAMS = (
    re.compile(r"(?:^|/)redis-cli\b.*?\s-a\s+(?P<value>\S+)"),
    re.compile(r"(?:^|/)(?:mysql\w*|mariadb[\w-]*)\b.*?\s-p(?P<value>[^\s=]\S*)"),
    re.compile(r"(?:^|/)curl\b.*?\s(?:-u|--user)[\s=]+[^\s:]+:(?P<value>\S+)"),
    re.compile(r"(?:^|/)sshpass\b.*?\s-p\s*(?P<value>\S+)"),
    re.compile(r"(?:^|/)openssl\b.*?\bpass:(?P<value>\S+)"),
    re.compile(r"(?:^|/)ldap\w+\b.*?\s-w\s*(?P<value>\S+)"),
)
_NO_SECRET = re.compile(
    r"-.*|/.*|\./.*|~.*|@.*|\$.*|%.*|<.*|\{.*|file:.*|env:.*|fd:.*|[x*]+|true|false|yes|no|none|null|prompt|stdin|\d{1,5}",
    re.IGNORECASE,
)
"""Values that say where the secret is, that it is hidden already, or that are settings."""
_SHORTEST = 4
_RULE = "argument"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """A secret that everybody on the host can read: where, never what."""

    program: str
    rule: str

    def __str__(self) -> str:
        """Return program and rule."""
        return f"{self.program} ({self.rule})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """What runs on a host, of what was looked at."""

    programs: int
    units: int
    shown: tuple[Shown, ...]


def scan(host: Any, *, match: Collection[str] = ("*",)) -> Running:
    """Return the secrets on command lines and in the environments that units set, by one command.

    Args:
        host: A testinfra host.
        match: Patterns of the command lines and units that are meant; others are left out.

    Raises:
        NotVerifiedError: they cannot be listed, or nothing matches.
    """
    text = str(host.run_expect([0], _SCRIPT, limit=_LIMIT).stdout)
    running, _, units = text.partition(f"{_UNITS}\n")
    # Our own questions run, too: `ps` and the shell that started it.
    lines = [
        line for row in running.splitlines() if _SCRIPT[:20] not in (line := row.strip().partition(" ")[2].strip())
    ]
    programs = [line for line in lines if line and _wanted(line, match)]
    if not programs:
        raise NotVerifiedError("no command line to look at; correct command_lines in hosts.yaml")
    settings = [(unit, value) for unit, value in _units(units) if _wanted(unit, match)]
    found = [Shown(program=_program(line), rule=rule) for line in programs if (rule := _judge(line))]
    found += [Shown(program=unit, rule="Environment= of a unit") for unit, value in settings if _judge(value)]
    return Running(programs=len(programs), units=len(settings), shown=tuple(dict.fromkeys(found)))


def _wanted(text: str, match: Collection[str]) -> bool:
    return any(fnmatch(text, pattern) for pattern in match)


def _program(line: str) -> str:
    """Return the program's name; what follows may be the secret."""
    return line.partition(" ")[0].rpartition("/")[2][:60]


def _units(text: str) -> Iterator[tuple[str, str]]:
    for block in text.split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if "Id" in values:
            yield values["Id"], values.get("Environment", "")


def _judge(line: str) -> str:
    """Return the rule by which the line holds a secret; empty: it holds none."""
    if finding := judge_line(line, file="", line=0):
        return finding.rule
    for pattern in (_OPTION, _ASSIGNED, _IN_ADDRESS, *_OF_PROGRAMS):
        for found in pattern.finditer(line):
            value = found["value"].strip("\"'")
            if len(value) >= _SHORTEST and not _NO_SECRET.fullmatch(value):
                return _RULE
    return ""
