"""What an application says of the services that it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.web.http import Session


def read_dependency(session: Session, url: str, path: str, key: str) -> str:
    """Return the state of one dependency, `ok` when all is well, from a JSON object `{"dependencies": {key: state}}`.

    An instance that is not ready answers 503 with the same object: that is an answer, too.

    Raises:
        NotVerifiedError: no such object, or the dependency is not in it.
    """
    response = session.get(url.rstrip("/") + path)
    try:
        document: Any = response.json()
        return str(document["dependencies"][key])
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerifiedError(
            f"{url}{path}: status {response.status_code}, says nothing of {key!r}; name the key that it reports"
        ) from error
