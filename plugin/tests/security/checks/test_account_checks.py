"""SEC-AUTH-* beside the application itself: providers, keys, privileges and sessions, right, wrong, out of reach."""

from __future__ import annotations

import hashlib
import json
import shutil
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.probes.web.kept_session import Keeper, Kept

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from pathlib import Path

SERVER = (
    'bind 127.0.0.1\nport {port}\ndir "{folder}"\nsave ""\nuser signoff on >counting-only ~session:* -@all +scan +ttl\n'
)
REALM: dict[str, Any] = {
    "realm": "shop",
    "sslRequired": "external",
    "passwordPolicy": "length(14)",
    "bruteForceProtected": True,
    "failureFactor": 6,
    "ssoSessionIdleTimeout": 1800,
    "ssoSessionMaxLifespan": 36_000,
    "requiredActions": [{"alias": "CONFIGURE_TOTP", "enabled": True, "defaultAction": True}],
}
KEYS = "SELECT name, owner, issued_at FROM account_keys"


def _note(path: Path, at: datetime) -> str:
    note = path.with_suffix(".note")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    note.write_text(
        json.dumps({"tool": "curl", "commit": "0" * 40, "created": at.isoformat(), "report_sha256": digest})
    )
    return str(note)


def _describe_realms(environment: Any, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    realms: dict[str, tuple[dict[str, Any], datetime]] = {
        "strict": ({}, now),
        "short-passwords": ({"passwordPolicy": "length(8)"}, now),
        "never-locks": ({"bruteForceProtected": False}, now),
        "one-factor": ({"requiredActions": []}, now),
        "outdated": ({}, now - timedelta(days=30)),
        "another": ({"realm": "staff"}, now),
    }
    for name, (change, at) in realms.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(REALM | change))
        environment.services[name] = {
            "kind": "account_policy",
            "path": str(path),
            "provenance": _note(path, at),
            "realm": "shop",
        }


