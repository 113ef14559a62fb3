"""What an application says of the services that it needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one instance says of itself."""

    status: int
    dependencies: Mapping[str, str]
    """Name to state, `ok` when all is well."""


def read(session: Session, url: str, path: str) -> Report:
    """Return the report, from a JSON object `{"dependencies": {name: state}}`.

    An instance that is not ready answers 503 with the same object: that is an answer, too.

    Raises:
        NotVerifiedError: no such object, or it lists nothing: an answer that looks at nothing proves nothing.
    """
    response = session.get(url.rstrip("/") + path)
    try:
        document: Any = response.json()
        states = {str(name): str(state) for name, state in document["dependencies"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotVerifiedError(
            f"{url}{path}: status {response.status_code} without dependencies; let it report on each of them"
        ) from error
    if not states:
        raise NotVerifiedError(f"{url}{path}: reports on no dependency; let it look at each of them")
    return Report(status=response.status_code, dependencies=states)
