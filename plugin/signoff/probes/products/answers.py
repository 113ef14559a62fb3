"""One JSON document by a guarded GET: what is no answer is an error that says what to do, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from signoff.probes.web.http import Session

_SERVER_ERROR = 500


def get_json(session: Session, url: str, params: Mapping[str, Any] | None = None, *, needs: str) -> Any:
    """Return the JSON that the URL answers.

    Args:
        session: Guards the request.
        url: What to ask.
        params: Query parameters.
        needs: What the credentials must allow, for the message.

    Raises:
        AuthenticationError: status 401 or 403.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: another status than 2xx, or no JSON.
    """
    return json_of(session.get(url, params=params), url, needs=needs)


def json_of(response: Response, url: str, *, needs: str) -> Any:
    """Return the JSON of an answer; see `get_json` for errors."""
    status = response.status_code
    if status in {401, 403}:
        raise AuthenticationError(f"{url}: status {status}; it needs {needs}")
    if status >= _SERVER_ERROR:
        raise UnreachableError(f"{url}: status {status}")
    if not response.ok:
        raise NotVerifiedError(f"{url}: status {status}; check URL and ids in the inventory")
    try:
        return response.json()
    except ValueError:
        raise NotVerifiedError(f"{url}: no JSON; check the URL in the inventory") from None


def mapping(data: Any, what: str) -> Mapping[str, Any]:
    """Return the data if it is an object.

    Raises:
        NotVerifiedError: it is none.
    """
    if not isinstance(data, dict):
        raise NotVerifiedError(f"{what}: no object in the answer; which version is this?")
    return data


def entries(data: Any, what: str) -> list[Mapping[str, Any]]:
    """Return the data if it is a list of objects.

    Raises:
        NotVerifiedError: it is none.
    """
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise NotVerifiedError(f"{what}: no list of objects in the answer; which version is this?")
    return data
