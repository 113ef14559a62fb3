"""The daily report as Markdown: for each stage of the plan, what was found today, by whom, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.model import State
from signoff.reports.background import EMPTY, Background
from signoff.reports.change_lines import change_lines
from signoff.reports.daily_issues import StageIssues
from signoff.reports.facts import item_fact, next_step
from signoff.reports.instants import shown, zone
from signoff.reports.markdown import inline, section, table
from signoff.reports.messages import Messages
from signoff.reports.preparation import preparation
from signoff.reports.rollback_markdown import decision_lines
from signoff.reports.run_table import run_table
from signoff.reports.standing import headline
from signoff.reports.state_words import state_counts, state_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date, datetime

    from signoff.model import Change, ItemResult, Language, Outcome, Signoff

_FACT_LIMIT = 160
_PREPARATION = 1
"""The plan's first stage has no items of its own: team, checks and access are what it prepares."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """One day of the check."""

    date: date
    began: datetime
    ended: datetime
    """The next day's first instant."""
    signoff: Signoff
    """The decision at the end of the day or, on the day itself, now."""
    changes: tuple[Change, ...] = ()
    """Against the decision at the beginning of the day."""
    results: Mapping[str, Mapping[Outcome, int]] = field(default_factory=dict)
    """For each run, how many results of each outcome it had today."""

    def has(self, instant: datetime | None) -> bool:
        """Whether the instant lies in the day."""
        return instant is not None and self.began <= instant < self.ended


def render_daily(day: Day, language: Language, background: Background = EMPTY, *, stage: int | None = None) -> str:
    """Return the report of the day in the language; `stage` narrows it to one stage of the plan."""
    return "\n".join(_Daily(day, Messages(language), background).lines(stage)).rstrip("\n") + "\n"


class _Daily:
    def __init__(self, day: Day, m: Messages, background: Background) -> None:
        self._day, self._m, self._background = day, m, background
        self._signoff = day.signoff
        self._zone = zone(day.signoff.timezone)
        self._issues = StageIssues(day.signoff, m, background, day.has)

    def lines(self, stage: int | None) -> Iterator[str]:
        """Yield the document."""
        m, signoff = self._m, self._signoff
        head = headline(signoff, m)
        yield f"# {m('daily.title', date=self._day.date.isoformat())}"
        yield ""
        release = f"{inline(signoff.product)} {inline(signoff.release)} ({inline(signoff.environment)})"
        yield f"- {m('word.product')}: {release}"
        yield f"- {m('word.verdict')}: {head.symbol} **{head.title}** ({head.label})"
        satisfied = sum(result.state.satisfied for result in signoff.items)
        yield f"- {m('checklist.progress', total=len(signoff.items), satisfied=satisfied)}"
        yield f"- {m('word.evaluated_at')}: {shown(signoff.evaluated_at, self._zone)}"
        yield f"- {m('word.digest')}: `{inline(signoff.digest)}`"
        yield ""
        runs = [run for run in signoff.runs if run.id in self._day.results or self._day.has(run.started)]
        yield from section(2, m("daily.runs"), run_table(runs, m, self._zone, self._day.results), m("daily.no_runs"))
        for number in self._stages() if stage is None else (stage,):
            yield from self._stage(number)
        if stage is None:
            yield from section(2, m("issues.area_unknown"), self._issues.gone())
            today = [one for one in signoff.rollbacks if self._day.has(one.at)]
            yield from section(2, m("rollback.title"), decision_lines(today, m, self._zone))

    def _stages(self) -> list[int]:
        return sorted({*self._background.stages, *(result.item.stage for result in self._signoff.items)})

    def _stage(self, number: int) -> Iterator[str]:
        m, mine = self._m, [result for result in self._signoff.items if result.item.stage == number]
        title = self._background.stages.get(number)
        satisfied = sum(result.state.satisfied for result in mine)
        progress = f" ({m('daily.satisfied', n=satisfied, total=len(mine))})" if mine else ""
        yield f"## {m('daily.stage', n=number, title=inline(m.text(title)) if title else '')}{progress}"
        yield ""
        if number == _PREPARATION:
            yield from preparation(self._signoff, self._background, m)
        elif not mine:
            yield m("daily.no_items")
            yield ""
        if mine:
            yield from self._items(number, mine)

    def _items(self, number: int, mine: list[ItemResult]) -> Iterator[str]:
        m = self._m
        yield f"- {m('daily.taking_part')}: {self._taking_part(mine)}"
        yield f"- {m('word.state')}: {state_counts(mine, m)}"
        yield ""
        yield from section(3, m("daily.results"), self._results(mine))
        ids = {result.item.id for result in mine}
        changed = [f"- {inline(line)}" for line in change_lines([c for c in self._day.changes if c.item in ids], m)]
        yield from section(3, m("daily.changes"), changed, m("daily.no_changes"))
        yield from self._issues.of_stage(number)
        yield from section(3, m("daily.next"), self._next(mine), m("daily.nothing_next"))

    def _taking_part(self, mine: list[ItemResult]) -> str:
        owners = dict.fromkeys(result.item.owner for result in mine)
        return ", ".join(self._owner(owner) for owner in owners)

    def _owner(self, key: str) -> str:
        people = ", ".join(inline(name) for name in self._background.people(key))
        name = inline(self._background.owner(key, self._m.language))
        return f"{name} ({people})" if people else name

    def _results(self, mine: list[ItemResult]) -> Iterator[str]:
        m = self._m
        headings = [m("word.item"), m("daily.item_title"), m("word.owner"), m("word.state")]
        yield from table([*headings, m("daily.checked"), m("word.observed")], (self._row(result) for result in mine))

    def _row(self, result: ItemResult) -> tuple[str, ...]:
        m, item = self._m, result.item
        seen = [cell.observation.finished for cell in result.cells if cell.observation is not None]
        today = max((at for at in seen if self._day.has(at)), default=None)
        return (
            item.id,
            inline(m.text(item.title)),
            inline(self._background.owner(item.owner, m.language)),
            state_word(result.state, m),
            today.astimezone(self._zone).strftime("%H:%M") if today else "–",  # noqa: RUF001 - as in the symbols
            inline(self._fact(result), _FACT_LIMIT),
        )

    def _fact(self, result: ItemResult) -> str:
        m, declared, made = self._m, result.not_applicable, result.attestation
        if declared is not None:
            return m("page.na_reason", reason=declared.reason, approver=declared.approver)
        if made is not None and result.state is State.ATTESTED:
            return f"{made.by}: {made.statement}"
        return str(item_fact(result, m))

    def _next(self, mine: list[ItemResult]) -> Iterator[str]:
        """Yield what is in the way of the release, by owner: what everybody does tomorrow."""
        m, environment = self._m, self._signoff.environment
        waiting = [result for result in mine if result.item.blocking and not result.state.satisfied]
        for owner in dict.fromkeys(result.item.owner for result in waiting):
            yield f"- {self._owner(owner)}"
            for result in waiting:
                if result.item.owner == owner:
                    step = next_step(result, environment, m)
                    command = f" `{step.command}`" if step.command and "`" not in step.command else ""
                    yield f"  - **{result.item.id}** {inline(m.text(result.item.title))}: {inline(step.text)}{command}"
