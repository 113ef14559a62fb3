"""What security checks talk about: secrets, access rules, sessions, and reports of scanners."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from requests import Response

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.access import AccessService, SessionRules
    from signoff.config.kinds.dependency_audit import DependencyAuditService
    from signoff.config.kinds.secret_rotation import SecretRotationService
    from signoff.config.kinds.static_analysis import StaticAnalysisService
    from signoff.config.kinds.web import WebService
    from signoff.config.kinds.web_scan import WebScanService
    from signoff.importers.pip_audit import PipAuditReport
    from signoff.importers.sarif import SarifReport
    from signoff.importers.zap import Alert
    from signoff.probes.log_secrets import LogScan
    from signoff.probes.secret_history import Exposure, HistoryScan
    from signoff.probes.secret_rules import Finding
    from signoff.probes.secret_tree import FileMode
    from signoff.probes.sign_in import Answer, Cookie, Visitor
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class DeployedSource:
    """What the secret scanner saw of one host."""

    name: str
    files: int
    findings: tuple[Finding, ...]


@pytest.fixture
def deployed_source(target: BoundTarget, connect: Callable[[str], Any]) -> DeployedSource:
    """Return the scan of the current host's source folders, without the files that secrets belong in."""
    from signoff import not_verified
    from signoff.probes.secret_tree import scan

    if not target.settings.source:
        not_verified(f"{target.name}: no source folder named; write signoff.source for it in hosts.yaml")
    allowed = [*(file.path for file in target.settings.env_files), *target.settings.sample_secrets]
    scans = [scan(connect(target.name), folder, exclude=allowed) for folder in target.settings.source]
    findings = tuple(finding for one in scans for finding in one.findings)
    return DeployedSource(name=target.name, files=sum(one.files for one in scans), findings=findings)


@pytest.fixture
def secret_files(target: BoundTarget, connect: Callable[[str], Any]) -> tuple[FileMode, ...]:
    """Return the permissions of the current host's environment files."""
    from signoff import not_verified
    from signoff.probes.secret_tree import file_mode

    if not target.settings.env_files:
        not_verified(f"{target.name}: no environment file named; write signoff.env_files for it in hosts.yaml")
    return tuple(file_mode(connect(target.name), file.path) for file in target.settings.env_files)


@dataclass(frozen=True, kw_only=True)
class History:
    """A repository's past, and the secrets in it that have been replaced since."""

    name: str
    facts: HistoryScan
    rotations: tuple[SecretRotationService, ...]

    def is_rotated(self, exposure: Exposure) -> bool:
        """Whether the inventory holds proof that the secret was replaced after it was committed."""
        found = (exposure.finding.file, exposure.finding.rule)
        return any((one.file, one.rule) == found and one.rotated_at > exposure.at for one in self.rotations)


@pytest.fixture
def history(target: BoundTarget, inventory: Inventory, workspace_path: Callable[[str], Path]) -> History:
    """Return the scan of everything that was ever committed to the current repository."""
    from signoff.probes.secret_history import scan

    rotations: Any = inventory.services_of("secret_rotation").values()
    return History(
        name=target.name,
        facts=scan(workspace_path(target.settings.path), exclude=target.settings.sample_secrets),
        rotations=tuple(one for one in rotations if one.repository == target.name),
    )


@dataclass(frozen=True, kw_only=True)
class Access:
    """The access rules of a web application, and a way to try them."""

    name: str
    rules: AccessService
    web: WebService
    _signed_in: dict[str, Visitor] = field(default_factory=dict)
    _everybody: list[Visitor] = field(default_factory=list)

    def stranger(self) -> Visitor:
        """Return a visitor without an account."""
        from signoff.probes.sign_in import Visitor

        visitor = Visitor(
            self.web.url,
            ca_file=self.web.ca_file or None,
            login_path=self.web.login.path if self.web.login else "",
            logout_path=self.rules.session.logout_path if self.rules.session else "",
        )
        self._everybody.append(visitor)
        return visitor

    def close(self) -> None:
        """Close everybody's connections."""
        for visitor in self._everybody:
            visitor.close()

    @property
    def session(self) -> SessionRules:
        """How sessions must be protected."""
        from signoff import not_verified

        if self.rules.session is None:
            not_verified(f"{self.name}: no session rules; write session for it in services.yaml")
        return self.rules.session

    def sign_in(self, identity: str) -> tuple[Visitor, tuple[Cookie, ...]]:
        """Open a session of an identity; return its visitor, and the cookies that were set."""
        from signoff import not_verified

        login, account = self.web.login, self.web.identities.get(identity)
        if login is None or account is None:
            not_verified(f"{self.name}: no login, or no identity {identity!r}, in the web service; add it")
        visitor, password = self.stranger(), account.password.get_secret_value()
        return visitor, visitor.sign_in({login.user_field: account.user, login.password_field: password})

    def visitor(self, identity: str) -> Visitor:
        """Return the identity's visitor; each signs in once for a check."""
        if identity not in self._signed_in:
            self._signed_in[identity] = self.sign_in(identity)[0]
        return self._signed_in[identity]

    def ask_like_an_attacker(self) -> tuple[Answer, dict[str, Answer]]:
        """Ask for the filter's path as everybody does, then once with each attack in its parameter."""
        from urllib.parse import urlencode

        from signoff import not_verified

        rules, stranger = self.rules.request_filter, self.stranger()
        if rules is None:
            not_verified(f"{self.name}: no request filter named; write request_filter for it in services.yaml")
        attacks = {attack: f"{rules.path}?{urlencode({rules.parameter: attack})}" for attack in rules.attacks}
        return stranger.ask(rules.path), {attack: stranger.ask(path) for attack, path in attacks.items()}

    def seen_by_everybody(self) -> Mapping[tuple[str, str], Answer]:
        """Ask for every path of the matrix as every identity."""
        pairs = [(identity, rule.path) for rule in self.rules.matrix for identity in self.web.identities]
        return {(identity, path): self.visitor(identity).ask(path) for identity, path in pairs}


