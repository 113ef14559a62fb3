"""SARIF 2.1: findings of static analysis, and proof that the analysis ran over something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

Level = Literal["none", "note", "warning", "error"]
LEVELS: tuple[Level, ...] = ("none", "note", "warning", "error")
_KIND = "SARIF report"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One result: where, which rule, how bad. `security_severity` is the rule's 0 to 10 score, None without one."""

    rule: str
    level: Level
    file: str
    line: int
    suppressed: bool
    security_severity: float | None = None

    def __str__(self) -> str:
        """Return `file:line rule (level)`."""
        return f"{self.file}:{self.line} {self.rule} ({self.level})"


@dataclass(frozen=True, kw_only=True, slots=True)
class SarifReport:
    """All runs of one document together."""

    tools: tuple[str, ...]
    findings: tuple[Finding, ...]
    files: int
    """Files that the tools say they analysed; 0 when they do not say."""
    rules: int
    """Rules that the tools list."""
    ended: datetime | None
    """Oldest end of an invocation; None when one has no end."""
    revisions: frozenset[str]
    """Commits that the runs name."""

    def at_least(self, level: Level) -> tuple[Finding, ...]:
        """Return the unsuppressed findings of this level or worse."""
        worst = LEVELS[LEVELS.index(level) :]
        return tuple(finding for finding in self.findings if finding.level in worst and not finding.suppressed)


def read(text: bytes | str) -> SarifReport:
    """Return the findings of all runs.

    Raises:
        NotVerifiedError: not SARIF 2.1, no run, or a run that did not finish successfully.
    """
    root = Node.parse(text, kind=_KIND)
    version = root.at("version").text()
    if not version.startswith("2.1"):
        raise NotVerifiedError(f"{_KIND}: version {version[:20]!r} is not understood; export SARIF 2.1.0")
    runs = root.at("runs").items()
    if not runs:
        raise NotVerifiedError(f"{_KIND}: no run in it; import the report of an analysis that ran")
    invocations = [invocation for run in runs for invocation in _invocations(run)]
    ends = [invocation.at("endTimeUtc").instant() for invocation in invocations if "endTimeUtc" in invocation]
    return SarifReport(
        tools=tuple(_tool(run) for run in runs),
        findings=tuple(finding for run in runs for finding in _findings(run)),
        files=sum(_files(run) for run in runs),
        rules=sum(len(_rules(run)) for run in runs),
        ended=min(ends) if ends and len(ends) == len(invocations) else None,
        revisions=frozenset(revision for run in runs for revision in _revisions(run)),
    )


def _tool(run: Node) -> str:
    driver = run.at("tool").at("driver")
    version = driver.at("semanticVersion").value or driver.at("version").value or ""
    return f"{driver.at('name').text()} {version}".strip()


def _invocations(run: Node) -> list[Node]:
    invocations = run.at("invocations").items() if "invocations" in run else []
    for invocation in invocations:
        if not invocation.at("executionSuccessful").flag():
            raise NotVerifiedError(f"{_KIND}: {_tool(run)} says that it did not finish successfully; run it again")
    return invocations


def _rules(run: Node) -> list[Node]:
    driver = run.at("tool").at("driver")
    return driver.at("rules").items() if "rules" in driver else []


def _files(run: Node) -> int:
    if "artifacts" in run:
        return len(run.at("artifacts").items())
    # Bandit lists no artifacts; its metrics have one entry per file, and their sum.
    metrics = run.at("properties").at("metrics")
    return len(metrics.members().keys() - {"_totals"}) if metrics.value is not None else 0


def _revisions(run: Node) -> list[str]:
    provenance = run.at("versionControlProvenance").items() if "versionControlProvenance" in run else []
    return [entry.at("revisionId").text() for entry in provenance if "revisionId" in entry]


def _findings(run: Node) -> list[Finding]:
    if "results" not in run:
        raise NotVerifiedError(f"{_KIND}: {_tool(run)} wrote no list of results: the analysis did not run to its end")
    rules = _rules(run)
    by_id = {rule.at("id").text(): rule for rule in rules}
    return [_finding(result, rules, by_id) for result in run.at("results").items() if _is_problem(result)]


def _is_problem(result: Node) -> bool:
    return result.at("kind").text("fail") in {"fail", "open", "review"}


def _finding(result: Node, rules: list[Node], by_id: dict[str, Node]) -> Finding:
    rule = _rule_of(result, rules, by_id)
    score = rule.at("properties").at("security-severity").value
    place = _place(result)
    return Finding(
        rule=result.at("ruleId").text("") or rule.at("id").text("?"),
        level=_level(result, rule),
        file=place.at("artifactLocation").at("uri").text("?"),
        line=place.at("region").at("startLine").count() if "startLine" in place.at("region") else 0,
        suppressed=_suppressed(result),
        security_severity=_score(score),
    )


def _rule_of(result: Node, rules: list[Node], by_id: dict[str, Node]) -> Node:
    index: Any = result.at("ruleIndex").value
    if isinstance(index, int) and 0 <= index < len(rules):
        return rules[index]
    return by_id.get(result.at("ruleId").text(""), Node({}, kind=_KIND))


def _place(result: Node) -> Node:
    locations = result.at("locations").items() if "locations" in result else []
    return (locations[0] if locations else Node({}, kind=_KIND)).at("physicalLocation")


def _level(result: Node, rule: Node) -> Level:
    # The standard's default is "warning"; Bandit leaves the level out.
    level = result.at("level").text("") or rule.at("defaultConfiguration").at("level").text("warning")
    if level not in LEVELS:
        raise NotVerifiedError(f"{_KIND}: unknown level {level[:20]!r}; the standard knows {', '.join(LEVELS)}")
    return level


def _suppressed(result: Node) -> bool:
    suppressions = result.at("suppressions").items() if "suppressions" in result else []
    return any(entry.at("status").text("accepted") == "accepted" for entry in suppressions)


def _score(value: object) -> float | None:
    try:
        return float(str(value))
    except ValueError:
        return None
