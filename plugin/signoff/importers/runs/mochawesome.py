"""Mochawesome's report (JSON), as Cypress suites leave it: which test cases ran, and how they ended.

The form is that of https://github.com/adamgruber/mochawesome (`stats`, `results`, `meta`), one file or several that
`mochawesome-merge` made one. It names no commit: the provenance note beside it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.importers._json import Node
from signoff.importers.runs.junit import Case, CaseOutcome, JUnitReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.importers.provenance import Provenance

_KIND = "mochawesome report"
_HOOKS = ("beforeHooks", "afterHooks")
_DEEPEST = 60
"""Suites within suites: more are no report."""


def read(text: bytes | str, note: Provenance) -> JUnitReport:
    """Return the report in the form of the others.

    Args:
        text: The JSON document.
        note: Its provenance, already proved to speak of this document.

    Raises:
        NotVerifiedError: not such a report, no test in it, or fewer tests or failures than it declares.
    """
    root = Node.parse(text, kind=_KIND)
    stats = root.at("stats")
    started = stats.at("start").instant()
    cases = tuple(case for suite in root.at("results").items() for case in _cases(suite, 0))
    tests, broken = stats.at("tests").count(), stats.at("failures").count()
    if not tests or not cases:
        raise stats.refuse("no test in it; import the report of a run that executed tests")
    if len(cases) < tests:
        raise stats.refuse(f"declares {tests} tests and the results hold {len(cases)}; import the whole report")
    report = JUnitReport(cases=cases, started=started, properties={"commit": note.commit, "target": note.target})
    if len(report.failures) < broken:
        raise stats.refuse(f"declares {broken} failures and the results hold {len(report.failures)}; import it whole")
    return report


def _cases(suite: Node, depth: int) -> Iterator[Case]:
    if suite.value is False or suite.value is None:  # a file without tests
        return
    if depth > _DEEPEST:
        raise suite.refuse("suites within suites without an end")
    for test in suite.some("tests"):
        yield _case(test)
    for hooks in _HOOKS:
        for hook in suite.some(hooks):
            if "fail" in hook and hook.at("fail").flag():
                yield _case(hook)
    for inner in suite.some("suites"):
        yield from _cases(inner, depth + 1)


def _case(test: Node) -> Case:
    error = test.at("err").at("message").text("") if "err" in test else ""
    return Case(
        name=test.at("fullTitle").text(),
        outcome=_outcome(test),
        message=error.strip().partition("\n")[0][:200],
    )


def _outcome(test: Node) -> CaseOutcome:
    flags = {name for name in ("fail", "pass", "pending", "skipped") if name in test and test.at(name).flag()}
    if "fail" in flags:
        return "failed"
    # Neither passed nor failed: it was left out, or a hook before it broke.
    return "passed" if flags == {"pass"} else "skipped"