@pytest.fixture
def access(target: BoundTarget, inventory: Inventory) -> Iterator[Access]:
    """Return the current access rules."""
    web: Any = inventory.service(target.settings.web)
    rules = Access(name=target.name, rules=target.settings, web=web)
    yield rules
    rules.close()


@pytest.fixture
def session_cookie(access: Access) -> Cookie:
    """Return the cookie that signing in sets."""
    from signoff import not_verified

    _, cookies = access.sign_in(access.session.identity)
    named = [cookie for cookie in cookies if cookie.name == access.session.cookie]
    if not named:
        not_verified(f"{access.name}: signing in set no cookie {access.session.cookie!r}; correct its name")
    return named[0]


@pytest.fixture
def issued_at(target: BoundTarget) -> datetime:
    """Return when the current API key was last replaced: Vault knows, else the inventory says."""
    from signoff.probes.http import Session
    from signoff.probes.vault import written_at

    vault = target.settings.vault
    if vault is None:
        known: datetime = target.settings.issued_at
        return known
    with Session(origins=[vault.url], ca_file=vault.ca_file or None) as session:
        return written_at(session, vault.url, vault.path, token=vault.token.get_secret_value())


@pytest.fixture
def answer_to_revoked_key(target: BoundTarget) -> Response:
    """Return the answer to one GET with the current revoked key."""
    from signoff.probes.http import Session

    key = target.settings
    with Session(origins=[key.url], ca_file=key.ca_file or None) as session:
        return session.get(key.url, headers={key.header: key.value.get_secret_value()}, allow_redirects=False)


@pytest.fixture
def logged_keys(target: BoundTarget, connect: Callable[[str], Any]) -> LogScan:
    """Return the search of the current central log for keys in addresses."""
    from signoff.probes.log_secrets import scan

    return scan(connect(target.settings.host), target.settings.path)


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan of the running application that is about this release and recent."""

    name: str
    settings: WebScanService
    version: str
    alerts: tuple[Alert, ...]
    reached: float | None
    """Share of 2xx answers; None if this version does not say."""

    def of_risk(self, risk: int) -> list[str]:
        """Return the alerts of one risk."""
        return [str(alert) for alert in self.alerts if alert.risk == risk]


@pytest.fixture
def web_scan(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Scan:
    """Return the current report about the inventory's site, if it may be used at all."""
    from signoff import not_verified
    from signoff.importers import provenance, zap
    from signoff.importers.admissible import read_file, require_recent, require_release

    settings: WebScanService = target.settings
    text = read_file(workspace_path(settings.path))
    report = zap.read(text)
    require_recent(target.name, report.created, evaluated_at, settings.max_age)
    if settings.provenance:
        note = provenance.read(read_file(workspace_path(settings.provenance)), report=text)
        require_release(target.name, note.commit, inventory.policy.commit)
    if settings.target not in report.alerts_by_site:
        not_verified(f"{target.name}: is about {', '.join(report.alerts_by_site)}; scan {settings.target}")
    return Scan(
        name=target.name,
        settings=settings,
        version=report.version,
        alerts=report.alerts_by_site[settings.target],
        reached=report.reached.get(settings.target),
    )


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """A static analysis that is about this release and recent; `inspected` counts the files that it covers."""

    name: str
    settings: StaticAnalysisService
    report: SarifReport
    inspected: int


@pytest.fixture
def analysis(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Analysis:
    """Return the current report, if it may be used at all."""
    from signoff.importers import provenance, sarif
    from signoff.importers.admissible import read_file, require_recent, require_release

    settings: StaticAnalysisService = target.settings
    text = read_file(workspace_path(settings.path))
    report, note = sarif.read(text), None
    if settings.provenance:
        note = provenance.read(read_file(workspace_path(settings.provenance)), report=text)
    for revision in report.revisions or {note.commit if note else ""}:
        require_release(target.name, revision, inventory.policy.commit)
    require_recent(target.name, note.created if note else report.ended, evaluated_at, settings.max_age)
    inspected = report.files or (note.inspected if note else 0)
    return Analysis(name=target.name, settings=settings, report=report, inspected=inspected)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """An audit of dependencies that is about this release and recent, and what the lock file holds."""

    name: str
    settings: DependencyAuditService
    report: PipAuditReport
    locked: frozenset[tuple[str, str]]


@pytest.fixture
def audit(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Audit:
    """Return the current report, if it may be used at all."""
    from packaging.markers import default_environment

    from signoff.importers import lock, pip_audit, provenance
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.probes.git import Repository

    settings: DependencyAuditService = target.settings
    text = read_file(workspace_path(settings.path))
    note = provenance.read(read_file(workspace_path(settings.provenance)), report=text)
    require_release(target.name, note.commit, inventory.policy.commit)
    require_recent(target.name, note.created, evaluated_at, settings.max_age)
    require_recent(f"{target.name}: vulnerability data", note.database_updated, evaluated_at, settings.database_max_age)
    clone: Any = inventory.service(settings.repository)
    lockfile = Repository(path=workspace_path(clone.path)).read(inventory.policy.commit, clone.lockfile)
    environment = {name: str(value) for name, value in default_environment().items()}
    wanted = lock.read(clone.lockfile, lockfile, environment=environment)
    return Audit(
        name=target.name,
        settings=settings,
        report=pip_audit.read(text),
        locked=frozenset((package.name, package.version) for package in wanted),
    )
