"""The decision as an in-toto attestation of the type Test Result: which items passed, passed with a warning, failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signoff.model import State, Verdict
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Signoff
    from signoff.reports.exports.wording import Wording

STATEMENT = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
LISTS: Mapping[State, str] = {
    State.FAIL: "failedTests",
    State.ERROR: "failedTests",
    State.NOT_VERIFIED: "failedTests",
    State.STALE: "failedTests",
    State.WAIVED: "warnedTests",
    State.ATTESTED: "warnedTests",
    State.PASS: "passedTests",
}
"""Items that do not apply are in none."""
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEPTH = 3


def render_intoto(wording: Wording) -> str:
    """Return the unsigned statement. It is FAILED unless the verdict is GO or READY and no item is failed."""
    signoff = wording.signoff
    lists: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for result in signoff.items:
        if result.state in LISTS:
            lists[LISTS[result.state]].append(result.item.id)
    predicate = {"result": _result(signoff, lists), "configuration": judged_by(signoff), **lists}
    return dumps(statement(signoff, TEST_RESULT, predicate), _DEPTH)


def statement(signoff: Signoff, kind: str, predicate: Mapping[str, Any]) -> dict[str, Any]:
    """Return the statement about the evidence set and, if its whole digest is known, the commit."""
    subjects = [{"name": "signoff-evidence-set", "digest": {"sha256": signoff.digest}}]
    if _COMMIT.fullmatch(signoff.commit):
        subjects.insert(0, {"name": f"{signoff.product}@{signoff.release}", "digest": {"gitCommit": signoff.commit}})
    return {"_type": STATEMENT, "subject": subjects, "predicateType": kind, "predicate": predicate}


def judged_by(signoff: Signoff) -> list[dict[str, Any]]:
    """Return checklist, inventory and policy as resource descriptors."""
    return [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(signoff.inputs.items())]


def _result(signoff: Signoff, lists: Mapping[str, list[str]]) -> str:
    if signoff.verdict not in {Verdict.GO, Verdict.READY} or lists["failedTests"]:
        return "FAILED"
    return "WARNED" if lists["warnedTests"] else "PASSED"
