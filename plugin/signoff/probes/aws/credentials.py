"""Who has keys and passwords in an AWS account, how old they are and whether they are used: IAM's credential report."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.aws.session import AwsRefusalError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.aws.session import AwsSession

ROOT = "<root_account>"
_COLUMNS = frozenset(
    [
        "user",
        "password_enabled",
        "mfa_active",
        "access_key_1_active",
        "access_key_1_last_rotated",
        "access_key_2_active",
    ]
)
_NOT_MADE = frozenset({"ReportNotPresent", "ReportExpired", "ReportInProgress", "CredentialReportNotPresentException"})
_MAKE = "run `aws iam generate-credential-report` and ask again"


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessKey:
    """One key that is active; its id stays in the account."""

    user: str
    number: int
    since: datetime
    last_used: datetime | None
    """None: never."""

    def __str__(self) -> str:
        """Return user and number of the key."""
        return f"{self.user} key {self.number}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialReport:
    """One report of IAM's, over all users and the root account."""

    made_at: datetime
    users: int
    keys: tuple[AccessKey, ...]
    without_second_factor: tuple[str, ...]
    """Users who sign in with a password alone."""


def read(session: AwsSession) -> CredentialReport:
    """Return the report that IAM made last; none is made from here.

    Raises:
        NotVerifiedError: there is none, it has expired, or it has another form.
        AuthenticationError, CouldNotCheckError: as of `AwsSession.ask`.
    """
    try:
        answer = session.ask("iam", "get_credential_report")
    except AwsRefusalError as error:
        if error.code in _NOT_MADE:
            raise NotVerifiedError(f"{session.account}: no credential report ({error.code}); {_MAKE}") from error
        raise
    return parse(answer["Content"].decode("utf-8"), made_at=answer["GeneratedTime"].astimezone(UTC))


def parse(text: str, *, made_at: datetime) -> CredentialReport:
    """Return what the CSV says.

    Raises:
        NotVerifiedError: columns are missing, or it names nobody.
    """
    rows = list(csv.DictReader(io.StringIO(text)))
    if not rows or not rows[0].keys() >= _COLUMNS:
        raise NotVerifiedError(f"the credential report has another form; {_MAKE}")
    return CredentialReport(
        made_at=made_at,
        users=len(rows),
        keys=tuple(key for row in rows for number in (1, 2) if (key := _key(row, number))),
        without_second_factor=tuple(
            row["user"]
            for row in rows
            if (_is(row["password_enabled"]) or row["user"] == ROOT) and not _is(row["mfa_active"])
        ),
    )


def _key(row: Mapping[str, str], number: int) -> AccessKey | None:
    if not _is(row.get(f"access_key_{number}_active", "")):
        return None
    since = _instant(row.get(f"access_key_{number}_last_rotated", "")) or _instant(row.get("user_creation_time", ""))
    if since is None:
        raise NotVerifiedError(f"{row['user']}: the report does not date key {number}; {_MAKE}")
    used = _instant(row.get(f"access_key_{number}_last_used_date", ""))
    return AccessKey(user=row["user"], number=number, since=since, last_used=used)


def _is(text: str) -> bool:
    return text.strip().lower() == "true"


def _instant(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
