"""How Vault itself is kept: unsealed, with an audit log, and asked with a token that may little and ends soon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.web.http import Session

_REFUSED = frozenset({401, 403})
_OK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What Vault says to anybody."""

    version: str
    initialized: bool
    sealed: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditDevice:
    """Where Vault writes down who asked for what."""

    path: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """What a token may do and how long it lives; never the token."""

    policies: frozenset[str]
    lives: timedelta | None
    """From now to its end; None: for ever."""
    at_most: timedelta | None
    """From its creation to the end that no renewal moves; None: there is none."""

    @property
    def is_root(self) -> bool:
        """Whether it may do everything."""
        return "root" in self.policies


def health(session: Session, url: str) -> Health:
    """Return whether this Vault works; a standby counts as well as the active one.

    Raises:
        NotVerifiedError: no Vault answers there.
    """
    # Vault tells its state by the status, too: a sealed one answers 503, a new one 501.
    shown = f"{url.rstrip('/')}/v1/sys/health?standbyok=true&perfstandbyok=true"
    response = session.get(shown, allow_redirects=False)
    try:
        said: Any = response.json()
        return Health(
            version=str(said["version"]), initialized=said["initialized"] is True, sealed=said["sealed"] is not False
        )
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerifiedError(
            f"{shown}: status {response.status_code}, no health of Vault; correct the address"
        ) from error


def audit_devices(session: Session, url: str, *, token: str) -> tuple[AuditDevice, ...]:
    """Return the audit devices that are enabled.

    Raises:
        AuthenticationError: the token is unknown.
        NotVerifiedError: it may not see this; says what to grant.
    """
    grant = 'grant path "sys/audit" { capabilities = ["read", "sudo"] }'
    data = _data(session, f"{url.rstrip('/')}/v1/sys/audit", token, grant)
    return tuple(
        AuditDevice(path=str(path), type=str(device["type"]))
        for path, device in sorted(data.items())
        if isinstance(device, dict) and "type" in device
    )


def token_facts(session: Session, url: str, *, token: str) -> Token:
    """Return what the token itself may do.

    Raises:
        AuthenticationError: the token is unknown.
        NotVerifiedError: the answer does not say.
    """
    shown = f"{url.rstrip('/')}/v1/auth/token/lookup-self"
    data = _data(session, shown, token, "its policy must include lookup-self, as `default` does")
    try:
        policies = {*data["policies"], *(data.get("identity_policies") or ())}
        lives, at_most = int(data["ttl"]), int(data["explicit_max_ttl"])
    except (KeyError, TypeError, ValueError) as error:
        raise NotVerifiedError(f"{shown}: does not tell {error}; ask a Vault of version 1 or later") from error
    return Token(
        policies=frozenset(map(str, policies)),
        lives=timedelta(seconds=lives) if lives else None,
        at_most=timedelta(seconds=at_most) if at_most else None,
    )


def _data(session: Session, shown: str, token: str, grant: str) -> dict[str, Any]:
    response = session.get(shown, headers={"X-Vault-Token": token}, allow_redirects=False)
    if response.status_code in _REFUSED:
        if "audit" in shown:
            raise NotVerifiedError(f"{shown}: refused with {response.status_code}; {grant}")
        raise AuthenticationError(f"{shown}: the token is refused with {response.status_code}")
    try:
        data: Any = response.json()["data"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerifiedError(
            f"{shown}: status {response.status_code}, no data; unseal Vault, or correct it"
        ) from error
    if response.status_code != _OK or not isinstance(data, dict):
        raise NotVerifiedError(f"{shown}: status {response.status_code}; {grant}")
    return data
