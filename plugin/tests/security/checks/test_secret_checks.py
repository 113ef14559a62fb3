"""SEC-CFG-4 on hosts, repositories and web servers: clean, leaking, and out of reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEAK = "API_KEY = '8f1d3a5b7c9e0f2a4b6c8d0e1f3a5b7c'\n"


def _deploy(folder: Path, source: str, mode: int) -> dict[str, Any]:
    folder.mkdir()
    (folder / "app.py").write_text(source)
    (folder / ".env").write_text(LEAK)
    (folder / ".env").chmod(mode)
    return {"source": [str(folder)], "env_files": [{"path": str(folder / ".env")}]}


def test_secrets_on_hosts(environment: Any, states_of: Any, tmp_path: Path) -> None:
    environment.host("clean", "app", **_deploy(tmp_path / "clean", "import os\n", 0o600))
    environment.host("leaky", "app", **_deploy(tmp_path / "leaky", LEAK, 0o644))
    environment.host("unnamed", "app")
    environment.host("gone", "app", source=[str(tmp_path / "nothing")], env_files=[{"path": str(tmp_path / "no")}])
    environment.host("samples", "app", **_deploy(tmp_path / "samples", LEAK, 0o600))
    environment.groups["app"]["samples"]["signoff"]["sample_secrets"] = [str(tmp_path / "samples" / "app.*")]
    environment.unreachable_host("down", "app")
    environment.groups["app"]["down"]["signoff"] = {"source": ["srv"], "env_files": [{"path": "srv/.env"}]}

    states = environment.run("security")

    expected = {"clean": "PASS", "leaky": "FAIL", "unnamed": "NOT_VERIFIED", "gone": "NOT_VERIFIED", "down": "ERROR"}
    assert states_of(states, "no_secret_in_deployed_source") == expected | {"samples": "NOT_VERIFIED"}
    assert states_of(states, "secret_files_are_private") == expected | {"samples": "PASS"}
    reason = environment.reasons["no_secret_in_deployed_source[leaky]"]
    assert reason.startswith("leaky: secret in ")
    assert reason.endswith("/leaky/app.py:1 assigned-secret")


def test_secrets_in_history(environment: Any, states_of: Any, clone: Any, tmp_path: Path) -> None:
    clone.commit(app_dot_py="import os\n")
    leaky = type(clone)(tmp_path / "leaky")
    leaky.commit("2026-10-02T00:00:00Z", app_dot_py=LEAK)
    leaky.commit("2026-10-03T00:00:00Z", app_dot_py="import os\n")
    proof = {"kind": "secret_rotation", "file": "app.py", "rule": "assigned-secret", "proof": "ticket SEC-1234"}
    for name in ("leaky", "rotated", "rotated-before"):
        environment.services[name] = {"kind": "repository", "path": str(leaky.path)}
    environment.services |= {
        "clean": {"kind": "repository", "path": str(clone.path)},
        "gone": {"kind": "repository", "path": str(tmp_path / "gone")},
        "samples": {"kind": "repository", "path": str(leaky.path), "sample_secrets": ["app.*"]},
        "after": proof | {"repository": "rotated", "rotated_at": "2026-10-02T12:00:00Z"},
        "before": proof | {"repository": "rotated-before", "rotated_at": "2026-10-01T00:00:00Z"},
    }

    states = environment.run("security")

    assert states_of(states, "secrets_in_history_were_replaced") == {
        "clean": "PASS",
        "leaky": "FAIL",
        "rotated": "PASS",
        "rotated-before": "FAIL",
        "gone": "NOT_VERIFIED",
        "samples": "NOT_VERIFIED",  # nothing else was ever committed: nothing was searched
    }


def test_secrets_on_the_web(environment: Any, states_of: Any, serve: Callable[..., Any]) -> None:
    pages: dict[str, tuple[int, dict[str, str], str]] = {"/.env": (200, {}, LEAK)}
    with (
        serve(lambda _: (404, {}, "")) as closed,
        serve(lambda request: pages.get(request.path, (404, {}, ""))) as leaky,
        serve(lambda _: (500, {}, "")) as broken,
    ):
        for name, url in (("closed", closed), ("leaky", leaky), ("broken", broken), ("gone", "http://127.0.0.1:1")):
            environment.services[f"{name}-web"] = {"kind": "web", "url": url}
            environment.services[name] = {"kind": "access", "web": f"{name}-web", "protected": ["/me"]}

        states = environment.run("security")

    assert states_of(states, "secret_files_are_not_served") == {
        "closed": "PASS",
        "leaky": "FAIL",
        "broken": "NOT_VERIFIED",
        "gone": "ERROR",
    }


def test_request_filters(environment: Any, states_of: Any, serve: Callable[..., Any]) -> None:
    def guarded(request: Any) -> tuple[int, dict[str, str], str]:
        return 403 if any(sign in request.path for sign in ("script", "UNION", "passwd")) else 200, {}, ""

    def half(request: Any) -> tuple[int, dict[str, str], str]:
        return 403 if "script" in request.path else 200, {}, ""

    with (
        serve(guarded) as on,
        serve(half) as lax,
        serve(lambda _: (200, {}, "")) as off,
        serve(lambda _: (403, {}, "")) as closed,
    ):
        sites = {"on": on, "lax": lax, "off": off, "closed": closed, "gone": "http://127.0.0.1:1"}
        for name, url in sites.items():
            environment.services[f"{name}-web"] = {"kind": "web", "url": url}
            access = {"kind": "access", "web": f"{name}-web", "protected": ["/me"]}
            environment.services[name] = access | {"request_filter": {"path": "/"}}
        environment.services["unnamed"] = {"kind": "access", "web": "on-web", "protected": ["/me"]}

        states = environment.run("security")

    assert states_of(states, "request_filter_refuses_attacks") == {
        "on": "PASS",
        "lax": "FAIL",
        "off": "FAIL",
        "closed": "NOT_VERIFIED",
        "gone": "ERROR",
        "unnamed": "NOT_VERIFIED",
    }
