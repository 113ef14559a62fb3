"""How fast a page is for people: told by users where there are enough of them, else by the median of several loads."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.browser.model import Loading
    from signoff.probes.metrics.prometheus import Prometheus

MIN_RUNS = 3
"""Fewer loads have no median worth the name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast one page is."""

    page: str
    source: Literal["users", "lighthouse", "lab"]
    samples: int
    lcp_seconds: float
    cls: float
    inp_seconds: float | None = None
    """None: only users tell."""
    handles_input: bool = True
    """False: the page has no code of its own, so that nothing in it can keep an input waiting."""

    def __str__(self) -> str:
        """Return the figures, and of how many what they are."""
        of = {"users": "visits", "lighthouse": "runs of Lighthouse", "lab": "loads"}[self.source]
        inp = "" if self.inp_seconds is None else f", INP {self.inp_seconds:.3f} s"
        return f"{self.page}: LCP {self.lcp_seconds:.2f} s, CLS {self.cls:.3f}{inp} ({self.samples} {of})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Queries:
    """PromQL for what users experienced; `$page` stands for a page's path."""

    lcp_seconds: str
    inp_seconds: str
    cls: str
    visits: str
    min_visits: int


def of_users(page: str, path: str, server: Prometheus, queries: Queries) -> Pace | None:
    """Return what users experienced; None if there were too few of them.

    Raises:
        NotVerifiedError: enough visits and a figure that is missing.
    """
    visits = server.scalar(queries.visits.replace("$page", path)) or 0.0
    if visits < queries.min_visits:
        return None

    def told(expression: str) -> float:
        value = server.scalar(expression.replace("$page", path))
        if value is None:
            raise NotVerifiedError(f"{page}: {visits:.0f} visits and no value of {expression}; correct the query")
        return value

    return Pace(
        page=page,
        source="users",
        samples=int(visits),
        lcp_seconds=told(queries.lcp_seconds),
        cls=told(queries.cls),
        inp_seconds=told(queries.inp_seconds),
    )


def of_loads(page: str, loadings: Sequence[Loading]) -> Pace:
    """Return the median of our own loads.

    Raises:
        NotVerifiedError: fewer than three in which something was painted.
    """
    paints = [one.largest_paint for one in loadings if one.largest_paint is not None]
    if len(paints) < MIN_RUNS:
        raise NotVerifiedError(f"{page}: {len(paints)} loads painted something, {MIN_RUNS} are needed; is it empty?")
    return Pace(
        page=page,
        source="lab",
        samples=len(loadings),
        lcp_seconds=median(paints),
        cls=median(one.shift for one in loadings),
        handles_input=any(one.handles_input for one in loadings),
    )


def of_lighthouse(page: str, runs: Sequence[tuple[float, float]], least: int) -> Pace:
    """Return the median of Lighthouse's runs, given as LCP in seconds and CLS.

    Raises:
        NotVerifiedError: too few.
    """
    if len(runs) < least:
        raise NotVerifiedError(f"{page}: {len(runs)} runs of Lighthouse, {least} are needed; run it more often")
    return Pace(
        page=page,
        source="lighthouse",
        samples=len(runs),
        lcp_seconds=median(lcp for lcp, _ in runs),
        cls=median(cls for _, cls in runs),
    )