def _provider(request: Any) -> tuple[int, dict[str, str], str]:
    """Publish an algorithm that anybody can use, beside a sound one."""
    base = f"https://{request.headers['Host']}"
    document = {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "jwks_uri": f"{base}/keys",
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    if request.path.startswith("/lax"):
        document |= {"issuer": f"{base}/lax", "id_token_signing_alg_values_supported": ["ES256", "none"]}
    keys = {"keys": [{"kty": "EC", "kid": "1", "crv": "P-256", "x": "AA", "y": "AA"}]}
    return 200, {}, json.dumps(keys if request.path == "/keys" else document)


@pytest.fixture
def tables(postgres: Any) -> Iterator[Any]:
    """Return the servers with a table of keys, of which one is old."""
    with postgres.admin() as admin:
        admin.execute(
            "CREATE TABLE account_keys (name text, owner text, issued_at timestamptz);"
            "INSERT INTO account_keys VALUES ('young', 'Kim', now()), ('old', 'Kim', now() - interval '400 days');"
            "GRANT SELECT ON account_keys TO reader; CREATE ROLE mighty LOGIN SUPERUSER"
        )
    yield postgres
    with postgres.admin() as admin:
        admin.execute("DROP TABLE account_keys; DROP ROLE mighty")


def _describe_databases(environment: Any, port: int) -> None:
    address = {"kind": "postgresql", "host": "127.0.0.1", "port": port, "database": "postgres", "user": "reader"}
    listed = {"login": ["postgres", "reader", "stranger", "mighty"], "superusers": ["postgres", "mighty"]}
    environment.services |= {
        "listed": address | {"sslmode": "disable", "roles": listed},
        "mighty-unlisted": address | {"sslmode": "disable", "roles": listed | {"superusers": ["postgres"]}},
        "login-unlisted": address
        | {"sslmode": "disable", "roles": listed | {"login": ["postgres", "reader", "mighty"]}},
        "unnamed": address | {"sslmode": "disable"},
        "gone": address | {"sslmode": "disable", "port": 1, "roles": listed},
        "young-keys": {"kind": "key_table", "database": "listed", "sql": f"{KEYS} WHERE name = 'young'"},
        "old-keys": {"kind": "key_table", "database": "listed", "sql": KEYS},
        "orphaned-keys": {"kind": "key_table", "database": "listed", "sql": KEYS.replace("owner,", "'' AS owner,")},
        "no-keys": {"kind": "key_table", "database": "listed", "sql": f"{KEYS} WHERE false"},
        "lost-keys": {"kind": "key_table", "database": "gone", "sql": KEYS},
    }


@pytest.fixture
def store(tmp_path: Path, start_valkey: Callable[[Path, str], int]) -> Iterator[redis.Redis]:
    """Return a real server that holds one session of ten minutes, and one of a week under another name."""
    port = start_valkey(tmp_path, SERVER)
    with redis.Redis(port=port, retry=Retry(NoBackoff(), 0)) as admin:
        admin.set("session:1", "x", ex=600)
        admin.set("session:week:1", "x", ex=604_800)
        admin.set("session:ever:1", "x")
        yield admin


def _describe_sessions(environment: Any, port: int) -> None:
    server = {"kind": "redis", "host": "127.0.0.1", "port": port, "user": "signoff", "password": "counting-only"}
    environment.services |= {
        "cache": server | {"purpose": "sessions"},
        "lost": server | {"purpose": "cache", "port": 1},
    }
    for name, pattern in (
        ("short", "session:1"),
        ("week", "session:week:*"),
        ("ever", "session:ever:*"),
        ("none", "x:*"),
    ):
        environment.services[f"{name}-sessions"] = {"kind": "session_store", "redis": "cache", "pattern": pattern}
    environment.services["lost-sessions"] = {"kind": "session_store", "redis": "lost"}
    environment.services["unnamed-sessions"] = {"kind": "session_store", "redis": "nothing"}


class Shop:
    """Opens for every cookie that it gave out, until it forgets the old ones."""

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        if request.path == "/login":
            request.rfile.read(int(request.headers["Content-Length"]))
            return 200, {"Set-Cookie": "session=fresh-4d1f9c"}, "{}"
        return (200 if "session=fresh-4d1f9c" in (request.headers.get("Cookie") or "") else 401), {}, "{}"


def _describe_kept(environment: Any, url: str, folder: Path) -> None:
    environment.services["shop"] = {
        "kind": "web",
        "url": url,
        "login": {"path": "/login"},
        "identities": {"alice": {"user": "alice@example.test", "password": "alice-secret-1"}},
    }
    session = {"identity": "alice", "logout_path": "/logout", "private_path": "/me"}
    environment.services["shop-access"] = {"kind": "access", "web": "shop", "protected": ["/me"], "session": session}
    long_ago = datetime.now(UTC) - timedelta(days=1)
    for name, token in (("ended", "stale"), ("alive", "fresh-4d1f9c"), ("first-run", "")):
        kept = {"kind": "kept_session", "access": "shop-access", "after": "30m", "folder": str(folder)}
        environment.services[name] = kept
        if token:
            keeper = Keeper(folder, "made-by-hand", name, url, "alice", "unused")
            keeper.save(Kept(opened=long_ago, used=long_ago, tokens={"session": token}))
    environment.services["no-access"] = environment.services["ended"] | {"access": "nothing"}


def test_accounts(  # noqa: PLR0913, PLR0917 - one of each real part
    environment: Any,
    states_of: Callable[..., Any],
    serve: Callable[..., Any],
    certificate: tuple[ssl.SSLContext, str],
    tables: Any,
    store: redis.Redis,
    tmp_path: Path,
) -> None:
    tls, authority = certificate
    _describe_realms(environment, tmp_path)
    _describe_databases(environment, tables.port)
    _describe_sessions(environment, store.connection_pool.connection_kwargs["port"])
    with ExitStack() as stack:
        issuer = stack.enter_context(serve(_provider, tls))
        _describe_kept(environment, stack.enter_context(serve(Shop())), tmp_path / "kept")
        for name, url in (("sound", issuer), ("lax", f"{issuer}/lax"), ("nobody", "https://127.0.0.1:1")):
            environment.services[f"{name}-provider"] = {"kind": "oidc", "issuer": url, "ca_file": authority}
        environment.services["plain-provider"] = {"kind": "oidc", "issuer": "http://127.0.0.1:1"}

        states = environment.run("security/accounts")

    assert states_of(states, "identity_provider_is_sound") == {
        "sound-provider": "PASS",
        "lax-provider": "FAIL",
        "nobody-provider": "ERROR",
        "plain-provider": "NOT_VERIFIED",
    }
    assert states_of(states, "account_rules_are_strict") == {
        "strict": "PASS",
        "short-passwords": "FAIL",
        "never-locks": "FAIL",
        "one-factor": "FAIL",
        "outdated": "NOT_VERIFIED",
        "another": "NOT_VERIFIED",
    }
    assert states_of(states, "database_roles_are_as_listed") == {
        "listed": "PASS",
        "mighty-unlisted": "FAIL",
        "login-unlisted": "FAIL",
        "unnamed": "NOT_VERIFIED",
        "gone": "ERROR",
    }
    assert states_of(states, "issued_keys_are_owned_and_young") == {
        "young-keys": "PASS",
        "old-keys": "FAIL",
        "orphaned-keys": "FAIL",
        "no-keys": "NOT_VERIFIED",
        "lost-keys": "ERROR",
    }
    assert states_of(states, "sessions_end_by_themselves") == {
        "short-sessions": "PASS",
        "week-sessions": "FAIL",
        "ever-sessions": "FAIL",
        "none-sessions": "NOT_VERIFIED",
        "unnamed-sessions": "NOT_VERIFIED",
        "lost-sessions": "ERROR",
    }
    assert states_of(states, "kept_session_has_ended") == {
        "ended": "PASS",
        "alive": "FAIL",
        "first-run": "NOT_VERIFIED",
        "no-access": "NOT_VERIFIED",
    }
    reports = environment.folder / "reports"
    assert not any("fresh-4d1f9c" in path.read_text("utf-8", "replace") for path in reports.rglob("*.json*"))


def test_sudo_rules(environment: Any, states_of: Callable[..., Any]) -> None:
    if shutil.which("cvtsudoers") is None or shutil.which("sudo") is None:
        pytest.skip("needs the package sudo")
    command = "/usr/bin/cvtsudoers -e -f json /etc/sudoers"
    environment.host("here", "servers", sudo=[command], command_lines=["no such program"])
    environment.host("silent", "others", command_lines=["no such program"])
    environment.unreachable_host("down", "lost")
    environment.groups["lost"]["down"]["signoff"] = {"sudo": [command]}
    everything = [{"who": who, "commands": ["*"], "without_password": True} for who in ("%sudo", "%admin", "%wheel")]
    rules = {"kind": "sudo_rules", "hosts": ["servers"]}
    environment.services |= {
        "listed": rules | {"allowed": everything},
        "unlisted": rules,
        "not-granted": rules | {"hosts": ["silent"]},
        "unknown": rules | {"hosts": ["nowhere"]},
        "unreachable": rules | {"hosts": ["lost"]},
    }

    states = environment.run("security/accounts")

    assert states_of(states, "sudo_rules_are_as_listed") == {
        "listed": "PASS",
        "unlisted": "FAIL",
        "not-granted": "ERROR",
        "unknown": "NOT_VERIFIED",
        "unreachable": "ERROR",
    }
