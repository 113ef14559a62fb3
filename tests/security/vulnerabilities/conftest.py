"""What vulnerability checks talk about: reports of scanners that are about this release, these hosts and these days."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.importers.scanners.report import Finding, Report, Risk
    from signoff.model import WeaknessCategory
    from signoff.probes.products.sonarqube import Gate, Hotspot
    from signoff.pytest_plugin.fixtures import BoundTarget

FORMATS = {"web_scan": "zap", "static_analysis": "sarif"}
"""Formats of the kinds that have only one."""
REPORTS = ("web_scan", "host_scan", "static_analysis", "dependency_audit")
ABOUT_A_RELEASE = frozenset({"web_scan", "static_analysis", "dependency_audit"})


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A report that may be used: recent, about what the inventory names, and made by a tool that says what it is."""

    name: str
    settings: Any
    report: Report
    now: datetime

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that count: neither suppressed nor accepted for now."""
        return tuple(one for one in self.report.findings if not one.suppressed and not self._is_accepted(one))

    def at_least(self, risk: Risk) -> list[str]:
        """Return the open findings of this risk or a higher or unknown one, worst first."""
        found = [one for one in self.open if one.is_at_least(risk)]
        return [str(one) for one in sorted(found, key=lambda one: -5 if one.risk is None else -one.risk)]

    def of(self, risk: Risk) -> list[str]:
        """Return the open findings of exactly this risk."""
        return [str(one) for one in self.open if one.risk is risk]

    @property
    def left_out(self) -> list[str]:
        """What the tool should have looked at and did not, without what it may leave out."""
        allowed = tuple(getattr(self.settings, "may_skip", ()))
        return [one for one in self.report.skipped if not (allowed and one.startswith(allowed))]

    @property
    def by(self) -> str:
        """The tool."""
        return f"{self.report.producer} {self.report.version}"

    def require_completeness(self) -> None:
        """Return if the tool looked at everything."""
        from signoff import not_verified

        if self.left_out:
            left = "; ".join(self.left_out[:5])
            not_verified(f"{self.name}: {len(self.left_out)} left out: {left}; scan again, or list it in may_skip")

    def require_reach(self) -> None:
        """Return if the scan saw the site, and not its error pages."""
        from signoff import not_verified

        least, share = self.settings.min_reached, self.report.reached.get(self.settings.target)
        if least and share is None:
            not_verified(f"{self.name}: does not say how many answers were good; scan with ZAP 2.17 or later")
        if share is not None and share < least:
            not_verified(f"{self.name}: only {share:.0%} of the answers were 2xx: the scan hardly reached the site")

    def _is_accepted(self, finding: Finding) -> bool:
        return any(
            one.id in finding.names and one.package in {"", finding.package} and self.now < one.until
            for one in self.settings.accepted
        )


@pytest.fixture
def admit(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Callable[[str, Any], Scan]:
    """Return a function that reads the report of a service, if it may be used at all."""
    from zoneinfo import ZoneInfo

    from signoff import not_verified
    from signoff.importers.admissible import require_recent, require_release
    from signoff.importers.scanners import scanned

    def admit_(name: str, settings: Any) -> Scan:
        report = scanned.read(
            workspace_path(settings.path),
            FORMATS.get(settings.kind) or settings.format,
            note=workspace_path(settings.provenance) if settings.provenance else None,
            timezone=ZoneInfo(getattr(settings, "timezone", "UTC")),
        )
        require_recent(name, report.created, evaluated_at, settings.max_age)
        for commit in report.commits or ({""} if settings.kind in ABOUT_A_RELEASE else ()):
            require_release(name, commit, inventory.policy.commit)
        if not report.version:
            not_verified(f"{name}: does not say which version of {report.producer} made it; write a note beside it")
        if report.database is not None and hasattr(settings, "database_max_age"):
            require_recent(f"{name}: vulnerability data", report.database, evaluated_at, settings.database_max_age)
        return Scan(name=name, settings=settings, report=report, now=evaluated_at)

    return admit_


@pytest.fixture
def scan(target: BoundTarget, admit: Callable[[str, Any], Scan]) -> Scan:
    """Return the current report."""
    return admit(target.name, target.settings)


@pytest.fixture
def web_scan(scan: Scan) -> Scan:
    """Return the current report, reduced to the inventory's site."""
    from signoff import not_verified

    site = scan.settings.target
    if site not in scan.report.targets:
        not_verified(f"{scan.name}: is about {', '.join(sorted(scan.report.targets))}; scan {site}")
    mine = tuple(one for one in scan.report.findings if one.target == site)
    return replace(scan, report=replace(scan.report, findings=mine))


@pytest.fixture
def host_scan(scan: Scan) -> Scan:
    """Return the current report, which is about everything that the inventory names."""
    from signoff import not_verified

    if missing := [one for one in scan.settings.targets if one not in scan.report.targets]:
        seen = ", ".join(sorted(scan.report.targets)[:10])
        not_verified(f"{scan.name}: {', '.join(missing)} not scanned, only {seen}; scan what the inventory names")
    return scan


@pytest.fixture
def unexpected_ports(host_scan: Scan) -> list[str]:
    """Return the open ports that the inventory does not allow."""
    allowed = frozenset(host_scan.settings.ports)
    return [port for port in host_scan.report.ports if allowed.isdisjoint({port, port.partition(" ")[2]})]


@dataclass(frozen=True, kw_only=True)
class Quality:
    """What SonarQube says of the release's commit."""

    name: str
    gate: Gate
    hotspots: tuple[Hotspot, ...]
    max_hotspots: int


