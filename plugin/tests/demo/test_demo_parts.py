"""Parts that need no running environment: ports, state, zone answers, certificates, the log collector."""

from __future__ import annotations

import datetime as dt
import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from signoff.demo import certificates, ports
from signoff.demo.layout import HOSTS, PORTS, DemoError, Layout, Process, State, change, load, save
from signoff.demo.log_shipper import Follower, HostLog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    save(layout, State(ports={"https": 1}, passwords={}, runtime_dir=str(tmp_path / "runtime")))
    return layout


def test_copies_that_start_at_the_same_time_get_different_ports() -> None:
    with ExitStack() as stack:
        claims = [stack.enter_context(ports.claim()) for _ in range(8)]
        numbers = [number for claim in claims for number in claim.values()]
        assert len(numbers) == len(set(numbers)) == 8 * len(PORTS)
        assert max(numbers) < 32_768


def test_state_survives_writing_and_reading(layout: Layout) -> None:
    state = change(layout, supervisor=Process(pid=7, started=1.25), faults={"cache": {"memory": 1}}, commit="abc")
    assert load(layout) == state


def test_changes_at_the_same_time_are_all_kept(layout: Layout) -> None:
    def add(number: int) -> None:
        change(layout, commit=str(number), addresses={"a": str(number)})
        change(layout, faults={"x": 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(40)))
    state = load(layout)
    assert (state.faults, state.addresses) == ({"x": 1}, {"a": state.commit})


def test_a_directory_without_a_copy_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="signoff demo up"):
        load(Layout(tmp_path))


def test_state_of_another_version_is_refused(layout: Layout) -> None:
    layout.state_file.write_text(json.dumps({"schema_version": 99}), encoding="utf-8")
    with pytest.raises(DemoError, match="another version"):
        load(layout)


def test_certificates_are_for_the_site_and_for_90_days(layout: Layout) -> None:
    certificates.prepare(layout)
    certificate = x509.load_pem_x509_certificate(layout.server_pem.read_bytes())
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    assert dt.timedelta(days=89) < left <= dt.timedelta(days=90)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost", "shop.demo.test"]
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(layout.ca_file.read_bytes()))
    assert layout.server_pem.stat().st_mode & 0o077 == 0
    certificates.write_server_certificate(layout, days=-1)
    expired = x509.load_pem_x509_certificate(layout.server_pem.read_bytes())
    assert expired.not_valid_before_utc < expired.not_valid_after_utc < dt.datetime.now(dt.UTC)


def test_a_log_is_followed_over_partial_lines_and_rotation(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    follower = Follower(path)
    assert list(follower.new_lines()) == []
    path.write_bytes(b"one\ntw")
    assert list(follower.new_lines()) == ["one"]
    with path.open("ab") as file:
        file.write(b"o\n\n\xff\n")
    assert list(follower.new_lines()) == ["two", "�"]
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(b"three\n")
    assert list(follower.new_lines()) == ["three"]


def test_every_host_speaks_or_leaves_a_mark(layout: Layout) -> None:
    layout.central_log.mkdir(parents=True)
    (layout.host("db1") / "var" / "log").mkdir(parents=True)
    (layout.host("db1") / "var" / "log" / "postgres.log").write_text("FATAL: no\n", encoding="utf-8")
    for host in HOSTS:
        HostLog(layout, host).ship()
    lines = {host: json.loads((layout.central_log / f"{host}.log").read_text("utf-8")) for host in HOSTS}
    assert lines["db1"] | {"ts": "", "received": ""} == {
        "ts": "", "level": "error", "host": "db1", "service": "postgres", "message": "FATAL: no", "received": "",
    }  # fmt: skip
    assert lines["lb1"]["message"] == "-- MARK --"
    assert dt.datetime.fromisoformat(lines["lb1"]["ts"]).tzinfo is not None


def test_a_line_says_when_it_was_written_and_when_it_was_taken(layout: Layout) -> None:
    layout.central_log.mkdir(parents=True)
    (layout.host("app1") / "var" / "log").mkdir(parents=True)
    log = layout.host("app1") / "var" / "log" / "shop.log"
    own = {"ts": "2026-01-01T00:00:00+00:00", "level": "error", "request_id": "abc"}
    log.write_text(f"warning: slow\n{json.dumps(own)}\n", encoding="utf-8")
    os.utime(log, (1_800_000_000, 1_800_000_000))
    collector = HostLog(layout, "app1")
    collector.ship(without=["request_id"])
    plain, told = map(json.loads, (layout.central_log / "app1.log").read_text("utf-8").splitlines())
    assert dt.datetime.fromisoformat(plain["ts"]).timestamp() == 1_800_000_000
    assert (told["ts"], told["level"], "request_id" in told) == (own["ts"], "error", False)
    assert dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(told["received"]) < dt.timedelta(minutes=1)
    assert collector.counts == {"info": 0, "warning": 1, "error": 1}


def test_lines_beyond_the_retention_are_removed(layout: Layout) -> None:
    layout.central_log.mkdir(parents=True)
    target = layout.central_log / "app1.log"
    target.write_text('{"ts": "2020-01-01T00:00:00+00:00"}\n{"ts": "2026-01-01T00:00:00+00:00"}\n', encoding="utf-8")
    HostLog(layout, "app1").prune("2025-01-01T00:00:00+00:00")
    assert target.read_text(encoding="utf-8") == '{"ts": "2026-01-01T00:00:00+00:00"}\n'
