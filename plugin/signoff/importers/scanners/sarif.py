"""SARIF 2.1 of any analyser: findings, and proof that the analysis ran to its end over something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.importers.scanners.report import Finding, Report, Risk, cwes_in, json_root, risk_of_score

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.importers._json import Node

_KIND = "SARIF report"
_LEVELS: Mapping[str, Risk] = {"none": Risk.INFO, "note": Risk.LOW, "warning": Risk.MEDIUM, "error": Risk.HIGH}


def read(text: bytes | str) -> Report:
    """Return the findings of all runs together.

    Raises:
        DamagedReportError: not SARIF 2.1, no run, or a run that did not finish successfully.
    """
    root = json_root(text, _KIND)
    version = root.at("version").text()
    if not version.startswith("2.1"):
        raise root.refuse(f"version {version[:20]!r} is not understood; export SARIF 2.1.0")
    runs = root.at("runs").items()
    if not runs:
        raise root.refuse("no run in it; import the report of an analysis that ran")
    invocations = [invocation for run in runs for invocation in _invocations(run)]
    ends = [invocation.at("endTimeUtc").instant() for invocation in invocations if "endTimeUtc" in invocation]
    tools = [_tool(run) for run in runs]
    return Report(
        producer=", ".join(dict.fromkeys(name for name, _ in tools)),
        version=", ".join(dict.fromkeys(version for _, version in tools if version)),
        created=min(ends) if ends and len(ends) == len(invocations) else None,
        commits=frozenset(revision for run in runs for revision in _revisions(run)),
        inspected=sum(_files(run) for run in runs),
        skipped=tuple(problem for invocation in invocations for problem in _problems(invocation)),
        findings=tuple(finding for run in runs for finding in _findings(run)),
        weaknesses=frozenset(cwe for run in runs for rule in _rules(run) for cwe in _weaknesses(rule)),
    )


def _tool(run: Node) -> tuple[str, str]:
    driver = run.at("tool").at("driver")
    return driver.at("name").text(), driver.at("semanticVersion").text("") or driver.at("version").text("")


def _invocations(run: Node) -> list[Node]:
    invocations = run.some("invocations")
    for invocation in invocations:
        if not invocation.at("executionSuccessful").flag():
            raise invocation.refuse(f"{_tool(run)[0]} says that it did not finish successfully; run it again")
    return invocations


def _problems(invocation: Node) -> list[str]:
    """Return what the tool itself reports as gone wrong, such as files that it could not read."""
    notices = [*invocation.some("toolExecutionNotifications"), *invocation.some("toolConfigurationNotifications")]
    return [
        notice.at("message").at("text").text("") or notice.at("descriptor").at("id").text("problem")
        for notice in notices
        if notice.at("level").text("warning") == "error"
    ]


def _rules(run: Node) -> list[Node]:
    tool = run.at("tool")
    parts = [tool.at("driver"), *tool.some("extensions")]
    return [rule for part in parts for rule in part.some("rules")]


def _files(run: Node) -> int:
    if "artifacts" in run:
        return len(run.at("artifacts").items())
    # Bandit lists no artifacts; its metrics have one entry per file, and their sum.
    metrics = run.at("properties").at("metrics")
    return len(metrics.members().keys() - {"_totals"}) if metrics.value is not None else 0


def _revisions(run: Node) -> list[str]:
    entries = run.some("versionControlProvenance")
    return [entry.at("revisionId").text() for entry in entries if "revisionId" in entry]


def _findings(run: Node) -> list[Finding]:
    if "results" not in run:
        raise run.refuse(f"{_tool(run)[0]} wrote no list of results: the analysis did not run to its end")
    rules = run.at("tool").at("driver").some("rules")
    by_id = {rule.at("id").text(): rule for rule in _rules(run)}
    return [_finding(result, rules, by_id) for result in run.at("results").items() if _is_problem(result)]


def _is_problem(result: Node) -> bool:
    return result.at("kind").text("fail") in {"fail", "open", "review"}


def _finding(result: Node, rules: list[Node], by_id: Mapping[str, Node]) -> Finding:
    rule = _rule_of(result, rules, by_id)
    place, line = _place(result)
    return Finding(
        rule=result.at("ruleId").text("") or rule.at("id").text("?"),
        risk=_risk(result, rule),
        place=f"{place}:{line}" if line else place,
        cwes=tuple(sorted({*_weaknesses(rule), *_weaknesses(result)})),
        suppressed=_suppressed(result),
    )


def _rule_of(result: Node, rules: list[Node], by_id: Mapping[str, Node]) -> Node:
    index: Any = result.at("ruleIndex").value
    if isinstance(index, int) and 0 <= index < len(rules):
        return rules[index]
    return by_id.get(result.at("ruleId").text(""), result.empty())


def _place(result: Node) -> tuple[str, int]:
    locations = result.some("locations")
    place = (locations[0] if locations else result.empty()).at("physicalLocation")
    region = place.at("region")
    return place.at("artifactLocation").at("uri").text("?"), region.at(
        "startLine"
    ).count() if "startLine" in region else 0


def _risk(result: Node, rule: Node) -> Risk:
    # The standard's default is "warning"; Bandit leaves the level out.
    where = result.at("level") if "level" in result else rule.at("defaultConfiguration").at("level")
    risk = where.choice(_LEVELS) if where.value is not None else Risk.MEDIUM
    score = rule.at("properties").at("security-severity")
    return risk if score.value is None else max(risk, risk_of_score(_score(score)))


def _score(node: Node) -> float:
    try:
        return float(str(node.value))
    except ValueError as error:
        raise node.wrong("a score from 0 to 10") from error


def _weaknesses(node: Node) -> tuple[int, ...]:
    """Return the CWE ids in tags, in taxa and in relationships."""
    tags = [tag.text() for tag in node.at("properties").some("tags")]
    references = [*node.some("taxa"), *(one.at("target") for one in node.some("relationships"))]
    taxa = [
        f"CWE-{one.at('id').text('')}"
        for one in references
        if one.at("toolComponent").at("name").text("").upper() == "CWE"
    ]
    return cwes_in(*tags, *taxa)


def _suppressed(result: Node) -> str:
    accepted = [one for one in result.some("suppressions") if one.at("status").text("accepted") == "accepted"]
    return (accepted[0].at("justification").text("") or accepted[0].at("kind").text("suppressed")) if accepted else ""