@pytest.fixture
def quality(target: BoundTarget, inventory: Inventory, evaluated_at: datetime) -> Quality:
    """Return the quality gate of the current project, if its newest analysis is of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import require_recent, require_release
    from signoff.probes.products.sonarqube import SonarQube
    from signoff.probes.web.http import Session

    settings = target.settings
    with Session(origins=[settings.url], ca_file=settings.ca_file or None) as session:
        token = settings.token.get_secret_value()
        project = SonarQube(session, settings.url, settings.project, token=token, branch=settings.branch)
        gate, hotspots = project.gate(), project.hotspots()
    require_release(f"{target.name}: the newest analysis", gate.revision, inventory.policy.commit)
    require_recent(f"{target.name}: the newest analysis", gate.at, evaluated_at, settings.max_age)
    if gate.status not in {"OK", "ERROR"} or not gate.conditions:
        not_verified(
            f"{target.name}: quality gate {gate.status}, {gate.conditions} conditions; give the project a gate"
        )
    return Quality(name=target.name, gate=gate, hotspots=hotspots, max_hotspots=settings.max_hotspots)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """An audit of dependencies, and what the release installs."""

    scan: Scan
    locked: frozenset[tuple[str, str]]
    """Empty for an image."""
    unknown: tuple[str, ...]
    """What the release installs and nobody looked up."""


@pytest.fixture
def audit(scan: Scan, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]) -> Audit:
    """Return the current audit, with the statements of its VEX document."""
    from datetime import timedelta

    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.scanners import cyclonedx

    settings, report = scan.settings, scan.report
    if report.database is None:
        not_verified(f"{scan.name}: nobody says how old the vulnerability data is; write it in the note beside it")
    if settings.vex:
        said, at = cyclonedx.statements(read_file(workspace_path(settings.vex)))
        require_recent(f"{scan.name}: {settings.vex}", at, evaluated_at, timedelta(days=180))
        report = cyclonedx.apply(report, said)
    if settings.sbom and report.components is None:
        report = replace(report, components=cyclonedx.bill(read_file(workspace_path(settings.sbom))))
        report = replace(report, inspected=len(report.components or ()))
    judged = replace(scan, report=report)
    if settings.image:
        if settings.image not in report.targets:
            not_verified(f"{scan.name}: is about {', '.join(sorted(report.targets))}; scan {settings.image}")
        return Audit(scan=judged, locked=frozenset(), unknown=())
    locked = _locked(settings, inventory, workspace_path)
    return Audit(scan=judged, locked=locked, unknown=_unknown(report, locked))


def _locked(settings: Any, inventory: Inventory, workspace_path: Callable[[str], Path]) -> frozenset[tuple[str, str]]:
    from packaging.markers import default_environment

    from signoff.importers.locks import lock
    from signoff.probes.repository.git import Repository

    clone: Any = inventory.service(settings.repository)
    path = settings.lockfile or clone.lockfile
    text = Repository(path=workspace_path(clone.path)).read(inventory.policy.commit, path)
    environment = {name: str(value) for name, value in default_environment().items()}
    return frozenset((one.name, one.version) for one in lock.read(path, text, environment=environment))


def _unknown(report: Report, locked: frozenset[tuple[str, str]]) -> tuple[str, ...]:
    """Return what was not looked up; where the tool only counts, the number must be the same."""
    skipped = [one.partition(":")[0] for one in report.skipped]
    if report.components is not None:
        return tuple(sorted({*skipped, *(f"{name} {version}" for name, version in locked - report.components)}))
    if report.counted is not None:
        same = report.counted == len(locked)
        return () if same else (f"{report.counted} packages were audited, {len(locked)} are locked",)
    return ("the report lists vulnerable packages only, name the audited sbom",)


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """Findings of all reports by category of the OWASP Top 10; those without a known weakness stand under `?`."""

    reports: tuple[str, ...]
    inspected: int
    rows: Mapping[str, tuple[Finding, ...]]

    def serious(self, category: str) -> list[str]:
        """Return the findings of a category that are high, critical or of unknown risk."""
        from signoff.importers.scanners.report import Risk

        return [str(one) for one in self.rows.get(category, ()) if one.is_at_least(Risk.HIGH)]

    def __str__(self) -> str:
        """Return `A01 0 high 2 other · A02 …`."""
        counts = [(key, len(self.serious(key)), len(found)) for key, found in self.rows.items()]
        return " · ".join(f"{key} {high} high {total - high} other" for key, high, total in counts)


@pytest.fixture
def weakness_matrix(inventory: Inventory, admit: Callable[[str, Any], Scan]) -> Matrix:
    """Return what all scanners' reports found, by category."""
    from signoff import not_verified

    named: dict[str, Any] = {name: one for kind in REPORTS for name, one in inventory.services_of(kind).items()}
    if not named:
        not_verified(f"no report of a scanner; name one in services.yaml ({', '.join(REPORTS)})")
    scans = [admit(name, settings) for name, settings in named.items()]
    found = [finding for one in scans for finding in one.open]
    return Matrix(
        reports=tuple(f"{one.name} ({one.report.producer})" for one in scans),
        inspected=sum(one.report.inspected for one in scans),
        rows=_by_category(found, inventory.policy.categories),
    )


def _by_category(found: Iterable[Finding], categories: Iterable[WeaknessCategory]) -> Mapping[str, tuple[Finding, ...]]:
    rows: dict[str, list[Finding]] = defaultdict(list, {one.key: [] for one in categories})
    for finding in found:
        # A vulnerable package is CWE-1035 beside whatever weakness its code has.
        cwes = {*finding.cwes, *([1035] if finding.package else [])}
        keys = [one.key for one in categories if one.cwes & cwes] or ["?"]
        for key in keys:
            rows[key].append(finding)
    return {key: tuple(findings) for key, findings in rows.items()}
