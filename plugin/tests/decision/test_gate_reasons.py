"""Gate: every reason in full: verdict, item, kind and the words in both languages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Method, NotApplicable, Reason, Records, Text, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "ISS-SEC-CFG-1-ffffffff"


def _reason(verdict: Verdict, item: str, kind: Any, en: str, ko: str) -> Reason:
    return Reason(verdict=verdict, item=item, kind=kind, text=Text(en=en, ko=ko))


def _failed(en: str, ko: str) -> Reason:
    return _reason(Verdict.NO_GO, "SEC-CFG-1", "item", f"SEC-CFG-1 failed{en}", f"SEC-CFG-1 실패{ko}")


def _incomplete(kind: str, en: str, ko: str) -> Reason:
    return _reason(Verdict.INCOMPLETE, "SEC-CFG-1" if kind == "item" else "", kind, en, ko)


NOTHING = _incomplete("nothing", "nothing at all was verified", "검증된 항목이 하나도 없음")
NO_QA = _incomplete("approval", "approval by qa is missing", "qa 승인 없음")
NO_EXECUTIVE = _incomplete("approval", "approval by executive is missing", "executive 승인 없음")
OPEN = _reason(
    Verdict.INCOMPLETE,
    "SEC-CFG-1",
    "issue",
    f"issue {KEY} is not verified as fixed (OPEN, owner security, due 2026-06-08)",
    f"{KEY} 이슈가 아직 해결 확인되지 않음 (OPEN, 담당 security, 기한 2026-06-08)",
)


def _attested(make: Any, *statements: Any, seen: Any = (), **fields: Any) -> Any:
    return make.judge(seen, items=(make.item(**fields),), records=Records(attestations=statements))


def _fixed(make: Any, at: Any, others_seen: float) -> Any:
    """Evaluate three items, the first claimed as fixed then and proven an hour ago, the others seen in another run."""
    items = tuple(make.item(f"SEC-CFG-{n}") for n in (1, 2, 3))
    others = [make.seen("pass", others_seen, "C", cell=make.cell(f"SEC-CFG-{n}")) for n in (2, 3)]
    claim = make.act("resolved", 0, at=at, action="done")
    seen = [make.seen("fail", 9000, "A"), make.seen("pass", 60, "B"), *others]
    return make.judge(seen, items=items, actions=[claim])


def _signed(make: Any, *changes: dict[str, Any], watched: Any = (), more: Any = ()) -> Any:
    """Evaluate for release, signed by tech, qa and executive: as many as changes are given, each changed so."""
    approvals = make.approvals(make.judge([make.seen()]).digest)
    given = tuple(replace(approval, **change) for approval, change in zip(approvals, changes, strict=False))
    runs = [make.run("R1"), make.run("M", 2, stream="monitor")]
    records = Records(approvals=(*given, *more))
    return make.judge([make.seen(), *watched], runs=runs, records=records, question="release")


def _taken_back(make: Any) -> Any:
    back = {"decision": "revoke", "previous": "envelope of tech", "created": make.ago(minutes=1), "comment": "a leak"}
    return _signed(make, {}, more=[make.approval("tech", "rita", "", envelope_sha256="back", **back)])


TOLD: dict[str, tuple[Callable[[Any], Any], list[Reason]]] = {
    "records were edited": (
        lambda make: make.judge([make.seen()], problems=("A.jsonl:3: was edited",)),
        [
            _reason(
                Verdict.INVALID,
                "",
                "integrity",
                "stored records cannot be trusted: A.jsonl:3: was edited",
                "저장된 기록을 신뢰할 수 없음: A.jsonl:3: was edited",
            )
        ],
    ),
    "one target of two failed": (
        lambda make: make.judge(
            [make.seen(), make.seen("fail", cell=make.cell(target="web2"))], targets=("web1", "web2")
        ),
        [_failed(" (web2): fail because", " (web2): fail because"), OPEN, NOTHING],
    ),
    "a check without a target failed": (
        lambda make: make.judge([make.seen("fail", cell=make.cell(target="-"))], targets=("-",)),
        [_failed(": fail because", ": fail because"), OPEN, NOTHING],
    ),
    "a failure without words": (
        lambda make: make.judge([make.seen("fail", reason="")]),
        [_failed(" (web1)", " (web1)"), OPEN, NOTHING],
    ),
    "a host gave no answer": (
        lambda make: make.judge([make.seen("error", reason="\ntimed out\nTraceback")]),
        [
            _incomplete(
                "item",
                "SEC-CFG-1 could not be checked (web1): timed out",
                "SEC-CFG-1 점검 불가(오류) (web1): timed out",
            ),
            NOTHING,
        ],
    ),
    "what went stale had words of its own": (
        lambda make: make.judge([make.seen(finished=make.ago(days=30), reason="5 files are locked")]),
        [
            _incomplete(
                "item", "SEC-CFG-1 evidence is stale (web1): older than 7d", "SEC-CFG-1 증거 만료 (web1): 7d보다 오래됨"
            ),
            NOTHING,
        ],
    ),
    "nobody attested": (
        lambda make: _attested(make, method=Method.EXAMINE, checks=()),
        [
            _incomplete(
                "item",
                "SEC-CFG-1 not verified: no attestation for this release",
                "SEC-CFG-1 미검증: 이 릴리스에 대한 증명이 없음",
            ),
            NOTHING,
        ],
    ),
    "attested as bad although its check passes": (
        lambda make: _attested(
            make, make.attestation(passed=False), seen=[make.seen(reason="5 files are locked")], method=Method.HYBRID
        ),
        [_failed("", ""), NOTHING],
    ),
    "nothing applies": (
        lambda make: make.judge(
            [],
            policy=make.policy(not_applicable=(NotApplicable(item="SEC-CFG-1", target="*", reason="r", approver="a"),)),
        ),
        [NOTHING],
    ),
    "only a computed item is selected": (
        lambda make: make.judge(
            [make.seen()],
            items=(
                make.item(),
                make.item("INT-FIN-1", method=Method.DERIVED, derives="no_open_critical_issue", checks=()),
            ),
            scope=frozenset({"INT-FIN-1"}),
        ),
        [NOTHING],
    ),
    "others were not looked at after the fix": (
        lambda make: _fixed(make, make.ago(minutes=90, microseconds=5), 200),
        [
            _incomplete(
                "recheck",
                "run the whole checklist once more: 2 checks not seen since the last fix, 2026-06-01T10:29:59+00:00: "
                "SEC-CFG-2 locked[web1], …",
                "마지막 수정(2026-06-01T10:29:59+00:00) 이후 전체 점검이 필요함: "
                "SEC-CFG-2 locked[web1] 등 2건을 다시 확인하지 않음",
            )
        ],
    ),
    "looks after the fix lie too far apart": (
        lambda make: _fixed(make, make.ago(minutes=1700), 1600),
        [
            _incomplete(
                "recheck",
                "run the whole checklist once more: full runs since the last fix, 2026-05-31T07:40:00+00:00, "
                "lie more than 24 h apart",
                "마지막 수정(2026-05-31T07:40:00+00:00) 이후의 전체 점검들이 24시간 넘게 떨어져 있음: "
                "전체 점검을 다시 실행할 것",
            )
        ],
    ),
    "monitoring saw a failure of what is signed": (
        lambda make: _signed(make, {}, watched=[make.seen("fail", 1, "M")]),
        [
            _reason(
                Verdict.NO_GO,
                "SEC-CFG-1",
                "monitor",
                "monitoring run M saw fail on SEC-CFG-1 locked[web1]; look again with a recorded run",
                "감시 실행 M에서 SEC-CFG-1 locked[web1] fail: 기록 실행으로 다시 확인할 것",
            ),
            _incomplete(
                "approval",
                "approval by tech is void: monitoring run M saw fail on SEC-CFG-1 locked[web1]",
                "tech 승인 무효: 감시 실행 M에서 SEC-CFG-1 locked[web1] fail",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "refused with words": (
        lambda make: _signed(make, {}, {"decision": "reject", "comment": "too slow"}),
        [
            _reason(
                Verdict.NO_GO, "", "rejected", "rejected by quinn as qa: too slow", "qa 승인 거부 (quinn): too slow"
            ),
            NO_EXECUTIVE,
        ],
    ),
    "refused without words": (
        lambda make: _signed(make, {}, {"decision": "reject"}),
        [_reason(Verdict.NO_GO, "", "rejected", "rejected by quinn as qa", "qa 승인 거부 (quinn)"), NO_EXECUTIVE],
    ),
    "first approval ended": (
        lambda make: _signed(make, {"valid_until": make.now}, {}),
        [
            _incomplete(
                "approval",
                "approval by tech is expired: it ended at 2026-06-01T12:00:00+00:00",
                "tech 승인 만료됨: 2026-06-01T12:00:00+00:00에 끝남",
            ),
            _incomplete(
                "approval",
                "approval by qa is void: it rests on the approval by tech, which is EXPIRED",
                "qa 승인 무효: 근거가 된 tech 승인이 EXPIRED 상태임",
            ),
            NO_EXECUTIVE,
        ],
    ),
    "first approval is for other evidence": (
        lambda make: _signed(make, {"digest": "0" * 64}),
        [
            _incomplete(
                "approval",
                "approval by tech is superseded by newer evidence",
                "tech 승인 이후 증거가 변경되어 무효",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "first approval is by a stranger": (
        lambda make: _signed(make, {"approver": "mallory"}),
        [
            _incomplete(
                "approval",
                "approval by tech is missing: mallory is not on the roster",
                "tech 승인 없음: mallory: 명부에 없음",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "first approval was taken back": (
        _taken_back,
        [
            _incomplete("approval", "approval by tech is revoked: a leak", "tech 승인 철회됨: a leak"),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "policy without approval roles": (
        lambda make: make.judge([make.seen()], policy=make.policy(approval_roles=()), question="release"),
        [_incomplete("approval", "the policy names no approval role", "정책에 승인 역할이 없음")],
    ),
}


@pytest.mark.parametrize(("world", "told"), TOLD.values(), ids=TOLD)
def test_every_reason_is_told_in_full(make: Any, world: Callable[[Any], Any], told: list[Reason]) -> None:
    assert list(world(make).reasons) == told
