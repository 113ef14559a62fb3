"""Which build an instance of a web application says it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.web.http import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """What one instance answered."""

    version: str
    commit: str

    def is_release(self, version: str, commit: str) -> bool:
        """Return whether this is the release; commits may be abbreviated to seven characters or more."""
        short, full = sorted((self.commit.lower(), commit.lower()), key=len)
        return self.version == version and len(short) >= 7 and full.startswith(short)  # noqa: PLR2004 - git's own default


def read(session: Session, url: str) -> Build:
    """Ask an instance for its build: JSON with `version` and `commit`.

    Raises:
        NotVerifiedError: it answers something else, so its build is unknown.
    """
    response = session.get(url)
    try:
        answer = response.json() if response.ok else None
    except ValueError:
        answer = None
    fields = answer if isinstance(answer, dict) else {}
    version, commit = fields.get("version"), fields.get("commit")
    if not isinstance(version, str) or not isinstance(commit, str) or not commit:
        raise NotVerifiedError(
            f"{url}: status {response.status_code} without version and commit; build them into the application"
        )
    return Build(version=version, commit=commit)
