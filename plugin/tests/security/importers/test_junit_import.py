"""JUnit reports: whole, cut, hostile, and empty."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.runs.junit import read

REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="e2e">
  <testsuite name="shop" tests="5" failures="1" errors="1" skipped="1" timestamp="2026-11-22T09:00:00+09:00">
    <properties><property name="commit" value="3f2a91c"/><property name="base_url" value="https://staging"/></properties>
    <testcase classname="e2e.test_order" name="test_customer_orders" time="1.2"/>
    <testcase classname="e2e.test_order" name="test_stock_is_taken">
      <failure message="2 != 1&#10;more">trace</failure>
    </testcase>
    <testcase classname="e2e.test_login" name="test_wrong_password"><error message="timeout"/></testcase>
    <testcase name="test_refund"><skipped message="not on staging"/></testcase>
  </testsuite>
  <testsuite name="mobile" tests="1" timestamp="2026-11-21T23:00:00"><testcase name="test_small_screen"/></testsuite>
</testsuites>
"""


def test_every_case_is_counted_with_its_outcome() -> None:
    report = read(REPORT.replace('tests="5"', 'tests="4"'))

    assert [case.outcome for case in report.cases] == ["passed", "failed", "error", "skipped", "passed"]
    assert report.failures == ("e2e.test_order.test_stock_is_taken", "e2e.test_login.test_wrong_password")
    assert (report.executed, report.named("skipped")) == (4, ("test_refund",))
    assert (report.commit, report.cases[1].message) == ("3f2a91c", "2 != 1")


@pytest.mark.parametrize(("zone", "hour"), [(UTC, 23), (ZoneInfo("Asia/Seoul"), 14)])
def test_the_oldest_suite_dates_the_report_and_naive_stamps_need_a_zone(zone: ZoneInfo, hour: int) -> None:
    report = read(REPORT.replace('tests="5"', 'tests="4"'), timezone=zone)

    assert report.started == datetime(2026, 11, 21, hour, tzinfo=UTC)


def test_one_suite_alone_is_a_report_without_date_or_commit() -> None:
    report = read(b'<testsuite><testcase name="a"/></testsuite>')

    assert (report.executed, report.started, report.commit) == (1, None, "")


def test_suites_of_two_commits_have_no_commit() -> None:
    suite = '<testsuite><properties><property name="commit" value="{}"/></properties><testcase name="a"/></testsuite>'

    assert read(f"<testsuites>{suite.format('aaa')}{suite.format('bbb')}</testsuites>").commit == ""


def test_nested_suites_are_counted_once() -> None:
    inner = '<testsuite tests="1"><testcase name="a"/></testsuite>'

    assert read(f'<testsuites><testsuite tests="2">{inner}{inner}</testsuite></testsuites>').executed == 2


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not well-formed"),
        (REPORT[:400], "truncated"),
        (REPORT, "declares 5 tests and holds 4"),
        ("<testsuites/>", "no test case"),
        ('<testsuite tests="3"/>', "declares 3 tests and holds 0"),
        ("<html><body>404</body></html>", "root element is <html>"),
        (BOMB, "refused"),
        ('<testsuite timestamp="yesterday"><testcase name="a"/></testsuite>', "unreadable time stamp"),
        (b"\xff\xfe\x00\x01binary", "not well-formed"),
    ],
    ids=["empty", "cut", "cases are missing", "no case", "only promises", "other document", "bomb", "date", "binary"],
)
def test_anything_less_than_a_whole_report_proves_nothing(text: str | bytes, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        read(text)
