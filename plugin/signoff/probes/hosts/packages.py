"""Installed packages, asked of the distribution's own package manager; versions compared by its own rules."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageFact:
    """One wanted package as it is."""

    name: str
    version: str
    """Empty: not installed."""
    new_enough: bool | None
    """Against the wanted version, by the distribution's rules; None: not installed, or no version wanted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Manager:
    """How one package manager is asked. `query` prints `name<TAB>version` per installed package."""

    name: str
    present: str
    query: str
    absent: str
    """What the query says on standard error or output when a package is not installed."""
    compare: str
    """Succeeds if `$1` is at least `$2`, fails with 1 if it is older, with more if it cannot tell."""


# Each is recognised by its database, not by its tool: a Debian machine may have `rpm` installed, and the reverse.
_MANAGERS = (
    _Manager(
        name="dpkg",
        present="test -s /var/lib/dpkg/status && command -v dpkg-query",
        query="dpkg-query -W -f '${db:Status-Status}\\t${Package}\\t${Version}\\n"
        "${db:Status-Status}\\t${Package}:${Architecture}\\t${Version}\\n' %s | sed -n 's/^installed\\t//p'",
        absent="no packages found matching",
        compare='dpkg --compare-versions "$1" ge "$2"',
    ),
    _Manager(
        name="rpm",
        present="command -v rpm && rpm -q rpm",
        query="rpm -q --qf '%%{NAME}\\t%%{EVR}\\n' %s | sed '/is not installed$/d'",
        absent="is not installed",
        compare="case $(rpm --eval \"%{lua:print(rpm.vercmp('$1', '$2'))}\") in 0|1) ;; -1) false;; *) exit 2;; esac",
    ),
    _Manager(
        name="apk",
        present="command -v apk && test -s /lib/apk/db/installed",
        query='for p in %s; do apk info -e -v "$p" | sed -n "s/^$p-\\\\([0-9]\\\\)/$p\\t\\\\1/p"; done',
        absent="",
        compare='case $(apk version -t "$1" "$2") in ">"|"=") ;; "<") false;; *) exit 2;; esac',
    ),
)


def read_packages(host: Any, wanted: Mapping[str, str]) -> tuple[PackageFact, ...]:
    """Return what is installed of the wanted packages, in their order.

    Args:
        host: A connected testinfra host.
        wanted: Oldest accepted version by package name; an empty version accepts any.

    Raises:
        NotVerifiedError: no known package manager, or it could not answer.
    """
    manager = _manager(host)
    versions = _installed(host, manager, tuple(wanted))
    pairs = [(versions[name], oldest) for name, oldest in wanted.items() if oldest and name in versions]
    verdicts = _compared(host, manager, pairs)
    return tuple(
        PackageFact(
            name=name, version=versions.get(name, ""), new_enough=verdicts.get((versions.get(name, ""), oldest))
        )
        for name, oldest in wanted.items()
    )


def _manager(host: Any) -> _Manager:
    for manager in _MANAGERS:
        if host.run(f"{{ {manager.present}; }} >/dev/null 2>&1").rc == 0:
            return manager
    known = ", ".join(manager.name for manager in _MANAGERS)
    raise NotVerifiedError(
        f"no known package manager ({known}); check the packages of this system by a test of its own"
    )


def _installed(host: Any, manager: _Manager, names: tuple[str, ...]) -> dict[str, str]:
    result = host.run(manager.query.replace("%s", " ".join(map(shlex.quote, names))).replace("%%", "%"))
    complaints = [
        line for line in result.stderr.splitlines() if line and not (manager.absent and manager.absent in line)
    ]
    if complaints:
        raise NotVerifiedError(f"{manager.name} could not answer: {complaints[0][:200]}")
    return dict(line.split("\t", 1) for line in result.stdout.splitlines() if "\t" in line)


def _compared(host: Any, manager: _Manager, pairs: list[tuple[str, str]]) -> dict[tuple[str, str], bool]:
    if not pairs:
        return {}
    words = " ".join(f"{shlex.quote(found)} {shlex.quote(oldest)}" for found, oldest in pairs)
    script = f'set -- {words}; while [ $# -gt 1 ]; do ( {manager.compare} ); echo "$?"; shift 2; done'
    statuses = host.run(script).stdout.split()
    if len(statuses) != len(pairs) or not set(statuses) <= {"0", "1"}:
        raise NotVerifiedError(f"{manager.name} could not compare versions; check that its tools are complete")
    return {pair: status == "0" for pair, status in zip(pairs, statuses, strict=True)}
