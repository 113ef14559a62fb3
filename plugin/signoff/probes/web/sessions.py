"""One web application asked as several people: a guarded session for each, signed in when it is first needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Mapping

NOBODY = ""
"""The identity of somebody who has not signed in."""
_BUDGET = 500


class WebSessions:
    """Sessions by identity, each within its own pace and budget.

    Args:
        url: The application's base URL.
        ca_file: PEM file of the certificate authority; empty: the public ones.
        login_path: Where JSON is posted to sign in; empty: nobody can.
        accounts: For each identity, the fields of that JSON.
        per_second: Requests per second, at most.
    """

    def __init__(
        self,
        url: str,
        *,
        ca_file: str = "",
        login_path: str = "",
        accounts: Mapping[str, Mapping[str, str]] | None = None,
        per_second: float = 2.0,
    ) -> None:
        self._url = url.rstrip("/")
        self._ca_file = ca_file or None
        self._login_url = self._url + login_path if login_path else ""
        self._accounts = dict(accounts or {})
        self._per_second = per_second
        self._open: dict[str, Session] = {}

    @classmethod
    def of(cls, entry: Any) -> Self:
        """Return the sessions of an inventory entry of kind web."""
        return cls(
            entry.url,
            ca_file=entry.ca_file,
            login_path=entry.login.path if entry.login else "",
            accounts=entry.accounts,
            per_second=entry.sample.per_second,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all sessions."""
        for session in self._open.values():
            session.close()

    def url(self, path: str) -> str:
        """Return the address of a path of the application."""
        return self._url + path

    def session(self, identity: str = NOBODY) -> Session:
        """Return the identity's session.

        Raises:
            NotVerifiedError: the inventory does not know the identity, or how to sign in.
            AuthenticationError: the application refused the account.
        """
        if identity not in self._open:
            session = Session(
                origins=[self._url],
                ca_file=self._ca_file,
                login_urls=[self._login_url],
                per_second=self._per_second,
                budget=_BUDGET,
            )
            if identity:
                self._sign_in(session, identity)
            self._open[identity] = session
        return self._open[identity]

    def _sign_in(self, session: Session, identity: str) -> None:
        if not self._login_url or identity not in self._accounts:
            raise NotVerifiedError(f"identity {identity}: no account or no login in services.yaml; add them")
        response = session.post(self._login_url, json=dict(self._accounts[identity]), allow_redirects=False)
        if response.status_code >= 400:  # noqa: PLR2004 - HTTP
            raise AuthenticationError(f"{self._login_url}: {identity} was refused with {response.status_code}")
        if not session.cookies:
            raise NotVerifiedError(f"{self._login_url}: signing in as {identity} set no cookie; correct the login")
