"""Run a go-live checklist as pytest, against the real environment, and get a decision that can be signed.

What a check's author may use stands here; fixtures come from the plugin and from the suite's own conftest files.
"""

from __future__ import annotations

from typing import NoReturn

from signoff.errors import NotVerifiedError, UnreachableError

__all__ = ["__version__", "not_verified", "unreachable"]

__version__ = "0.1.0"


def not_verified(reason: str) -> NoReturn:
    """End the check without a verdict: nothing can be concluded. Say why, and what to do next.

    The cell stays NOT_VERIFIED (or keeps older evidence while that is fresh); it never passes and never fails.
    """
    raise NotVerifiedError(reason)


def unreachable(reason: str) -> NoReturn:
    """End the check because its target could not be reached: the cell becomes ERROR, never FAIL."""
    raise UnreachableError(reason)
