"""Alpine: every update within a stable branch is a fix, and none is marked as a security update."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.updates.pending import Answer, Pending, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.hosts.sections import Section

_OLDER = re.compile(r"^(?P<name>\S+)-(?P<installed>\d\S*)\s+<\s+(?P<candidate>\S+)", re.MULTILINE)


def questions() -> Mapping[str, str]:
    """Return what to ask."""
    return {
        "pending": "apk --no-network version -v -l '<'",
        "repositories": "cat /etc/apk/repositories",
        "listed": "stat -c %Y /var/cache/apk/APKINDEX*.tar.gz /etc/apk/cache/APKINDEX*.tar.gz 2>/dev/null",
    }


def parse(answers: Mapping[str, Section]) -> Answer:
    """Return what the answers come down to.

    Raises:
        NotVerifiedError: apk could not compare.
    """
    answer = answers.get("pending")
    if answer is None or answer.status != 0:
        raise NotVerifiedError(f"apk could not compare versions: {answer.last_line if answer else 'no answer'}")
    listed = seconds(answers, "listed")
    repositories = answers["repositories"].text.split() if "repositories" in answers else []
    return Answer(
        pending=tuple(
            Pending(name=one["name"], candidate=one["candidate"], source="apk", since=None)
            for one in _OLDER.finditer(answer.text)
        ),
        sources=tuple(line for line in repositories if line.startswith(("http", "/"))),
        listed_at=min(listed) if listed else None,
    )
