"""What security checks talk about: secrets, access rules and sessions."""

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
    from signoff.config.kinds.secret_rotation import SecretRotationService
    from signoff.config.kinds.web import WebService
    from signoff.probes.aws.session import AwsSession
    from signoff.probes.secrets.history import Exposure, HistoryScan
    from signoff.probes.secrets.logs import LogScan
    from signoff.probes.secrets.rules import Finding
    from signoff.probes.secrets.tree import FileMode
    from signoff.probes.web.sign_in import Answer, Cookie, Visitor
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def service_of(target: BoundTarget, inventory: Inventory) -> Callable[[str, str], Any]:
    """Return a function from kind and name to the settings of a service that the current target names."""
    from signoff import not_verified

    def find(kind: str, name: str) -> Any:
        found = inventory.services_of(kind)
        if name not in found:
            not_verified(f"{target.name}: no {kind} service {name!r}; there are {', '.join(found) or 'none'}")
        return found[name]

    return find


@pytest.fixture
def aws(target: BoundTarget, service_of: Callable[[str, str], Any]) -> Iterator[AwsSession]:
    """Return a way to ask the Amazon account that the current target names."""
    from signoff.probes.aws.session import AwsAccess, open_aws

    account = service_of("cloud", target.settings.cloud)

    def value(secret: Any) -> str:
        return str(secret.get_secret_value()) if secret else ""

    access = AwsAccess(
        account=account.account,
        regions=account.regions,
        profile=account.profile,
        key_id=value(account.access_key_id),
        key=value(account.secret_access_key),
        token=value(account.session_token),
        endpoint=account.endpoint,
    )
    with open_aws(access) as session:
        yield session


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
    from signoff.probes.secrets.tree import scan

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
    from signoff.probes.secrets.tree import file_mode

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
    from signoff.probes.secrets.history import scan

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
        from signoff.probes.web.sign_in import Visitor

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

    def attack_once(self, mark: str) -> Answer:
        """Ask with the first attack and a mark beside it, by which a log can be searched."""
        from urllib.parse import urlencode

        from signoff import not_verified

        rules = self.rules.request_filter
        if rules is None:
            not_verified(f"{self.name}: no request filter named; write request_filter for it in services.yaml")
        return self.stranger().ask(f"{rules.path}?{urlencode({rules.parameter: rules.attacks[0], 'signoff': mark})}")

    def seen_by_everybody(self) -> Mapping[tuple[str, str], Answer]:
        """Ask for every path of the matrix as every identity."""
        pairs = [(identity, rule.path) for rule in self.rules.matrix for identity in self.web.identities]
        return {(identity, path): self.visitor(identity).ask(path) for identity, path in pairs}


@pytest.fixture
def access_of(inventory: Inventory) -> Iterator[Callable[[str, AccessService], Access]]:
    """Return a function from name and settings of an access service to what can be tried with it."""
    made: list[Access] = []

    def open_(name: str, settings: AccessService) -> Access:
        web: Any = inventory.service(settings.web)
        made.append(Access(name=name, rules=settings, web=web))
        return made[-1]

    yield open_
    for one in made:
        one.close()


@pytest.fixture
def access(target: BoundTarget, access_of: Callable[[str, AccessService], Access]) -> Access:
    """Return the current access rules."""
    return access_of(target.name, target.settings)


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
    from signoff.probes.secrets.vault import written_at
    from signoff.probes.web.http import Session

    vault = target.settings.vault
    if vault is None:
        known: datetime = target.settings.issued_at
        return known
    with Session(origins=[vault.url], ca_file=vault.ca_file or None) as session:
        return written_at(session, vault.url, vault.path, token=vault.token.get_secret_value())


@pytest.fixture
def answer_to_revoked_key(target: BoundTarget) -> Response:
    """Return the answer to one GET with the current revoked key."""
    from signoff.probes.web.http import Session

    key = target.settings
    with Session(origins=[key.url], ca_file=key.ca_file or None) as session:
        return session.get(key.url, headers={key.header: key.value.get_secret_value()}, allow_redirects=False)


@pytest.fixture
def logged_keys(target: BoundTarget, connect: Callable[[str], Any]) -> LogScan:
    """Return the search of the current central log for keys in addresses."""
    from signoff import not_verified
    from signoff.probes.secrets.logs import scan

    if target.settings.store:
        not_verified(f"{target.name}: addresses are looked through in files only; search its store for keys by hand")
    return scan(connect(target.settings.host), target.settings.path)
