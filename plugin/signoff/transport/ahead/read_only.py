"""Which commands are known to read only: a strict list of forms. What is not on it is not known."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from functools import lru_cache
from posixpath import normpath
from types import MappingProxyType
from typing import TYPE_CHECKING

from signoff.transport.ahead.shell_text import simple_commands

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FOLDERS = ("/usr/local/sbin/", "/usr/local/bin/", "/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/")
_CONSUMED = re.compile(r"/dev/(?!null\Z)|.*(?:kmsg|_pipe)\Z")
"""Files that are changed by reading them, or never end."""
_ANY = re.compile(r".*", re.DOTALL)


class Nature(IntEnum):
    """What is known of a command; of several together the lowest counts."""

    UNKNOWN = 0
    """It may change the host."""
    FLEETING = 1
    """It reads, but its answer is another one each moment (the clock), or depends on who asks (`env`)."""
    APART = 2
    """It reads what stays as it is, but sees itself and what runs it: the list of processes."""
    STEADY = 3
    """It reads what stays as it is until something changes it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Form:
    """The accepted arguments of one program."""

    flags: str = ""
    """Single letters, which may stand together: `-al`."""
    valued: str = ""
    """Single letters that take a value, beside them or as the next word."""
    words: Mapping[str, int] = field(default_factory=dict)
    """Whole options, with the number of words that follow; `--name=` stands for any value."""
    operands: re.Pattern[str] = _ANY
    most: int = 1_000_000
    """Operands at most."""
    verbs: frozenset[str] = frozenset()
    """One of them must be the first operand."""
    must: str = ""
    """Pattern that the first argument must match."""
    nature: Nature = Nature.STEADY

    def accepts(self, arguments: Sequence[str]) -> bool:
        """Whether every one of the arguments is known to be harmless."""
        if self.must and not re.fullmatch(self.must, arguments[0] if arguments else ""):
            return False
        operands = self._operands(list(arguments))
        if operands is None or len(operands) > self.most:
            return False
        if self.verbs and (not operands or operands[0] not in self.verbs):
            return False
        return all(self.operands.fullmatch(word) and not _CONSUMED.match(normpath(word)) for word in operands)

    def _operands(self, rest: list[str]) -> list[str] | None:
        """Return what is no option; None: an option is not known."""
        operands: list[str] = []
        while rest:
            word = rest.pop(0)
            if word == "--":
                return [*operands, *rest]
            if not word.startswith("-") or word == "-":
                operands.append(word)
                continue
            taken = self._option(word)
            if taken is None or taken > len(rest):
                return None
            del rest[:taken]
        return operands

    def _option(self, word: str) -> int | None:
        """Return how many of the next words belong to the option; None: it is not known."""
        name, equals, _ = word.partition("=")
        if word in self.words:
            return self.words[word]
        if equals and f"{name}=" in self.words:
            return 0
        if word.startswith("--"):
            return None
        for place, letter in enumerate(word[1:], start=2):
            if letter in self.valued:
                return 1 if place == len(word) else 0
            if letter not in self.flags:
                return None
        return 0


def _words(text: str) -> Mapping[str, int]:
    """Return options from `name name:2`, where the number says how many words follow."""
    return MappingProxyType(
        {name: int(count or 0) for name, _, count in (each.partition(":") for each in text.split())}
    )


