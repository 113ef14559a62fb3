"""A server that answers as Vault's published API does, in each of its states."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.secrets import vault_state
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

HEALTH = {"initialized": True, "sealed": False, "standby": False, "performance_standby": False, "version": "1.16.2"}
FILE = {
    "type": "file",
    "description": "",
    "options": {"file_path": "/var/log/vault.log"},
    "local": False,
    "path": "file/",
}
TOKEN = {
    "id": "hvs.the-token-itself",
    "accessor": "8609694a-cdbc-db9b-d345-e782dbb562ed",
    "policies": ["default", "signoff"],
    "identity_policies": None,
    "ttl": 2_764_790,
    "creation_ttl": 2_764_800,
    "explicit_max_ttl": 0,
    "expire_time": "2026-12-25T00:00:00Z",
    "renewable": True,
    "orphan": True,
    "type": "service",
    "path": "auth/token/create",
}


def _vault(health: tuple[int, Any] = (200, HEALTH), audit: Any = None, token: Any = None, status: int = 200) -> Any:
    devices = {"file/": FILE} if audit is None else audit

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        path = request.path.partition("?")[0].removeprefix("/v1/")
        if path == "sys/health":
            return health[0], {}, json.dumps(health[1])
        if request.headers["X-Vault-Token"] != "hvs.the-token-itself":
            return 403, {}, '{"errors":["permission denied"]}'
        envelope = {"request_id": "x", "lease_id": "", "renewable": False, "lease_duration": 0, "auth": None}
        if path == "sys/audit":
            # As Vault does: the devices stand at the top, too.
            return status, {}, json.dumps(envelope | devices | {"data": devices})
        return 200, {}, json.dumps(envelope | {"data": TOKEN | (token or {})})

    return answer


@pytest.mark.parametrize(
    ("status", "changes", "expected"),
    [
        (200, {}, (True, False)),
        (429, {"standby": True}, (True, False)),
        (503, {"sealed": True}, (True, True)),
        (501, {"initialized": False, "sealed": True}, (False, True)),
    ],
)
def test_every_state_of_vault_is_told(serve: Callable[..., Any], status: int, changes: Any, expected: Any) -> None:
    with serve(_vault((status, HEALTH | changes))) as url, Session(origins=[url]) as session:
        found = vault_state.health(session, url)

    assert (found.initialized, found.sealed, found.version) == (*expected, "1.16.2")


def test_devices_and_the_token_are_described_and_the_token_is_not_kept(serve: Callable[..., Any]) -> None:
    with serve(_vault()) as url, Session(origins=[url]) as session:
        devices = vault_state.audit_devices(session, url, token="hvs.the-token-itself")
        token = vault_state.token_facts(session, url, token="hvs.the-token-itself")

    assert [(one.path, one.type) for one in devices] == [("file/", "file")]
    assert (token.is_root, token.lives, token.at_most) == (False, timedelta(seconds=2_764_790), None)
    assert "the-token-itself" not in repr(token)


def test_no_device_is_a_fact_and_a_refusal_is_not(serve: Callable[..., Any]) -> None:
    with serve(_vault(audit={})) as url, Session(origins=[url]) as session:
        assert vault_state.audit_devices(session, url, token="hvs.the-token-itself") == ()
        with pytest.raises(NotVerifiedError, match='path "sys/audit"'):
            vault_state.audit_devices(session, url, token="hvs.other")
        with pytest.raises(AuthenticationError):
            vault_state.token_facts(session, url, token="hvs.other")


def test_a_root_token_never_ends(serve: Callable[..., Any]) -> None:
    with serve(_vault(token={"policies": ["root"], "ttl": 0})) as url, Session(origins=[url]) as session:
        token = vault_state.token_facts(session, url, token="hvs.the-token-itself")

    assert (token.is_root, token.lives) == (True, None)


@pytest.mark.parametrize("text", ["<html>", "[]", '{"sealed": false}'])
def test_what_is_no_vault_is_no_answer(serve: Callable[..., Any], text: str) -> None:
    with serve(lambda _: (200, {}, text)) as url, Session(origins=[url]) as session:
        with pytest.raises(NotVerifiedError):
            vault_state.health(session, url)
        with pytest.raises(NotVerifiedError):
            vault_state.token_facts(session, url, token="t")
