"""The guard on a real Prometheus: what each kind of release leads to, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import RollbackVerdict, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

KEEP, HOLD, ROLL_BACK = RollbackVerdict.KEEP, RollbackVerdict.HOLD, RollbackVerdict.ROLL_BACK
STATUS = {KEEP: 0, ROLL_BACK: 20, HOLD: 21}


@pytest.mark.parametrize(
    ("service", "verdict", "says"),
    [
        ("healthy", KEEP, "all 11 windows are within the limits"),
        ("exactly-five", KEEP, "all 11 windows are within the limits"),
        ("old-errors", KEEP, "all 11 windows are within the limits"),
        ("barely-over", ROLL_BACK, "error rate 6 %, limit 5 %"),
        ("burst", ROLL_BACK, "error rate"),
        ("first-errors", ROLL_BACK, "error rate"),
        ("slow", ROLL_BACK, "p95 response time"),
        ("slow-mean", ROLL_BACK, "mean response time"),
        ("slow-and-short", HOLD, "add a bucket above it"),
        ("short-buckets", HOLD, "add a bucket above it"),
        ("few", HOLD, "30 requests, at least 100 are needed"),
        ("quiet", HOLD, "0 requests, at least 100 are needed"),
        ("stops", HOLD, "no recent sample"),
        ("no-status", HOLD, "requests without a status"),
        ("not-a-number", HOLD, "the value is no number"),
        ("renamed", HOLD, "no such series"),
    ],
)
def test_a_release(suite: Any, service: str, verdict: RollbackVerdict, says: str) -> None:
    result = suite.guard(service=service)
    (decision,) = suite.decisions
    assert (decision.verdict, result.exit_code) == (verdict, STATUS[verdict])
    assert says in " · ".join(reason.en for reason in decision.reasons)
    assert says in result.stdout
    assert decision.automatic
    assert decision.services == (service,)
    assert decision.window_seconds == 300
    assert decision.started == suite.released


def test_it_rolls_back_with_the_first_window_that_breaks_a_limit(suite: Any) -> None:
    result = suite.guard(service="burst")
    lines = [line for line in result.stdout.splitlines() if "/11 " in line]
    assert len(lines) == 6
    assert all("✔" in line for line in lines[:-1])
    assert "✖" in lines[-1]


def test_measured_values_are_kept_with_their_limits(suite: Any) -> None:
    suite.guard(service="barely-over")
    values = {value.name: value for value in suite.decisions[0].values}
    assert float(values["error-ratio"].value) == pytest.approx(0.06, abs=1e-6)
    assert str(values["error-ratio"].limit) == "0.05"
    assert float(values["requests"].value) == pytest.approx(3000, rel=0.01)
    assert float(values["response-mean"].value) == pytest.approx(0.2, abs=1e-3)
    assert 0.1 < values["response-percentile"].value <= 0.5


def test_the_gate_heeds_the_guard(suite: Any) -> None:
    suite.guard(service="barely-over")
    signoff = suite.signoff()
    assert signoff.verdict is Verdict.NO_GO
    assert signoff.reasons[0].text.en.startswith("the rollback gate was breached: barely-over: error rate 6 %")
    suite.guard(service="healthy")
    assert suite.signoff().verdict is Verdict.NO_GO


def test_every_web_service_is_watched_unless_some_are_named(suite: Any) -> None:
    result = suite.guard("--service", "burst", service="healthy")
    assert result.exit_code == 20
    assert suite.decisions[0].services == ("healthy", "burst")
    everything = suite.guard("--service", "silent", service="healthy")
    assert everything.exit_code == 12
    assert "silent: no metrics named; write metrics for it in services.yaml" in everything.stderr
    assert len(suite.decisions) == 1


def test_a_watch_that_is_not_over_is_never_kept(suite: Any) -> None:
    late = suite.released.replace(year=suite.released.year).isoformat()
    result = suite.guard("--for", "2h", "--since", late, service="healthy")
    assert result.exit_code == 21
    assert "windows could not be judged" in result.stdout


def test_a_stricter_option_counts_and_is_recorded(suite: Any) -> None:
    result = suite.guard("--error-ratio", "0.005", service="healthy")
    assert result.exit_code == 20
    assert suite.decisions[0].overrides == ("error_ratio=0.005",)
    assert "stricter than the policy: error_ratio=0.005" in result.stdout


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (["--error-ratio", "0.2"], 2, "looser than the policy's"),
        (["--for", "1m"], 2, "looser than the policy's"),
        (["--window", "10"], 2, "not a duration"),
        (["--window", "0s"], 2, "no time at all"),
        (["--since", "2999-01-01T00:00:00Z"], 2, "in the future"),
        (["--since", "2025-01-01"], 2, "no offset"),
        (["--exec", "echo 'x"], 2, "No closing quotation"),
        (["--exec", " "], 2, "is empty"),
        (["--service", "helthy"], 12, "did you mean 'healthy'?"),
        (["--service", "prometheus"], 12, "is no web service"),
    ],
)
def test_what_cannot_be_watched_is_refused_before_anything_is_recorded(
    suite: Any, options: list[str], status: int, says: str
) -> None:
    result = suite.guard(*options)
    assert result.exit_code == status
    assert says in result.stderr
    assert suite.decisions == []


def test_without_criteria_there_is_nothing_to_guard(suite: Any) -> None:
    policy = suite.folder / "inventories/production/policy.yaml"
    text = policy.read_text(encoding="utf-8")
    policy.write_text(text[: text.index("rollback:")], encoding="utf-8")
    result = suite.guard()
    assert result.exit_code == 12
    assert "no rollback criteria" in result.stderr


def test_a_ledger_that_was_edited_stops_the_guard_at_once(suite: Any) -> None:
    suite.guard(service="healthy")
    (chain,) = suite.workspace.reports.glob("ledger/*.jsonl")
    chain.write_bytes(chain.read_bytes().replace(b'"keep"', b'"hold"'))
    result = suite.guard(service="healthy")
    assert result.exit_code == 12
    assert chain.name in result.stderr


def test_a_server_that_does_not_answer_at_first_is_an_error(suite: Any) -> None:
    suite.watch_server("http://127.0.0.1:1")
    result = suite.guard()
    assert result.exit_code == 12
    assert "127.0.0.1:1" in result.stderr
    assert suite.decisions == []


@pytest.mark.parametrize("verdict", ["keep", "roll-back", "hold"])
def test_somebody_with_the_role_decides_by_hand(suite: Any, verdict: str) -> None:
    result = suite.decide(verdict, "--by", "Kim Tech", "--role", "devops", "--reason", "called by the customers")
    assert result.exit_code == 0
    assert "decided by Kim Tech (devops)" in result.stdout
    (decision,) = suite.decisions
    assert (str(decision.verdict), decision.by, decision.role) == (verdict, "Kim Tech", "devops")
    assert decision.reasons[0].en == "called by the customers"
    assert not decision.automatic


@pytest.mark.parametrize(
    ("by", "role", "reason", "says"),
    [
        ("Lee QA", "qa", "x", "'qa' may not decide on a rollback"),
        ("Lee QA", "devops", "x", "is not 'devops' on the roster"),
        ("Nobody", "devops", "x", "not on the roster"),
        ("Kim Tech", "devops", " ", "needs a reason"),
    ],
)
def test_nobody_else_does(suite: Any, by: str, role: str, reason: str, says: str) -> None:
    result = suite.decide("keep", "--by", by, "--role", role, "--reason", reason)
    assert result.exit_code == 12
    assert says in result.stderr
    assert suite.decisions == []


def test_a_rollback_is_lifted_by_hand_only(suite: Any) -> None:
    suite.guard(service="burst")
    suite.decide("keep", "--by", "Kim Tech", "--role", "devops", "--reason", "the load test was ours")
    signoff = suite.signoff()
    assert signoff.rollback is not None
    assert signoff.rollback.verdict is KEEP
    assert len(signoff.rollbacks) == 2


def test_options_before_the_subcommand_are_not_dropped_silently(suite: Any) -> None:
    result = suite.guard("decide", "keep", "--by", "Kim Tech", "--role", "devops", "--reason", "x")
    assert result.exit_code == 2
    assert "--service" in result.stderr
    assert suite.decisions == []


@pytest.mark.parametrize("language", ["ko", "en"])
def test_both_languages(suite: Any, language: str, golden_words: Callable[[str], list[str]]) -> None:
    result = suite.guard("--lang", language, service="barely-over")
    for word in golden_words(language):
        assert word in result.stdout


@pytest.fixture
def golden_words() -> Callable[[str], list[str]]:
    words = {
        "ko": ["롤백 (roll-back)", "오류율 6 %, 한도 5 %", "원장 기록"],
        "en": ["Roll back (roll-back)", "limit 5 %"],
    }
    return words.__getitem__
