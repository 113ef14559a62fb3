"""Roles of a real PostgreSQL, keys in a real table, and sudoers policies read by sudo's own reader."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.hosts import sudo_rules
from signoff.probes.postgres import key_table
from signoff.probes.postgres import roles as postgres_roles
from signoff.probes.postgres.database import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def broken(postgres: Any) -> Iterator[Any]:
    """Return the servers with one mistake of each sort."""
    with postgres.admin() as admin:
        admin.execute(
            "CREATE ROLE mighty LOGIN SUPERUSER; CREATE ROLE maker CREATEROLE CREATEDB BYPASSRLS;"
            "CREATE ROLE files LOGIN; GRANT pg_read_server_files TO files;"
            "CREATE ROLE heir LOGIN; GRANT mighty TO heir; GRANT CREATE ON SCHEMA public TO PUBLIC;"
            "CREATE TABLE api_keys (name text, owner text, issued_at timestamptz, value text);"
            "INSERT INTO api_keys VALUES ('partner', 'Han', '2026-01-02T03:04:05Z', 'k');"
            "INSERT INTO api_keys VALUES ('old', NULL, '2020-01-01', 'k');"
            "GRANT SELECT (name, owner, issued_at) ON api_keys TO reader"
        )
    yield postgres
    with postgres.admin() as admin:
        admin.execute(
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC; DROP TABLE api_keys; DROP ROLE heir, mighty, maker, files"
        )


def test_every_way_to_power_is_seen_by_an_account_that_may_only_read(broken: Any) -> None:
    with connect(broken.address()) as database:
        found = postgres_roles.read(database)

    roles = {role.name: role for role in found.roles}
    assert {name for name, role in roles.items() if role.superuser} == {"postgres", "mighty"}
    assert roles["maker"].powers == ["CREATEROLE", "CREATEDB", "BYPASSRLS"]
    assert not roles["maker"].login
    assert roles["files"].powers == ["pg_read_server_files"]
    assert roles["heir"].powers == ["mighty"]
    assert roles["reader"].powers == []
    assert found.open_to_all == ("schema public",)


def test_a_fresh_server_is_open_to_nobody(postgres: Any) -> None:
    with connect(postgres.address()) as database:
        found = postgres_roles.read(database)

    assert found.open_to_all == ()
    assert {role.name for role in found.roles if role.superuser} == {"postgres"}


KEYS = "SELECT name, owner, issued_at FROM api_keys"


def test_keys_are_told_by_name_owner_and_date(broken: Any) -> None:
    with connect(broken.address()) as database:
        found = {key.name: key for key in key_table.read(database, KEYS)}

    assert found["partner"].issued_at.isoformat() == "2026-01-02T03:04:05+00:00"
    assert (found["partner"].owner, found["old"].owner) == ("Han", "")


@pytest.mark.parametrize(
    ("sql", "error", "why"),
    [
        (f"{KEYS} WHERE name LIKE 'none%'", NotVerifiedError, "gives no key"),
        ("SELECT name, owner FROM api_keys", NotVerifiedError, "exactly the columns"),
        ("SELECT name, owner, issued_at, name AS more FROM api_keys", NotVerifiedError, "exactly the columns"),
        ("SELECT name, owner, NULL AS issued_at FROM api_keys", NotVerifiedError, "not a time stamp"),
        ("SELECT value AS name, owner, issued_at FROM api_keys", NotVerifiedError, "permission denied"),
        ("UPDATE api_keys SET name = '' RETURNING name, owner, issued_at", (GuardError, NotVerifiedError), "."),
        (f"{KEYS}; DROP TABLE api_keys", GuardError, "."),
    ],
)
def test_a_query_that_tells_less_or_does_more_is_refused(broken: Any, sql: str, error: Any, why: str) -> None:
    with connect(broken.address()) as database, pytest.raises(error, match=why):
        key_table.read(database, sql)


POLICY = """\
Defaults env_reset
User_Alias OPS = han, %ops
Cmnd_Alias LOOK = /usr/bin/journalctl, /usr/bin/less
root ALL=(ALL:ALL) ALL
%sudo ALL=(ALL) ALL
OPS ALL=(root) NOPASSWD: LOOK
signoff ALL=(root) NOPASSWD: /usr/sbin/nft -j list ruleset, !/usr/bin/su
#1001 ALL=(postgres) /usr/bin/psql
"""


def _policy(tmp_path: Path, text: str) -> str:
    """Return what sudo's own reader makes of a policy."""
    program = shutil.which("cvtsudoers", path="/usr/bin:/bin:/usr/sbin")
    if program is None:
        pytest.skip("needs the package sudo")
    (tmp_path / "sudoers").write_text(text)
    done = subprocess.run(
        [program, "-e", "-f", "json", str(tmp_path / "sudoers")], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_every_permission_is_spelled_out(tmp_path: Path) -> None:
    found = [str(rule) for rule in sudo_rules.parse(_policy(tmp_path, POLICY))]

    assert found == [
        "root (ALL) ALL",
        "%sudo (ALL) ALL",
        "han (root) NOPASSWD: /usr/bin/journalctl",
        "%ops (root) NOPASSWD: /usr/bin/journalctl",
        "han (root) NOPASSWD: /usr/bin/less",
        "%ops (root) NOPASSWD: /usr/bin/less",
        "signoff (root) NOPASSWD: /usr/sbin/nft -j list ruleset",
        "#1001 (postgres) /usr/bin/psql",
    ]


def test_a_default_without_password_holds_for_every_rule(tmp_path: Path) -> None:
    found = sudo_rules.parse(_policy(tmp_path, "Defaults !authenticate\nhan ALL=(ALL) ALL\n"))

    assert [rule.needs_password for rule in found] == [False]


@pytest.mark.parametrize("text", ["", "{}", '{"User_Specs": []}', '{"User_Specs": [{"User_List": [{"odd": 1}]}]}', "["])
def test_what_is_no_policy_is_no_answer(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        sudo_rules.parse(text)
