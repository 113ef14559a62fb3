"""The policy's rollback criteria: when a release is rolled back, for how long it is watched, and who may decide."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Strict
from signoff.config.yamlfile import did_you_mean
from signoff.model import RollbackRule

if TYPE_CHECKING:
    from collections.abc import Collection

    from signoff.config.yamlfile import Document

_SECOND = timedelta(seconds=1)


class RollbackFile(Strict):
    """When a release is rolled back: strictly greater than a limit, over a window, with enough samples."""

    error_ratio: Ratio = 0.05
    response_seconds: float = Field(default=1.0, gt=0)
    mean_seconds: float | None = Field(default=None, gt=0, description="Limit of the mean; default: response_seconds.")
    percentile: float = Field(default=0.95, gt=0, lt=1)
    window: Duration = Field(default="5m", validate_default=True)
    min_samples: int = Field(default=100, ge=1)
    watch: Duration = Field(
        default="30m",
        validate_default=True,
        description="How long after the release every window must hold before the release is kept.",
    )
    step: Duration = Field(default="30s", validate_default=True, description="How often a window is judged.")
    stale_after: Duration = Field(
        default="2m", validate_default=True, description="Age at which the newest sample says nothing any more."
    )
    deciders: tuple[str, ...] = Field(default=(), description="Roles of the roster that may decide by hand.")


def rollback_rule(given: RollbackFile | None) -> RollbackRule | None:
    """Return the criteria as the decision knows them; None if the policy has none."""
    return None if given is None else RollbackRule(**dict(given))


def check_rollback(document: Document, given: RollbackFile | None, roles: Collection[str]) -> None:
    """Note in the document what does not fit together: durations, and roles that nobody on the roster has."""
    if given is None:
        return
    for name in ("window", "watch", "step", "stale_after"):
        if getattr(given, name) < _SECOND:
            document.add(("rollback", name), "is no time at all", "write at least 1s")
    if given.watch < given.window:
        document.add(("rollback", "watch"), "is shorter than the window", "watch for at least one whole window")
    if given.step > given.window:
        document.add(("rollback", "step"), "is longer than the window", "or what happens in between is never judged")
    for index, role in enumerate(given.deciders):
        if role not in roles:
            hint = did_you_mean(role, roles) or "give the role to somebody on the roster"
            document.add(("rollback", "deciders", index), f"nobody on the roster is {role!r}", hint)
