"""Red Hat's family: advisories of the cached metadata."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.updates.pending import Answer, Pending, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.hosts.sections import Section

# -C: nothing is fetched. Without the folder an ordinary account would look into a cache of its own, which is empty.
_DNF = "dnf -C -q --setopt=cachedir=/var/cache/dnf updateinfo"
_ADVISORY = re.compile(r"^(?P<id>\S+)\s+(?P<severity>\S*Sec\.|security)\s+(?P<package>\S+)\s*$", re.MULTILINE)
_DETAIL = re.compile(
    r"^\s*Update ID\s*: (?P<id>\S+)$.*?^\s*Updated\s*: (?P<updated>[\d-]+ [\d:]+)", re.MULTILINE | re.DOTALL
)


def questions() -> Mapping[str, str]:
    """Return what to ask."""
    return {
        "pending": f"{_DNF} list --security --available",
        "details": f"{_DNF} info --security --available",
        "known": f"{_DNF} list --security --all | grep -c Sec",
        "listed": "stat -c %Y /var/cache/dnf/*/repodata/repomd.xml",
    }


def parse(answers: Mapping[str, Section]) -> Answer:
    """Return what the answers come down to.

    Raises:
        NotVerifiedError: there is no cached metadata, or it knows no advisories at all (CentOS has none).
    """
    for name in ("pending", "details"):
        answer = answers.get(name)
        if answer is None or answer.status != 0:
            said = answer.last_line if answer else "no answer"
            raise NotVerifiedError(f"dnf could not read its cached metadata: {said}; run dnf makecache on the host")
    (known,) = seconds(answers, "known") or (0.0,)
    if not known:
        raise NotVerifiedError("dnf: the repositories publish no security advisories; check updates by other means")
    updated = {one["id"]: _instant(one["updated"]) for one in _DETAIL.finditer(answers["details"].text)}
    pending = tuple(
        Pending(name=one["package"], candidate="", source=one["id"], since=updated.get(one["id"]))
        for one in _ADVISORY.finditer(answers["pending"].text)
    )
    listed = seconds(answers, "listed")
    return Answer(pending=pending, sources=(f"{known:.0f} advisories",), listed_at=min(listed) if listed else None)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
