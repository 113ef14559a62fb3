"""The rules for accounts of a Keycloak realm: passwords, wrong attempts, second factor and sessions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Iterator

_KIND = "Keycloak realm"
_LENGTH = re.compile(r"\blength\((\d+)\)")
_SECOND_FACTORS = frozenset({"CONFIGURE_TOTP", "webauthn-register", "webauthn-register-passwordless"})
_STEPS = frozenset({"auth-otp-form", "webauthn-authenticator", "webauthn-authenticator-passwordless"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Realm:
    """What one realm asks of its accounts."""

    name: str
    min_password: int
    """Characters; 0: no rule."""
    locks_after: int
    """Wrong attempts; 0: never."""
    needs_second_factor: bool
    needs_https: bool
    session_idle: timedelta
    session_lifetime: timedelta


def read(text: bytes) -> Realm:
    """Return the realm from `GET /admin/realms/NAME`, or from a realm export.

    Raises:
        NotVerifiedError: no such document.
    """
    realm = Node.parse(text, kind=_KIND)
    length = _LENGTH.search(realm.at("passwordPolicy").text(""))
    locks = realm.at("bruteForceProtected").flag()
    return Realm(
        name=realm.at("realm").text(),
        min_password=int(length[1]) if length else 0,
        locks_after=realm.at("failureFactor").count() if locks else 0,
        needs_second_factor=any(_asks_of_everybody(realm)) or any(_stands_in_the_way(realm)),
        needs_https=realm.at("sslRequired").text().lower() != "none",
        session_idle=timedelta(seconds=realm.at("ssoSessionIdleTimeout").count()),
        session_lifetime=timedelta(seconds=realm.at("ssoSessionMaxLifespan").count()),
    )


def _asks_of_everybody(realm: Node) -> Iterator[bool]:
    """Yield for each action whether every new account must set up a second factor."""
    for action in realm.at("requiredActions").items() if "requiredActions" in realm else ():
        wanted = action.at("alias").text() in _SECOND_FACTORS
        yield wanted and action.at("enabled").flag() and action.at("defaultAction").flag()


def _stands_in_the_way(realm: Node) -> Iterator[bool]:
    """Yield for each step of the sign-in whether nobody passes it without a second factor."""
    for flow in realm.at("authenticationFlows").items() if "authenticationFlows" in realm else ():
        for step in flow.at("authenticationExecutions").items():
            yield step.at("authenticator").text("") in _STEPS and step.at("requirement").text() == "REQUIRED"
