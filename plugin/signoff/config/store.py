"""Where an environment's evidence is kept: in files beside the suite, or in a database that a team shares."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.yamlfile import Document

STORE_VARIABLE = "SIGNOFF_STORE"
"""Names the store where the policy does not."""
FILES = "files"
_SCHEMES = ("postgresql://", "postgres://")


def read_store(document: Document, raw: object, lookup: Callable[[str], str | None]) -> str:
    """Return the address of the shared store, a secret; empty if evidence is kept in files.

    Args:
        document: the policy.
        raw: the same without `${NAME}` replaced.
        lookup: returns the value of a variable.
    """
    data = document.data if isinstance(document.data, dict) else {}
    given = data.get("store")
    address = given if isinstance(given, str) else (lookup(STORE_VARIABLE) or "") if given is None else ""
    if address in {"", FILES}:
        return ""
    written = raw.get("store") if isinstance(raw, dict) else None
    if not address.startswith(_SCHEMES):
        message = "is no store" if given is not None else f"the store in {STORE_VARIABLE} is none"
        document.add(("store",) if given is not None else (), message, f"write {FILES}, or postgresql://…")
    elif isinstance(written, str) and "${" not in written and _password(written):
        document.add(("store",), "holds a password", f"write store: ${{{STORE_VARIABLE}}} and keep the value elsewhere")
    else:
        return address
    return ""


def secrets_of(address: str) -> Iterator[str]:
    """Yield what must reach no output: the whole address, and the password in it."""
    password = _password(address)
    if password:
        yield address
        yield password


def _password(address: str) -> str:
    try:
        return urlsplit(address).password or ""
    except ValueError:
        return ""
