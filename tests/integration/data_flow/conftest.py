"""What checks of data flows talk about: figures, keys, rows and their age, in whichever store they are."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.reconciliation import Figure, Query
    from signoff.probes.stores.rows import Comparison
    from signoff.pytest_plugin.fixtures import BoundTarget

Rows = list[tuple[Any, ...]]


@pytest.fixture
def open_copy(inventory: Inventory, open_database: Callable[..., Any]) -> Callable[[str], Any]:
    """Return a context manager that opens a standby of a database that is in step with it, else the database."""
    from signoff import not_verified
    from signoff.errors import CouldNotCheckError
    from signoff.probes.postgres.copies import is_in_step

    standbys: Any = inventory.services_of("standby").values()

    @contextmanager
    def open_(name: str) -> Iterator[Any]:
        if name not in {**inventory.services_of("postgresql"), **inventory.services_of("mysql")}:
            not_verified(f"no postgresql or mysql service {name!r} in services.yaml; correct the name")
        with ExitStack() as opened:
            for standby in standbys:
                if standby.primary != name:
                    continue
                try:
                    copy = opened.enter_context(open_database(name, standby))
                    if is_in_step(copy):
                        yield copy
                        return
                except CouldNotCheckError:
                    continue  # whether the standby is well is another item's question
            yield opened.enter_context(open_database(name))

    return open_


@pytest.fixture
def figure_of(inventory: Inventory) -> Callable[..., float]:
    """Return a function from a question (and an open database) to its number."""
    from signoff import not_verified
    from signoff.probes.mysql.reconciliation import figure as of_mysql
    from signoff.probes.postgres.reconciliation import figure as of_postgres
    from signoff.probes.stores.redis_figures import figure as of_redis

    def find(question: Figure, database: Any) -> float:
        if question.redis:
            if question.database not in inventory.services_of("redis"):
                not_verified(f"no redis service {question.database!r} in services.yaml; correct the name")
            return of_redis(inventory.service(question.database), question.redis)
        kind = inventory.service(question.database).kind
        return (of_mysql if kind == "mysql" else of_postgres)(database, question.sql)

    return find


@pytest.fixture
def rows_of(inventory: Inventory, open_copy: Callable[[str], Any]) -> Callable[..., list[Rows]]:
    """Return a function from questions to their rows; those to one database are answered at one moment."""
    from signoff.probes.mysql.reconciliation import rows as of_mysql
    from signoff.probes.postgres.reconciliation import rows as of_postgres

    def find(*questions: Query) -> list[Rows]:
        with ExitStack() as stack:
            opened: dict[str, Any] = {}
            found: list[Rows] = []
            for question in questions:
                name = question.database
                if name not in opened:
                    opened[name] = stack.enter_context(open_copy(name))
                read = of_mysql if inventory.service(name).kind == "mysql" else of_postgres
                found.append(read(opened[name], question.sql))
            return found

    return find


@pytest.fixture
def figures(
    target: BoundTarget, open_copy: Callable[[str], Any], figure_of: Callable[..., float]
) -> tuple[float, float]:
    """Return both figures of the current reconciliation; of one database, they are of one moment."""
    left, right = target.settings.left, target.settings.right
    with ExitStack() as stack:
        names = {one.database for one in (left, right) if one.sql}
        opened = {name: stack.enter_context(open_copy(name)) for name in sorted(names)}
        return figure_of(left, opened.get(left.database)), figure_of(right, opened.get(right.database))


@pytest.fixture
def keys(target: BoundTarget, rows_of: Callable[..., list[Rows]]) -> Comparison:
    """Return the current keys beside those that the source knows, each once."""
    from signoff.probes.stores.rows import compare

    asked, known = rows_of(target.settings.keys, target.settings.known)
    return compare(list(dict.fromkeys(asked)), list(dict.fromkeys(known)))


@pytest.fixture
def both_sides(target: BoundTarget, rows_of: Callable[..., list[Rows]]) -> Comparison:
    """Return the current rows of both stores, compared."""
    from signoff.probes.stores.rows import compare

    return compare(*rows_of(target.settings.left, target.settings.right))


@pytest.fixture
def age_of_newest(target: BoundTarget, rows_of: Callable[..., list[Rows]], evaluated_at: datetime) -> timedelta:
    """Return how long ago the newest row of the current data came."""
    from signoff.probes.stores.rows import newest

    (rows,) = rows_of(target.settings.newest)
    return newest(rows, now=evaluated_at)
