"""OSV-Scanner's JSON: packages of lock files and SBOMs, and what the OSV database knows against them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from signoff.importers.scanners.report import RISKS, Finding, Report, Risk, cwes_in, json_root, risk_of_score

if TYPE_CHECKING:
    from signoff.importers._json import Node

_KIND = "OSV-Scanner report"


def read(text: bytes | str) -> Report:
    """Return the report. Only with `--all-packages` does it list every package that was looked up.

    Raises:
        DamagedReportError: not OSV-Scanner's JSON.
    """
    root = json_root(text, _KIND)
    results = root.at("results").items()
    packages = [package for result in results for package in result.at("packages").items()]
    # Without that option every package in the list has a vulnerability; a list with clean ones is the whole list.
    whole = any(not package.some("vulnerabilities") for package in packages)
    return Report(
        producer="OSV-Scanner",
        targets=frozenset(result.at("source").at("path").text() for result in results),
        inspected=len(packages) if whole else 0,
        components=frozenset(map(_component, packages)) if whole else None,
        findings=tuple(finding for package in packages for finding in _findings(package)),
    )


def _component(package: Node) -> tuple[str, str]:
    about = package.at("package")
    return canonicalize_name(about.at("name").text()), about.at("version").text("")


def _findings(package: Node) -> list[Finding]:
    name, version = _component(package)
    scores = {one.text(): _score(group) for group in package.some("groups") for one in group.at("ids").items()}
    return [
        Finding(
            rule=one.at("id").text(),
            risk=_risk(one, scores.get(one.at("id").text())),
            title=one.at("summary").text(""),
            cwes=cwes_in(*(cwe.text() for cwe in one.at("database_specific").some("cwe_ids"))),
            aliases=tuple(alias.text() for alias in one.some("aliases")),
            package=name,
            version=version,
        )
        for one in package.some("vulnerabilities")
    ]


def _score(group: Node) -> float | None:
    text = group.at("max_severity").text("")
    try:
        return float(text) if text else None
    except ValueError as error:
        raise group.at("max_severity").wrong("a CVSS score") from error


def _risk(vulnerability: Node, score: float | None) -> Risk | None:
    if score is not None:
        return risk_of_score(score)
    word = vulnerability.at("database_specific").at("severity")
    return word.choice(RISKS) if isinstance(word.value, str) else None
