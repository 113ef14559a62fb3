"""The last look at what a run left behind: a report that holds a secret goes, evidence stays, and the run fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "opensesame"
TESTS = f"""
@pytest.mark.checklist(id="INF-SRV-1")
def test_{SECRET}(evidence):
    evidence(observed="fine", expected="fine", inspected=1)
"""


def test_a_report_with_a_secret_is_removed_and_the_journal_is_kept(write_suite: Callable[..., Any]) -> None:
    # A check named like a password: names are never masked, so only the last look can see it.
    suite = write_suite({"INF-SRV-1": {"checks": [SECRET]}}, TESTS)
    service = f"cache: {{kind: redis, host: 127.0.0.1, purpose: cache, password: {SECRET}}}"
    suite.write("inventories/demo/services.yaml", f"schema_version: 1\nservices:\n  {service}\n")

    run = suite.run()

    assert run.status == 12
    assert run.document is None
    assert "contained a secret of this environment and was removed" in run.output
    (journal,) = suite.folder.glob("reports/demo/runs/*.jsonl")
    assert f"{journal.name} contains a secret" in run.output
    assert suite.evaluate().verdict == "READY"
