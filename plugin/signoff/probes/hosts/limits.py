"""Limits of an operating system and how much of each is used: open files, processes, tracked connections."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SYSTEM = (
    "cat /proc/sys/fs/file-nr; cat /proc/sys/kernel/pid_max /proc/sys/kernel/threads-max; cat /proc/loadavg;"
    " cat /proc/sys/net/netfilter/nf_conntrack_count /proc/sys/net/netfilter/nf_conntrack_max 2>/dev/null || :"
)
_LEAST_LINES, _WITH_CONNECTIONS = 4, 6
_EACH_PROCESS = (
    "for d in /proc/[0-9]*; do"
    ' read -r n < "$d/comm" || continue;'
    ' case " %s " in *" $n "*) ;; *) continue ;; esac;'
    ' l=$(grep "^Max open files" "$d/limits") || continue;'
    ' if ls -U "$d/fd" > /dev/null 2>&1; then u=$(ls -U "$d/fd" | wc -l); else u=-; fi;'
    ' echo "$n $u $l";'
    " done 2>/dev/null || :"
)
_NAME = re.compile(r"[A-Za-z0-9._-]{1,15}\Z")
_LINE = re.compile(r"(\S+) +(\d+|-) +Max open files +(\d+|unlimited) ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """One limit of a host or of one of its processes."""

    name: str
    limit: int
    used: int | None
    """None: this account may not see it."""


def read_system_limits(host: Any) -> tuple[Limit, ...]:
    """Return the limits of the whole host by one command.

    Raises:
        NotVerifiedError: no Linux, or its /proc is closed.
    """
    lines = host.run(_SYSTEM).stdout.splitlines()
    try:
        return tuple(_system(lines))
    except (IndexError, ValueError) as error:
        raise NotVerifiedError(f"limits of the system could not be read: {lines[:1] or 'no output'}") from error


def _system(lines: list[str]) -> Iterator[Limit]:
    if len(lines) < _LEAST_LINES:
        raise ValueError(len(lines))
    files, tasks = lines[0].split(), lines[3].split()[3].partition("/")[2]
    yield Limit(name="open files of the system", limit=int(files[2]), used=int(files[0]) - int(files[1]))
    # Every thread takes a number of its own, so the smaller of both limits is the one that counts.
    yield Limit(name="processes and threads", limit=min(int(lines[1]), int(lines[2])), used=int(tasks))
    if len(lines) == _WITH_CONNECTIONS:
        yield Limit(name="tracked connections", limit=int(lines[5]), used=int(lines[4]))


def read_process_limits(host: Any, names: Iterable[str]) -> tuple[Limit, ...]:
    """Return for each name the limit of open files, and the most that one such process has open.

    The limit is the soft one, which is what the kernel enforces; of several processes the lowest counts.

    Raises:
        NotVerifiedError: no process of a name runs, or a name is none.
    """
    wanted = sorted(set(names))
    wrong = [name for name in wanted if not _NAME.match(name)]
    if wrong:
        raise NotVerifiedError(f"{', '.join(wrong)}: not names of processes; write what `ps -o comm` shows")
    found: dict[str, list[tuple[int | None, int]]] = {name: [] for name in wanted}
    for line in host.run(_EACH_PROCESS % " ".join(wanted)).stdout.splitlines():
        match = _LINE.match(line)
        if match is not None:
            used = None if match[2] == "-" else int(match[2])
            found[match[1]].append((used, 2**63 if match[3] == "unlimited" else int(match[3])))
    absent = [name for name, processes in found.items() if not processes]
    if absent:
        raise NotVerifiedError(f"no process {', '.join(absent)} runs; correct its name as `ps -o comm` shows it")
    return tuple(_process(name, processes) for name, processes in found.items())


def _process(name: str, processes: list[tuple[int | None, int]]) -> Limit:
    known = [used for used, _ in processes if used is not None]
    return Limit(
        name=f"open files of {name}",
        limit=min(limit for _, limit in processes),
        used=max(known) if len(known) == len(processes) else None,
    )
