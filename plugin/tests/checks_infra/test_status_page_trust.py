"""MON-SYS-4 over real TLS: a status page that is trusted, ends soon, is a stranger's, or cannot be asked."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from signoff.config.kinds.status_page import StatusPageService
from signoff.errors import AuthenticationError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FOLDER, CHECK = "monitoring/status_page", "status_page_can_be_trusted"
HERE = "127.0.0.1"
NOW = datetime.now(UTC)
AUTHORITY, STRANGER = trustme.CA(), trustme.CA()


@contextmanager
def page(context: ssl.SSLContext | None) -> Iterator[str]:
    """Shake hands with whoever comes, or without a context hang up at once; gives the page's address."""
    with socket.create_server((HERE, 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                with client:
                    try:
                        if context is not None:
                            context.wrap_socket(client, server_side=True).close()
                    except OSError:
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://{HERE}:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def issued(authority: trustme.CA = AUTHORITY, name: str = HERE, days: float = 365) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name, not_after=NOW + timedelta(days=days)).configure_cert(context)
    return context


@pytest.fixture
def conclude(run_check: Callable[..., Any], suite_module: Callable[[str], Any], tmp_path: Path) -> Callable[..., Any]:
    """Return the function `conclude(url, **settings)`: the check's conclusion, with what its own fixture read."""
    trusted = tmp_path / "authority.pem"
    AUTHORITY.cert_pem.write_to_path(str(trusted))
    read = suite_module(f"{FOLDER}/conftest.py").page_tls._get_wrapped_function()

    def conclude_(url: str, **settings: Any) -> Any:
        service = StatusPageService(url=url, components={"shop": "Shop"}, **{"ca_file": str(trusted)} | settings)
        target = SimpleNamespace(name="status", settings=service)
        given = {"target": target, "page_tls": read(target), "evaluated_at": NOW}
        return run_check(f"{FOLDER}/test_status_page.py", CHECK, **given)

    return conclude_


@pytest.mark.parametrize(
    ("context", "settings", "verdict", "reason"),
    [
        (issued(), {}, "PASS", ""),
        (issued(days=20), {}, "PASS", ""),
        (issued(days=19.5), {"min_days": 21}, "FAIL", "certificate ends in 19 days, limit is 21"),
        (issued(days=-1), {}, "FAIL", "certificate has expired"),
        (issued(STRANGER), {}, "FAIL", "unable to get local issuer certificate"),
        (issued(name="other.example.com"), {}, "FAIL", "IP address mismatch"),
    ],
    ids=["trusted", "long enough", "ends soon", "expired", "unknown authority", "another name"],
)
def test_a_page_is_trusted_or_not(
    conclude: Callable[..., Any], context: ssl.SSLContext, settings: dict[str, Any], verdict: str, reason: str
) -> None:
    with page(context) as url:
        conclusion = conclude(url, **settings)

    assert (conclusion.state, conclusion.evidence["inspected"]) == (verdict, 1)
    assert reason in conclusion.reason


def test_a_page_that_cannot_be_asked_is_no_verdict(conclude: Callable[..., Any]) -> None:
    with pytest.raises(UnreachableError, match="port 1: Connection refused"):
        conclude(f"https://{HERE}:1")
    with page(None) as url, pytest.raises(UnreachableError):
        conclude(url)
    with page(issued()) as url, pytest.raises(AuthenticationError, match="not a file with certificates"):
        conclude(url, ca_file="/nowhere/ca.pem")


def test_no_address_is_no_pass(run_check: Callable[..., Any]) -> None:
    service = StatusPageService(url=f"https://{HERE}", components={"shop": "Shop"})
    target = SimpleNamespace(name="status", settings=service)
    given = {"target": target, "page_tls": (), "evaluated_at": NOW}

    assert run_check(f"{FOLDER}/test_status_page.py", CHECK, **given).state == "NOT_VERIFIED"
