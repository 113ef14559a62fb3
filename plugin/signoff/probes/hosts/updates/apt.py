"""Debian, Ubuntu and their relatives: a simulated upgrade, and where the lists come from."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.updates.pending import Answer, Pending, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.hosts.sections import Section

# Nothing is installed and no lock is taken. dist-upgrade, because a new kernel is a new package, which `upgrade` leaves
# out; packages on hold and updates that are still rolled out in phases lack their security fix as much as any other.
_SIMULATE = (
    "apt-get -s -q -o Debug::NoLocking=1 -o APT::Get::Always-Include-Phased-Updates=true"
    " -o APT::Get::Show-User-Simulation-Note=false --ignore-hold dist-upgrade"
)
_INST = re.compile(r"^Inst (?P<name>\S+)(?: \[[^\]]*\])? \((?P<version>\S+) (?P<origins>.*) \[\w+\]\)", re.MULTILINE)
_KEPT_BACK = re.compile(r"^The following packages have been kept back:\n((?:  .*\n)+)", re.MULTILINE)
_SECURITY = re.compile(r"(?:^|[\s,/=:])[\w.]*-security\b|Debian-Security:", re.IGNORECASE)
_RELEASE = re.compile(r"^\s+release (.*)$", re.MULTILINE)
_UPGRADE = re.compile(r"unattended-upgrade|(?:dist|full)-upgrade|\bapt upgrade")
_RUN = re.compile(r"^Commandline: (?P<line>.*)\n(?P<rest>(?:.+\n)*?)End-Date: (?P<end>.*)$", re.MULTILINE)


def questions() -> Mapping[str, str]:
    """Return what to ask; the folders are those of apt's own configuration."""
    folders = 'eval "$(apt-config shell LISTS Dir::State::lists/d STATE Dir::State/d LOG Dir::Log/d)"'
    return {
        "simulated": _SIMULATE,
        "policy": "apt-cache policy",
        # Fetching anything new changes the folders, and the timers leave stamps; the files keep their servers' times.
        "listed": f'{folders}; cd "$LISTS" && {{ stat -c %Y . partial "$STATE"/periodic/update-*stamp 2>/dev/null;'
        " ls | grep -c Packages; }",
        "history": f'{folders}; date +%z; cd "$LOG" && for f in history.log history.log.*; do zcat -f -- "$f"; done',
    }


def parse(answers: Mapping[str, Section]) -> Answer:
    """Return what the answers come down to.

    Raises:
        NotVerifiedError: the simulation did not work.
    """
    simulated = answers.get("simulated")
    if simulated is None or simulated.status != 0 or " newly installed," not in simulated.text:
        said = simulated.last_line if simulated else "no answer"
        raise NotVerifiedError(f"apt-get could not simulate an upgrade: {said}; run apt-get check on the host")
    since = _last_upgrade(answers["history"].text if "history" in answers else "")
    policy = answers["policy"].text if "policy" in answers else ""
    return Answer(
        pending=tuple(_pending(simulated.text, since)),
        sources=tuple(dict.fromkeys(line for line in _RELEASE.findall(policy) if _is_security(line))),
        listed_at=_listed(answers),
    )


def _pending(text: str, since: datetime | None) -> list[Pending]:
    updates = [
        Pending(name=one["name"], candidate=one["version"], source=one["origins"], since=since)
        for one in _INST.finditer(text)
        if _is_security(one["origins"])
    ]
    # Nothing says whether these are security updates: what cannot be installed is not taken for harmless.
    kept = [name for block in _KEPT_BACK.findall(text) for name in block.split()]
    return updates + [Pending(name=name, candidate="", source="kept back", since=since) for name in kept]


def _is_security(origins: str) -> bool:
    return _SECURITY.search(origins) is not None


def _listed(answers: Mapping[str, Section]) -> float | None:
    *folders, lists = seconds(answers, "listed") or [0.0]
    return max(folders) if folders and lists else None


def _last_upgrade(history: str) -> datetime | None:
    """Return when the host was last upgraded as a whole: whatever is missing now came out after that."""
    offset = re.match(r"\s*([+-])(\d\d)(\d\d)\n", history)
    ends = [
        run["end"].split() for run in _RUN.finditer(history) if _UPGRADE.search(run["line"]) and "Error:" not in run[0]
    ]
    if offset is None or not ends:
        return None
    shift = timedelta(hours=int(offset[2]), minutes=int(offset[3])) * (-1 if offset[1] == "-" else 1)
    instants = [datetime.fromisoformat(" ".join(end)).replace(tzinfo=timezone(shift)) for end in ends]
    return max(instants)
