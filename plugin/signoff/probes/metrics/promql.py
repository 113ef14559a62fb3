"""Which series an expression of Prometheus' query language needs: found in its text, without evaluating it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)
  | (?P<number>(?:\d+(?:ms|[smhdwy]))+|0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
  | (?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<sign>=~|!~|!=|==|>=|<=|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_LABEL_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
_WORDS = frozenset({"and", "or", "unless", "atan2", "bool", "offset", "inf", "nan", "start", "end"}) | _LABEL_LISTS
_AFTER_AGGREGATION = frozenset({"(", "by", "without"})
_ABOUT_ABSENCE = frozenset({"absent", "absent_over_time"})
_THRESHOLD = re.compile(r"(==|!=|>=|<=|>|<)\s*(?:bool\s+)?(-?[0-9.]+(?:[eE][+-]?[0-9]+)?)\s*$")
_CLOSING = {"{": "}", "(": ")", "[": "]"}


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Selector:
    """A metric, narrowed to one job where the expression says so."""

    metric: str
    job: str = ""

    def __str__(self) -> str:
        """Return it as an expression."""
        return f'{self.metric}{{job="{self.job}"}}' if self.job else self.metric


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """What an alert's expression compares with at its end."""

    operator: str
    value: float

    def __str__(self) -> str:
        """Return `> 0.05`."""
        return f"{self.operator} {self.value:g}"


def selectors_of(expression: str) -> tuple[Selector, ...]:
    """Return the metrics that must exist for the expression ever to have a value, each once, sorted.

    Metrics inside `absent(…)` are left out: that they are missing is what it waits for. Only matchers of `job` are
    kept: `status="500"` may rightly match nothing yet, but a job that does not exist never will.
    """
    tokens = [(match.lastgroup, match[0]) for match in _TOKEN.finditer(expression) if match.lastgroup != "space"]
    found: set[Selector] = set()
    position = 0
    while position < len(tokens):
        kind, text = tokens[position]
        following = tokens[position + 1][1] if position + 1 < len(tokens) else ""
        if (text.lower() in _LABEL_LISTS and following == "(") or text in _ABOUT_ABSENCE:
            position = _after(tokens, position + 1)
        elif text == "[":
            position = _after(tokens, position)
        elif text == "{" or (kind == "word" and following == "{"):
            start = position if text == "{" else position + 1
            position = _after(tokens, start)
            matchers = _equalities(tokens[start:position])
            found.add(
                Selector(metric=text if text != "{" else matchers.get("__name__", ""), job=matchers.get("job", ""))
            )
        else:
            # `sum by (…) (…)`: the word before the grouping is an aggregation, as is one before a bracket.
            if kind == "word" and following.lower() not in _AFTER_AGGREGATION and text.lower() not in _WORDS:
                found.add(Selector(metric=text))
            position += 1
    return tuple(sorted(selector for selector in found if selector.metric))


def threshold_of(expression: str) -> Threshold | None:
    """Return the comparison with a number at the end of the expression; None if it does not end with one."""
    match = _THRESHOLD.search(expression)
    return Threshold(operator=match[1], value=float(match[2])) if match else None


def _after(tokens: list[tuple[str | None, str]], start: int) -> int:
    """Return the position behind the bracket that opens at `start`."""
    opening = tokens[start][1] if start < len(tokens) else ""
    depth = 0
    for position in range(start, len(tokens)):
        depth += (tokens[position][1] == opening) - (tokens[position][1] == _CLOSING.get(opening))
        if not depth:
            return position + 1
    return len(tokens)


def _equalities(tokens: list[tuple[str | None, str]]) -> dict[str, str]:
    """Return label and value of the matchers `label="value"` between braces."""
    return {
        name: text[1:-1]
        for (_, name), (_, sign), (kind, text) in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if sign == "=" and kind == "text"
    }
