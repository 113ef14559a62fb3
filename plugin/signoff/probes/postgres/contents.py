"""Row count and digest of every table: two databases with the same ones hold the same data."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

SCRIPT = files(__package__).joinpath("contents.sql").read_text(encoding="utf-8")
"""For psql: prints one JSON object per table. A backup job keeps its output beside the backup."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableContents:
    """What one table holds. The digest does not depend on the order in which rows lie on disk."""

    name: str
    rows: int
    digest: str


def statements() -> tuple[tuple[str, ...], str]:
    """Return the settings to make, and the query whose rows are the queries to run, each of which gives one JSON."""
    code = "\n".join(line for line in SCRIPT.splitlines() if not line.startswith("--"))
    head, _, query = code.partition("SELECT format(")
    settings = tuple(text.strip() for text in head.split(";") if text.strip())
    return settings, f"SELECT format({query}".replace("\\gexec", "").strip()


def parse(text: str) -> tuple[TableContents, ...]:
    """Return the tables: one JSON object a line as `SCRIPT` prints them, or one object that lists them as `tables`.

    Raises:
        NotVerifiedError: neither of them, no table, or one twice.
    """
    kind = "contents of a backup"
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and lines[0].strip().startswith("{") and '"tables"' in text:
        nodes = Node.parse(text, kind=kind).at("tables").items()
    else:
        nodes = [Node.parse(line, kind=kind) for line in lines]
    tables = tuple(map(table, nodes))
    names = {one.name for one in tables}
    if not tables or len(names) != len(tables):
        raise NotVerifiedError(f"{kind}: no table, or one twice; let the backup job write it anew")
    return tables


def table(node: Node) -> TableContents:
    """Return one table of a list."""
    return TableContents(
        name=node.at("name").text(), rows=node.at("rows").count(), digest=node.at("digest").text().lower()
    )
