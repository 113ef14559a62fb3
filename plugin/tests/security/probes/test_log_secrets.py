"""Logs with and without keys in the addresses of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.secrets.logs import scan

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost

CLEAN = '{"route": "/api/products?limit=7", "token_count": 3}\n10.0.0.1 "GET /api/me?tokens=3 HTTP/1.1" 200\n'


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    folder = tmp_path / "var log"
    folder.mkdir()
    (folder / "app1.log").write_text(CLEAN)
    (folder / "app2.log").write_text(CLEAN)
    return folder


@pytest.mark.usefixtures("logs")
def test_clean_logs_say_how_many_lines_they_have(shell: CheckedHost) -> None:
    facts = scan(shell, "var log/{host}.log")

    assert (facts.lines, facts.hits, facts.places) == (4, 0, ())


@pytest.mark.parametrize("address", ["/pay?api_key=8f1d", "/x?a=1&ACCESS_TOKEN=8f1d", "/login?user=a&password=8f1d"])
def test_a_key_in_an_address_is_found_without_showing_it(shell: CheckedHost, logs: Path, address: str) -> None:
    (logs / "app2.log").write_text(f'{CLEAN}"GET {address} HTTP/1.1" 200\n')

    facts = scan(shell, "var log/{host}.log")

    assert (facts.lines, facts.hits, facts.places) == (5, 1, ("var log/app2.log:3",))
    assert "8f1d" not in repr(facts)


def test_many_hits_are_counted_and_few_are_shown(shell: CheckedHost, logs: Path) -> None:
    (logs / "app1.log").write_text("GET /?token=x\n" * 100)

    facts = scan(shell, "var log/app1.log")

    assert (facts.hits, len(facts.places)) == (100, 5)


def test_empty_and_missing_logs_are_no_clean_logs(shell: CheckedHost, logs: Path) -> None:
    (logs / "empty.log").write_text("")

    with pytest.raises(NotVerifiedError, match="no line"):
        scan(shell, "var log/empty.log")
    with pytest.raises(NotVerifiedError):
        scan(shell, "var log/absent.log")
