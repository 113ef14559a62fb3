"""A server that answers as Vault's KV version 2 does."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError
from signoff.probes.secrets.vault import written_at
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

PATH = "secret/metadata/shop/payment"


def _version(**changes: Any) -> dict[str, Any]:
    return {"created_time": "2026-10-01T02:03:04.567890123Z", "deletion_time": "", "destroyed": False} | changes


def _ask(serve: Callable[..., Any], document: Any, status: int = 200, path: str = PATH) -> datetime:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        known = request.headers["X-Vault-Token"] == "s.reader" and request.path == f"/v1/{PATH}"
        return (status, {}, json.dumps(document)) if known else (403, {}, '{"errors": ["permission denied"]}')

    with serve(answer) as url, Session(origins=[url]) as session:
        return written_at(session, url, path, token="s.reader")


def test_the_current_version_dates_the_key(serve: Callable[..., Any]) -> None:
    versions = {"1": _version(created_time="2025-01-01T00:00:00Z"), "2": _version()}

    found = _ask(serve, {"data": {"current_version": 2, "versions": versions}})

    assert found == datetime(2026, 10, 1, 2, 3, 4, 567890, tzinfo=UTC)


@pytest.mark.parametrize("change", [{"destroyed": True}, {"deletion_time": "2026-11-01T00:00:00Z"}])
def test_a_deleted_version_is_not_in_use(serve: Callable[..., Any], change: dict[str, Any]) -> None:
    with pytest.raises(NotVerifiedError, match="deleted"):
        _ask(serve, {"data": {"current_version": 1, "versions": {"1": _version(**change)}}})


@pytest.mark.parametrize("document", [{"errors": []}, {"data": {"current_version": 0, "versions": {}}}, {"data": None}])
def test_no_version_is_no_age(serve: Callable[..., Any], document: Any) -> None:
    with pytest.raises(NotVerifiedError, match="no version"):
        _ask(serve, document, 404)


def test_a_refused_token_is_an_error(serve: Callable[..., Any]) -> None:
    with pytest.raises(AuthenticationError):
        _ask(serve, {}, path="secret/metadata/other")


def test_the_value_itself_is_never_asked_for(serve: Callable[..., Any]) -> None:
    with pytest.raises(GuardError):
        _ask(serve, {}, path="secret/data/shop/payment")