_SHOWS = frozenset({"show", "list", "ls"})
_DIGEST = _Form(flags="btz")
_EXPRESSION = (
    "-H -L -P -maxdepth:1 -mindepth:1 -type:1 -name:1 -iname:1 -path:1 -prune -o -a -not -print -print0 -printf:1"
    " -mtime:1 -mmin:1 -newer:1 -size:1 -user:1 -group:1 -perm:1 -empty -xdev -mount"
)
_UNIT_VERBS = frozenset(
    {
        *("is-active", "is-enabled", "is-failed", "is-system-running", "show", "status", "cat", "get-default"),
        *("list-unit-files", "list-units", "list-timers", "list-dependencies"),
    }
)
_FORMS: Mapping[str, _Form] = {
    # files
    "cat": _Form(),
    "head": _Form(flags="qv", valued="nc"),
    "tail": _Form(flags="qv", valued="nc"),
    "stat": _Form(flags="Lt", valued="cf", words=_words("--printf= --format=")),
    "ls": _Form(flags="1aAdlLhnqrRstSFHgop", words=_words("--full-time --color=never")),
    "readlink": _Form(flags="femnqsvz"),
    "realpath": _Form(flags="emsqzPL"),
    "test": _Form(operands=_ANY, words=_words("-e -f -d -x -r -w -s -L -h -p -S -b -c -k -u -g -n -z -eq -ne -lt -le")),
    "find": _Form(words=_words(_EXPRESSION)),
    "grep": _Form(
        flags="EFGqschHinvwxolLrRIZaz",
        valued="emABC",
        words=_words("--exclude-dir= --include= --exclude= --color=never"),
    ),
    "wc": _Form(flags="lcwmL"),
    "md5sum": _DIGEST,
    "sha1sum": _DIGEST,
    "sha256sum": _DIGEST,
    "sha512sum": _DIGEST,
    # filters
    "cut": _Form(flags="s", valued="dfcb"),
    "od": _Form(flags="v", valued="AtjN"),
    "sort": _Form(flags="unrfbVz", valued="kt"),
    "tr": _Form(flags="dscC"),
    "uniq": _Form(flags="cdui", most=0),  # its second operand would be written
    "sed": _Form(
        flags="n", valued="", operands=re.compile(r"s/[^/\n]*/[^/\n]*/p?|/[^/\n]*/[dp]|\d+(?:,\d+)?p"), most=1
    ),
    "echo": _Form(flags="ne"),
    "printf": _Form(),
    "true": _Form(),
    "false": _Form(),
    # the system
    "uname": _Form(flags="asnrvmpio", most=0),
    "getconf": _Form(most=2),
    "nproc": _Form(words=_words("--all"), most=0),
    "df": _Form(flags="ahHiklPT", valued="tx", words=_words("--output=")),
    "mount": _Form(flags="l", most=0),
    "free": _Form(flags="bkmghw", most=0),
    "hostname": _Form(flags="fsIidA", most=0),
    "lsb_release": _Form(flags="asidrc", most=0),
    "lsblk": _Form(flags="nbldpPaJf", valued="o"),
    "lsmod": _Form(most=0),
    "sysctl": _Form(flags="neNa", operands=re.compile(r"[\w./-]+")),  # `name=value` would set it, also with -n
    "timedatectl": _Form(verbs=frozenset({"show", "status"}), words=_words("--value --no-pager --property=")),
    "date": _Form(flags="u", operands=re.compile(r"\+.*"), must=r"(-u|\+.*)?", nature=Nature.FLEETING),
    "uptime": _Form(flags="ps", most=0, nature=Nature.FLEETING),
    "ps": _Form(flags="AaeflwxHNTjdL", valued="opuUC", most=1, nature=Nature.APART),
    "pgrep": _Form(flags="fxcla", valued="uU", nature=Nature.APART),
    "env": _Form(flags="0", most=0, nature=Nature.FLEETING),
    # accounts and programs
    "id": _Form(flags="ugGnrz"),
    "whoami": _Form(most=0),
    "groups": _Form(),
    "getent": _Form(),
    "command": _Form(valued="v", must="-v", most=0),
    "which": _Form(flags="a"),
    "crontab": _Form(flags="l", must="-l", most=0),
    # packages
    "dpkg-query": _Form(flags="WlsL", valued="f", words=_words("--show --status --list --listfiles --showformat=")),
    "rpm": _Form(
        flags="qail",
        words=_words("--quiet --qf:1 --queryformat:1 --qf= --queryformat="),
        must="-q[ail]*",
    ),
    "apk": _Form(flags="ev", verbs=frozenset({"info"})),
    "pacman": _Form(words=_words("-Q -Qi -Qq"), must="-Q[iq]?"),
    # services and network
    "systemctl": _Form(
        flags="aql",
        valued="pt",
        words=_words("--no-pager --property= --value --type= --state= --all --quiet --full --plain --no-legend"),
        verbs=_UNIT_VERBS,
    ),
    "ss": _Form(
        flags="nlatuxpoemiHO46",
        words=_words("--numeric --listening --all --tcp --udp --unix --processes --no-header"),
        most=0,
    ),
    "netstat": _Form(flags="nltuapxri", words=_words("--unix"), most=0),
}
_IP_OBJECTS = frozenset({"addr", "address", "a", "link", "l", "route", "r", "neigh", "rule"})
_IP = _Form(flags="046ods", valued="f", words=_words("--json -j -br -o -4 -6"))


_SUDO = (["-n"], ["-k", "-S", "-p", ""])
"""How commands are run as root: without a password, and with one on standard input."""


@lru_cache(maxsize=4096)
def nature(text: str) -> Nature:
    """Return what is known of a shell text, whoever runs it."""
    commands = simple_commands(text)
    if commands is None:
        return Nature.UNKNOWN
    return min(_nature(words) for words in commands)


def _nature(words: Sequence[str]) -> Nature:
    program, *arguments = words
    folder = next((folder for folder in _FOLDERS if program.startswith(folder)), "")
    program = program.removeprefix(folder)
    if program == "sudo":
        return _as_root(arguments)
    if program == "ip":
        return Nature.STEADY if _ip_shows(arguments) else Nature.UNKNOWN
    form = _FORMS.get(program)
    return form.nature if form is not None and form.accepts(arguments) else Nature.UNKNOWN


def _as_root(arguments: list[str]) -> Nature:
    """Return what is known of the command behind `sudo -n`: whether root may be asked is decided elsewhere."""
    place = next((len(words) for words in _SUDO if arguments[: len(words)] == words), None)
    if place is None or not arguments[place:]:
        return Nature.UNKNOWN
    return min(Nature.FLEETING, _nature(arguments[place:]))


def _ip_shows(arguments: list[str]) -> bool:
    """Whether it is `ip [options] object show …`."""
    place = next((number for number, word in enumerate(arguments) if word in _IP_OBJECTS), None)
    if place is None or arguments[place + 1 : place + 2] == [] or arguments[place + 1] not in _SHOWS:
        return False
    return _IP.accepts(arguments[:place]) and not any(word.startswith("-") for word in arguments[place + 2 :])
