"""OpenSCAP's XCCDF results, alone or in an ARF collection: rules that a host follows and those that it breaks."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from signoff.importers.scanners.report import RISKS, Finding, Report, cwes_in, xml_root

if TYPE_CHECKING:
    from datetime import tzinfo

    from signoff.importers._xml import XmlNode

_KIND = "OpenSCAP report"
_KEPT = frozenset({"pass", "fixed"})
_BROKEN = "fail"
_UNJUDGED = frozenset({"error", "unknown", "notchecked"})
_IGNORED = frozenset({"notapplicable", "notselected", "informational"})
_MOST = 100.0


def read(text: bytes | str, *, timezone: tzinfo = UTC) -> Report:
    """Return the newest test result in the document.

    Args:
        text: What `oscap xccdf eval --results` or `--results-arf` writes.
        timezone: Of times without an offset, which older versions write.

    Raises:
        DamagedReportError: no such document, no test result in it, or an unknown kind of result.
    """
    root = xml_root(text, _KIND, "Benchmark", "TestResult", "asset-report-collection")
    results = [(one.instant("end-time", timezone), one) for one in root.inside("TestResult")]
    if not results:
        raise root.refuse("no TestResult in it; export with `oscap xccdf eval --results`")
    ended, result = max(results, key=lambda pair: pair[0])
    rules = result.all("rule-result")
    tool = result.attribute("test-system", "cpe:/a:open-scap:oscap").split(":")
    judged = [rule for rule in rules if _outcome(rule) in _KEPT or _outcome(rule) == _BROKEN]
    return Report(
        producer="OpenSCAP",
        version=tool[-1] if tool[-1][:1].isdigit() else "",
        created=ended,
        targets=frozenset(one.text() for tag in ("target", "target-address") for one in result.all(tag)),
        inspected=len(judged),
        skipped=tuple(f"{rule.attribute('idref')}: {_outcome(rule)}" for rule in rules if _outcome(rule) in _UNJUDGED),
        findings=tuple(_finding(rule) for rule in judged if _outcome(rule) == _BROKEN),
        score=_score(result),
    )


def _outcome(rule: XmlNode) -> str:
    outcome = rule.one("result").text()
    if outcome not in _KEPT | _UNJUDGED | _IGNORED | {_BROKEN}:
        raise rule.refuse(f"result {outcome[:20]!r} is none of XCCDF's")
    return outcome


def _finding(rule: XmlNode) -> Finding:
    word = rule.attribute("severity", "unknown")
    if word not in RISKS:
        raise rule.refuse(f"severity {word[:20]!r} is none of XCCDF's")
    name = rule.attribute("idref").removeprefix("xccdf_org.ssgproject.content_rule_")
    names = tuple(one.text() for one in rule.all("ident"))
    return Finding(rule=name, risk=RISKS[word], aliases=names, cwes=cwes_in(*names) or (16,))


def _score(result: XmlNode) -> float | None:
    for score in result.all("score"):
        try:
            share = float(score.text()) / float(score.attribute("maximum", "100"))
        except (ValueError, ZeroDivisionError) as error:
            raise score.refuse("not a score") from error
        if not 0 <= share <= 1:
            raise score.refuse("not a score")
        return share * _MOST
    return None
