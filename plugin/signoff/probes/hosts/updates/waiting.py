"""Security updates that wait to be installed, asked of the distribution's own package manager, without its locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import sections
from signoff.probes.hosts.updates import apk as updates_apk
from signoff.probes.hosts.updates import apt as updates_apt
from signoff.probes.hosts.updates import dnf as updates_dnf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.probes.hosts.updates.pending import Pending


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateFacts:
    """What one host's package manager knows of updates."""

    manager: str
    pending: tuple[Pending, ...]
    """Security updates that are not installed."""
    sources: tuple[str, ...]
    """Where security updates come from; none: there can be no such update, whatever is missing."""
    listed_at: datetime
    """When the lists of packages were last fetched."""

    def overdue(self, now: datetime, grace: timedelta) -> tuple[Pending, ...]:
        """Return the updates that are not provably younger than the grace period."""
        return tuple(one for one in self.pending if one.since is None or now - one.since > grace)


_MANAGERS: tuple[tuple[str, str, Callable[[], Mapping[str, str]], Callable[[Mapping[str, sections.Section]], Any]], ...]
_MANAGERS = (
    ("apt", "test -s /var/lib/dpkg/status && command -v apt-get", updates_apt.questions, updates_apt.parse),
    ("dnf", "command -v rpm && command -v dnf", updates_dnf.questions, updates_dnf.parse),
    ("apk", "command -v apk && test -s /lib/apk/db/installed", updates_apk.questions, updates_apk.parse),
)


def read_updates(host: Any) -> UpdateFacts:
    """Return the facts of a connected testinfra host.

    Raises:
        NotVerifiedError: no known package manager, no lists of packages, or it could not answer.
        TimedOutError: not within a minute.
    """
    for name, present, questions, parse in _MANAGERS:
        if host.run(f"{{ {present}; }} >/dev/null 2>&1").rc == 0:
            answers = sections.parse(host.run(sections.script(questions()), limit=60).stdout)
            return facts(name, parse, answers)
    known = ", ".join(manager[0] for manager in _MANAGERS)
    raise NotVerifiedError(f"no known package manager ({known}); check the updates of this system by a test of its own")


def facts(
    name: str, parse: Callable[[Mapping[str, sections.Section]], Any], answers: Mapping[str, sections.Section]
) -> UpdateFacts:
    """Return the facts from one manager's answers; see `read_updates` for errors."""
    found = parse(answers)
    if found.listed_at is None:
        raise NotVerifiedError(f"{name}: no list of packages was ever fetched; fetch it, then check again")
    return UpdateFacts(
        manager=name,
        pending=found.pending,
        sources=found.sources,
        listed_at=datetime.fromtimestamp(found.listed_at, UTC),
    )
