"""What every command must pass that does more to an environment than look at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import GuardError

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from signoff.model import ChangeWindow, Policy

FLAG = "--allow-active"
_APART = frozenset({"restore"})
"""Purposes whose command makes sure by itself that it acts on no machine that production depends on."""


def require_window(policy: Policy, purpose: str, *, allowed: bool, now: datetime, lasting: timedelta) -> ChangeWindow:
    """Return the open change window that the action fits into.

    Args:
        policy: Of the environment.
        purpose: `load` or `restore`.
        allowed: Whether the person said so on the command line.
        now: UTC.
        lasting: Longest time that the action takes.

    Raises:
        GuardError: not said, the environment is production, or no window is open for long enough.
    """
    if not allowed:
        raise GuardError(f"this acts on {policy.environment}, it does not only look; say {FLAG} if that is meant")
    if policy.production and purpose not in _APART:
        raise GuardError(
            f"{policy.environment} is production: nothing that acts on it is started from here; "
            "use an environment whose policy.yaml says production: false"
        )
    fitting = [one for one in policy.change_windows if purpose in one.purposes and one.opens <= now < one.closes]
    if not fitting:
        raise GuardError(f"no change window for {purpose} is open now; write one under change_windows in policy.yaml")
    window = max(fitting, key=lambda one: one.closes)
    if now + lasting > window.closes:
        raise GuardError(
            f"the change window closes at {window.closes:%Y-%m-%d %H:%M %Z}, before {lasting} are over; make it longer"
        )
    return window
