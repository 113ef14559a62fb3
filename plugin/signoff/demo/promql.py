"""PromQL for the embedded Prometheus: prombed's engine with the functions that rules and dashboards commonly use."""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from prombed import Prombed
from prombed.errors import PrombedError
from prombed.promql import evaluator
from prombed.promql.parser import BinaryExpression, Expression, SelectorExpression, _Parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_OVER_TIME: dict[str, Callable[[Sequence[float]], float]] = {
    "min_over_time": min,
    "max_over_time": max,
    "avg_over_time": lambda values: sum(values) / len(values),
    "sum_over_time": sum,
    "count_over_time": len,
    "last_over_time": lambda values: values[-1],
    "changes": lambda values: sum(a != b for a, b in pairwise(values)),
    "resets": lambda values: sum(b < a for a, b in pairwise(values)),
    "delta": lambda values: values[-1] - values[0],
}
_STRING = re.compile(r""""(?:[^"\\]|\\.)*"|'((?:[^'\\]|\\.)*)'""")
_MATH: dict[str, Callable[[float], float]] = {"abs": abs, "ceil": math.ceil, "floor": math.floor}


class Parser(_Parser):  # type: ignore[misc]
    """Prombed's parser and the set operators `and`, `or`, `unless`."""

    def _parse_binary(self, minimum_precedence: int) -> Expression:
        left = super()._parse_binary(minimum_precedence)
        if minimum_precedence > 0:
            return left
        left = self._chain(left, {"and", "unless"})
        while self._peek().value == "or":
            self._next()
            right = self._chain(super()._parse_binary(0), {"and", "unless"})
            left = BinaryExpression("or", left, right)
        return left

    def _chain(self, left: Expression, operators: set[str]) -> Expression:
        while self._peek().value in operators:
            operator = self._next().value
            left = BinaryExpression(operator, left, super()._parse_binary(0))
        return left


class Engine(evaluator.PromQLEngine):  # type: ignore[misc]
    """Prombed's engine and set operators, `absent`, `time`, `vector`, `…_over_time`, `changes`, `delta`, `abs`."""

    def _binary(self, operator: str, left: Any, right: Any, budget: Any) -> Any:
        if operator not in {"and", "or", "unless"}:
            return super()._binary(operator, left, right, budget)
        if not all(isinstance(side, evaluator._Vector) for side in (left, right)):  # noqa: SLF001 - see below
            raise PrombedError("query_execution_error", f"{operator} works on instant vectors only")
        there = {_identity(one.labels) for one in right.value}
        if operator == "or":
            here = {_identity(one.labels) for one in left.value}
            kept = [*left.value, *(one for one in right.value if _identity(one.labels) not in here)]
        else:
            kept = [one for one in left.value if (_identity(one.labels) in there) == (operator == "and")]
        return evaluator._Vector(kept)  # noqa: SLF001 - see below

    def _evaluate_call(self, name: str, args: tuple[Expression, ...], time_ms: int, budget: Any) -> Any:
        if name == "time" and not args:
            return evaluator._Scalar(time_ms / 1_000)  # noqa: SLF001 - the engine has no public extension point
        if len(args) != 1 or name not in {*_OVER_TIME, *_MATH, "absent", "vector"}:
            return super()._evaluate_call(name, args, time_ms, budget)
        value = self._evaluate(args[0], time_ms, budget)
        if name in _OVER_TIME:
            return self._over_time(name, value)
        return self._of_vector(name, args[0], value)

    def _over_time(self, name: str, value: Any) -> Any:
        if not isinstance(value, evaluator._Matrix):  # noqa: SLF001 - as above
            raise PrombedError("query_execution_error", f"{name} expects a range vector")
        return _vector(
            (_unnamed(series.labels), float(_OVER_TIME[name]([sample.value for sample in series.samples])))
            for series in value.value
            if series.samples
        )

    def _of_vector(self, name: str, argument: Expression, value: Any) -> Any:
        if name == "vector" and isinstance(value, evaluator._Scalar):  # noqa: SLF001 - as above
            return _vector([({}, value.value)])
        if name == "vector" or not isinstance(value, evaluator._Vector):  # noqa: SLF001 - as above
            raise PrombedError("query_execution_error", f"{name} cannot take this kind of value")
        if name == "absent":
            return _vector([] if value.value else [(_equal_labels(argument), 1.0)])
        return _vector((_unnamed(one.labels), float(_MATH[name](one.value))) for one in value.value)


class Store(Prombed):  # type: ignore[misc]
    """Prombed's scraper and storage, with our engine."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._engine = Engine(self.storage)
        # The engine parses by this module-level function, and has no other way to be given a parser.
        evaluator.parse_promql = parse

    def labels(self) -> list[dict[str, str]]:
        """Return the labels of every stored series."""
        return [dict(series.labels) for series in self.storage.select([])]


def parse(text: str) -> Expression:
    """Return the parsed expression.

    Raises:
        PrombedError: no PromQL, or not in the part of it that is supported here.
    """
    if not text.strip():
        raise PrombedError("invalid_query", "query must not be empty")
    return Parser(_STRING.sub(_with_double_quotes, text)).parse()


def _with_double_quotes(found: re.Match[str]) -> str:
    """Rewrite a string in single quotes, which prombed's parser does not know; leave one in double quotes alone."""
    if found[1] is None:
        return found[0]
    return '"' + found[1].replace("\\'", "'").replace('"', '\\"') + '"'


def _vector(values: Any) -> Any:
    return evaluator._Vector([evaluator._VectorValue(labels, value) for labels, value in values])  # noqa: SLF001


def _identity(labels: dict[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset(_unnamed(labels).items())


def _unnamed(labels: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if name != "__name__"}


def _equal_labels(argument: Expression) -> dict[str, str]:
    if not isinstance(argument, SelectorExpression):
        return {}
    return {one.name: one.value for one in argument.matchers if one.operator == "=" and one.name != "__name__"}
