"""Of the final report: the verdict, what was looked at, what was not, what was found, and what was measured."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, ApprovalStatus, State
from signoff.reports.blockers import general_reasons
from signoff.reports.change_lines import change_lines
from signoff.reports.facts import cell_fact, item_fact, worst_cell
from signoff.reports.instants import shown, zone
from signoff.reports.markdown import inline, section, table
from signoff.reports.run_table import run_table
from signoff.reports.standing import headline
from signoff.reports.state_words import state_counts, state_word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.model import CellResult, ItemResult, Outcome, Signoff
    from signoff.reports.background import Background
    from signoff.reports.messages import Messages

_FACT_LIMIT = 160
_RUN_LIMIT = 20
_NAMED = 5
_SCOPE_CHANGES = frozenset({"item added", "item removed", "target added", "target removed", "checklist changed"})


class Results:
    """What is told of items, runs and targets."""

    def __init__(
        self, signoff: Signoff, m: Messages, background: Background, results: Mapping[str, Mapping[Outcome, int]]
    ) -> None:
        self._signoff, self._m, self._background, self._results = signoff, m, background, results
        self._zone = zone(signoff.timezone)

    def summary(self) -> Iterator[str]:
        """Yield the verdict, why, and how far the check came."""
        m, signoff = self._m, self._signoff
        head = headline(signoff, m)
        yield f"- {m('word.verdict')}: {head.symbol} **{head.title}** ({head.label})"
        yield f"- {head.sentence}"
        satisfied = sum(result.state.satisfied for result in signoff.judged)
        yield f"- {m('checklist.progress', total=len(signoff.judged), satisfied=satisfied)}"
        yield f"- {state_counts(signoff.judged, m)}"
        signed = sum(step.status is ApprovalStatus.VALID for step in signoff.approvals)
        yield f"- {m('final.signed', n=signed, total=len(signoff.approvals))}"
        if signoff.valid_until is not None:
            yield f"- {m('word.valid_until')}: {shown(signoff.valid_until, self._zone)}"
        yield f"- {m('word.digest')}: `{inline(signoff.digest)}`"
        reasons = [reason for reason in signoff.reasons if reason.item] + list(general_reasons(signoff))
        for reason in dict.fromkeys(reasons):
            yield f"  - {inline(m.text(reason.text))}"

    def scope(self) -> Iterator[str]:
        """Yield what was checked, where, by which runs, stage by stage."""
        m, signoff = self._m, self._signoff
        for name in ("product", "release", "commit", "environment"):
            yield f"- {m(f'word.{name}')}: {inline(getattr(signoff, name))}"
        places = {(cell.target.kind, cell.cell.target) for result in signoff.items for cell in result.cells}
        kinds = [kind for kind, name in sorted(places) if name != NO_TARGET]
        counted = ", ".join(f"{inline(kind)} {len(list(same))}" for kind, same in groupby(kinds))
        yield f"- {m('final.targets')}: {counted or m('word.none')}"
        yield ""
        headings = [m(f"final.{name}") for name in ("stage", "items", "first", "last")]
        yield from table(headings, (self._stage(number) for number in sorted(self._by_stage())))
        yield from section(3, m("page.runs"), self._runs(), m("page.no_runs"))

    def _by_stage(self) -> dict[int, list[ItemResult]]:
        found: dict[int, list[ItemResult]] = {number: [] for number in self._background.stages}
        for result in self._signoff.items:
            found.setdefault(result.item.stage, []).append(result)
        return found

    def _stage(self, number: int) -> tuple[str, ...]:
        m, mine = self._m, self._by_stage()[number]
        title = self._background.stages.get(number)
        seen = [c.observation.finished for result in mine for c in result.cells if c.observation is not None]
        satisfied = sum(result.state.satisfied for result in mine)
        return (
            m("daily.stage", n=number, title=inline(m.text(title)) if title else ""),
            f"{satisfied}/{len(mine)}",
            shown(min(seen), self._zone) if seen else "",
            shown(max(seen), self._zone) if seen else "",
        )

    def _runs(self) -> Iterator[str]:
        runs = self._signoff.runs[::-1]
        yield from run_table(runs[:_RUN_LIMIT], self._m, self._zone, self._results)
        if len(runs) > _RUN_LIMIT:
            yield self._m("page.more_runs", n=len(runs) - _RUN_LIMIT)

    def deviations(self) -> Iterator[str]:
        """Yield how what was done differs from the plan: not run, too old, not applicable, or a changed scope."""
        m, signoff = self._m, self._signoff
        if signoff.scope is not None:
            yield f"- {m('partial_means', judged=len(signoff.judged), total=len(signoff.items))}"
        for state in (State.NOT_VERIFIED, State.STALE):
            for result in signoff.items:
                if result.state is state:
                    yield f"- {state_word(state, m)} {self._item(result)}: {self._fact(result)}"
        for result in signoff.items:
            declared = result.not_applicable
            if declared is not None:
                reason = m("page.na_reason", reason=inline(declared.reason), approver=inline(declared.approver))
                yield f"- {self._item(result)}: {reason}"
        changes = [change for change in signoff.changes if change.cause in _SCOPE_CHANGES]
        yield from (f"- {inline(line)}" for line in change_lines(changes, m))

    def by_area(self) -> Iterator[str]:
        """Yield the states of each area, then everything that is not satisfied."""
        m, items = self._m, self._signoff.items
        there = [state for state in State if any(result.state is state for result in items)]
        headings = [m("final.area"), *(state_word(state, m) for state in there)]
        areas = {area: list(results) for area, results in groupby(items, key=lambda result: result.item.area)}
        rows = ((self._area(area), *_counts(results, there)) for area, results in areas.items())
        yield from table([*headings, m("final.total")], rows)
        for area, results in areas.items():
            unmet = [result for result in results if not result.state.satisfied]
            yield from section(3, self._area(area), (self._unmet(result) for result in unmet))

    def _unmet(self, result: ItemResult) -> str:
        owner = inline(self._background.owner(result.item.owner, self._m.language))
        return f"- {state_word(result.state, self._m)} {self._item(result)} ({owner}): {self._fact(result)}"

    def blocked(self) -> Iterator[str]:
        """Yield what kept the check from being made: targets that could not be asked, runs that broke off."""
        m = self._m
        cells = [(cell, result) for result in self._signoff.items for cell in result.cells if cell.state is State.ERROR]
        for target in dict.fromkeys(cell.cell.target for cell, _ in cells):
            mine = [(cell, result) for cell, result in cells if cell.cell.target == target]
            name = m("word.release_target") if target == NO_TARGET else inline(target)
            ids = list(dict.fromkeys(result.item.id for _, result in mine))
            shown_ids = ", ".join(ids[:_NAMED]) + (
                f" {m('word.more', n=len(ids) - _NAMED)}" if len(ids) > _NAMED else ""
            )
            yield f"- {name} ({shown_ids}): {inline(cell_fact(mine[0][0], m).text, _FACT_LIMIT)}"
        for run in self._signoff.runs:
            if run.interrupted or run.ended is None:
                started = shown(run.started, self._zone)
                yield f"- {m('final.interrupted', run=inline(run.id), started=started, n=len(run.planned))}"

    def measures(self) -> Iterator[str]:
        """Yield what was observed and what was expected, by the cell that decides each item."""
        m = self._m
        headings = [m(f"word.{name}") for name in ("item", "target", "observed", "expected", "verified_at")]
        rows = (
            self._measure(result, cell) for result in self._signoff.items if (cell := _measured(result)) is not None
        )
        yield from table(headings, rows)

    def _measure(self, result: ItemResult, cell: CellResult) -> tuple[str, ...]:
        m, seen = self._m, cell.observation
        assert seen is not None
        target = m("word.release_target") if cell.cell.target == NO_TARGET else inline(cell.cell.target)
        if len(result.cells) > 1:
            target += f" ({m('word.more', n=len(result.cells) - 1)})"
        observed, expected = inline(seen.observed, _FACT_LIMIT), inline(seen.expected, _FACT_LIMIT)
        return result.item.id, target, observed, expected, shown(seen.finished, self._zone)

    def _item(self, result: ItemResult) -> str:
        return f"**{result.item.id}** {inline(self._m.text(result.item.title))}"

    def _fact(self, result: ItemResult) -> str:
        return inline(str(item_fact(result, self._m)), _FACT_LIMIT)

    def _area(self, area: str) -> str:
        return inline(self._background.area(area, self._m.language))


def _measured(result: ItemResult) -> CellResult | None:
    """Return the cell that explains the item, or else any that has an observed value."""
    worst = worst_cell(result)
    cells = ([worst] if worst is not None else []) + list(result.cells)
    return next((cell for cell in cells if cell.observation is not None and cell.observation.observed), None)


def _counts(results: Sequence[ItemResult], states: Sequence[State]) -> list[str]:
    return [*(str(sum(result.state is state for result in results)) for state in states), str(len(results))]
