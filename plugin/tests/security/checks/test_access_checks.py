"""SEC-AUTH-*: an application that keeps its promises, one that keeps none, one that is broken, one that is gone."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    Reply = tuple[int, dict[str, str], str]

PASSWORDS = {"alice@example.test": "alice-secret-1", "bob@example.test": "bob-secret-2"}
FLAGS = "Max-Age=1800; Path=/; HttpOnly; SameSite=Strict"


class Shop:
    """Alice owns order 1. `careless` forgets every rule; `broken` answers 500 to everything but signing in."""

    def __init__(self, *, careless: bool = False, broken: bool = False) -> None:
        self._careless, self._broken = careless, broken
        self._sessions: dict[str, str] = {}

    def __call__(self, request: BaseHTTPRequestHandler) -> Reply:
        token = (request.headers.get("Cookie") or "").partition("session=")[2]
        if request.path == "/login":
            return self._login(json.loads(request.rfile.read(int(request.headers["Content-Length"]))))
        if self._broken:
            return 500, {}, ""
        if request.path == "/logout":
            if not self._careless:
                self._sessions.pop(token, None)
            return 204, {}, ""
        return self._page(request.path, self._sessions.get(token, "alice@example.test" if self._careless else ""))

    def _login(self, body: dict[str, str]) -> Reply:
        if PASSWORDS.get(body["email"]) != body["password"]:
            return 401, {}, ""
        self._sessions[f"token-of-{body['email']}"] = body["email"]
        flags = "Max-Age=999999" if self._careless else f"{FLAGS}; Secure"
        return 200, {"Set-Cookie": f"session=token-of-{body['email']}; {flags}"}, "{}"

    def _page(self, path: str, who: str) -> Reply:
        if not who:
            return 401, {}, ""
        alone = path in {"/orders/1", "/admin"}
        if alone and who != "alice@example.test" and not self._careless:
            return 403, {}, ""
        return 200, {}, json.dumps({"orders": [{"id": 1}]})


def _describe(environment: Any, name: str, url: str, ca_file: str) -> None:
    identities = {who.partition("@")[0]: {"user": who, "password": word} for who, word in PASSWORDS.items()}
    environment.services[f"{name}-web"] = {
        "kind": "web",
        "url": url,
        "ca_file": ca_file,
        "login": {"path": "/login"},
        "identities": identities,
    }
    environment.services[name] = {
        "kind": "access",
        "web": f"{name}-web",
        "protected": ["/me", "/orders"],
        "matrix": [{"path": "/me", "allow": ["alice", "bob"]}, {"path": "/admin", "allow": ["alice"]}],
        "objects": [
            {"owner": "alice", "stranger": "bob", "listing": "/orders", "id_at": "orders.0.id", "path": "/orders/{id}"}
        ],
        "session": {"identity": "alice", "logout_path": "/logout", "private_path": "/me", "max_age": "12h"},
    }


def test_access_rules(
    environment: Any, states_of: Any, serve: Callable[..., Any], certificate: tuple[ssl.SSLContext, str]
) -> None:
    tls, authority = certificate
    shops = {"careful": Shop(), "careless": Shop(careless=True), "broken": Shop(broken=True)}
    with ExitStack() as stack:
        for name, shop in shops.items():
            _describe(environment, name, stack.enter_context(serve(shop, tls)), authority)
        _describe(environment, "gone", "https://127.0.0.1:1", authority)
        environment.services["without-rules"] = {"kind": "access", "web": "careful-web", "protected": ["/me"]}

        states = environment.run("security")

    known = {"careful": "PASS", "careless": "FAIL", "broken": "NOT_VERIFIED", "gone": "ERROR"}
    nothing = {"without-rules": "NOT_VERIFIED"}
    assert states_of(states, "protected_paths_are_closed_to_strangers") == known | {"without-rules": "PASS"}
    assert states_of(states, "each_role_sees_what_it_may_and_no_more") == known | nothing
    assert states_of(states, "objects_of_others_are_closed") == known | nothing
    assert states_of(states, "session_ends_when_signing_out") == known | nothing
    # Signing in works on the broken one, and its cookie is as it should be.
    assert states_of(states, "session_cookie_is_protected") == known | nothing | {"broken": "PASS"}
    assert "alice" not in environment.reasons["session_cookie_is_protected[careless]"]


def test_api_keys(environment: Any, states_of: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    recent, old = "2026-11-20T00:00:00Z", "2020-01-01T00:00:00Z"
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "app1.log").write_text('{"route": "/api/products"}\n')
    (tmp_path / "leaking").mkdir()
    (tmp_path / "leaking" / "app1.log").write_text("GET /pay?api_key=8f1d3a5b HTTP/1.1\n")
    environment.host("mon1", "monitoring")
    for name in ("clean", "leaking", "silent"):
        path = str(tmp_path / name / "{host}.log")
        environment.services[name] = {"kind": "central_log", "host": "mon1", "path": path, "trace": {"url": "http://x"}}
    with serve(lambda request: ((401, 200)["valid" in request.path], {}, "")) as url:
        environment.services |= {
            "young": {"kind": "api_key", "owner": "Kim", "issued_at": recent, "max_age": "5200w"},
            "old": {"kind": "api_key", "owner": "Kim", "issued_at": old},
            "orphaned": {"kind": "api_key", "owner": "Nobody", "issued_at": recent, "max_age": "5200w"},
            "in-vault": {
                "kind": "api_key",
                "owner": "Kim",
                "vault": {"url": "http://127.0.0.1:1", "path": "secret/metadata/x", "token": "s.reader-of-metadata"},
            },
            "refused": {"kind": "revoked_key", "url": f"{url}/pay", "value": "Bearer revoked-key-1"},
            "alive": {"kind": "revoked_key", "url": f"{url}/valid", "value": "Bearer revoked-key-2"},
            "unreachable": {"kind": "revoked_key", "url": "http://127.0.0.1:1", "value": "Bearer revoked-key-3"},
        }

        states = environment.run("security")

    assert states_of(states, "api_key_is_owned_and_young") == {
        "young": "PASS",
        "old": "FAIL",
        "orphaned": "FAIL",
        "in-vault": "ERROR",
    }
    assert states_of(states, "revoked_key_opens_nothing") == {
        "refused": "PASS",
        "alive": "FAIL",
        "unreachable": "ERROR",
    }
    assert states_of(states, "no_key_travels_in_addresses") == {
        "clean": "PASS",
        "leaking": "FAIL",
        "silent": "NOT_VERIFIED",
    }
