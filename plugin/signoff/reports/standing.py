"""The verdict in words, the same in every report: symbol, title, machine name, and what a partial one is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.model import Verdict
from signoff.reports import symbols

if TYPE_CHECKING:
    from signoff.model import Signoff, State
    from signoff.reports.messages import Messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Headline:
    """What a reader must know first."""

    symbol: str
    title: str
    label: str
    """Machine name of the verdict or, for a satisfied selection, how much of the checklist it covers."""
    sentence: str
    partial: str
    """`Partial check 12/83`, with how many hosts were asked if not all; empty when the whole release was judged."""
    tone: State


def headline(signoff: Signoff, messages: Messages) -> Headline:
    """Return the verdict in words. A selection is never called GO or READY, and always says that it is one."""
    judged, total = len(signoff.judged), len(signoff.items)
    whole = signoff.scope is None
    verdict = signoff.verdict
    if not whole and verdict in {Verdict.GO, Verdict.READY}:
        verdict = Verdict.PARTIAL_OK
    partial = "" if whole else messages("partial_label", judged=judged, total=total)
    sentence = messages("partial_means", judged=judged, total=total)
    if partial and (limit := signoff.asked) is not None:
        counts = {"asked": len(limit.hosts), "hosts": limit.total}
        partial += f" · {messages('partial_hosts', **counts)}"
        sentence += f" {messages('partial_hosts_mean', pattern=limit.pattern, **counts)}"
    speaks_for_selection = not whole and verdict is not Verdict.INVALID
    return Headline(
        symbol=symbols.VERDICTS[verdict],
        title=messages(f"{'verdict' if whole else 'partial'}.{verdict}"),
        label=partial if partial and verdict is Verdict.PARTIAL_OK else verdict.value,
        sentence=sentence if speaks_for_selection else messages(f"verdict_means.{verdict}"),
        partial=partial,
        tone=symbols.VERDICT_TONES[verdict],
    )
