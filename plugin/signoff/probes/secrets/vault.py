"""What Vault knows about a secret without telling it: when its current version was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.web.http import Session


def written_at(session: Session, url: str, path: str, *, token: str) -> datetime:
    """Return the UTC instant at which the current version of a secret was written (KV version 2).

    Args:
        session: A session for Vault's origin.
        url: Vault's base URL.
        path: Of the metadata, such as `secret/metadata/shop/payment`.
        token: Needs `read` on this path, and nothing else.

    Raises:
        GuardError: the path is not one of metadata: it would hand out the secret itself.
        AuthenticationError: the token is refused.
        NotVerifiedError: no such secret, sealed, or its current version is deleted.
    """
    if "metadata" not in path.split("/"):
        raise GuardError(f"{path}: only metadata is read; write the path with /metadata/ instead of /data/")
    shown = f"{url.rstrip('/')}/v1/{path}"
    response = session.get(shown, headers={"X-Vault-Token": token}, allow_redirects=False)
    if response.status_code in {401, 403}:
        raise AuthenticationError(f"{shown}: the token is refused with {response.status_code}")
    try:
        data: Any = response.json()["data"]
        version = data["versions"][str(data["current_version"])]
        if version["destroyed"] or version["deletion_time"]:
            raise NotVerifiedError(f"{shown}: the current version is deleted; name the key that is in use")
        return datetime.fromisoformat(version["created_time"]).astimezone(UTC)
    except (ValueError, KeyError, TypeError) as error:
        raise NotVerifiedError(
            f"{shown}: status {response.status_code}, no version of a secret; correct the path or unseal Vault"
        ) from error
