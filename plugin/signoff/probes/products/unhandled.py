"""How many errors an error tracker holds that no code had expected (Sentry's `error.unhandled`).

Contract: https://docs.sentry.io/api/discover/query-discover-events-in-table-format/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from signoff.probes.products.sentry import Project
    from signoff.probes.web.http import Session

_COUNT = "count()"
_SERVER_ERROR = 500


def count(session: Session, url: str, organization: str, project: Project, *, hours: int) -> int:
    """Return the number of unhandled errors of the last hours.

    Raises:
        AuthenticationError: the token is refused, or lacks the scope event:read or org:read.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: an answer that is none of Sentry's.
    """
    place = f"{url.rstrip('/')}/api/0/organizations/{organization}/events/"
    query = {
        "dataset": "errors",
        "field": _COUNT,
        "query": "error.unhandled:true",
        "project": project.id,
        "statsPeriod": f"{hours}h",
    }
    response = session.get(place, params=query)
    if response.status_code in {401, 403}:
        raise AuthenticationError(f"{place}: status {response.status_code}; the token needs org:read")
    if response.status_code >= _SERVER_ERROR:
        raise UnreachableError(f"{place}: status {response.status_code}")
    if not response.ok:
        raise NotVerifiedError(f"{place}: status {response.status_code}; check organisation and project")
    rows = Node.parse(response.content, kind="events").at("data").items()
    if len(rows) != 1:
        raise NotVerifiedError(f"{place}: {len(rows)} rows instead of one; which version is this?")
    return rows[0].at(_COUNT).count()
