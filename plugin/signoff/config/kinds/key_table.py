"""Inventory entry of the keys that an application hands out and keeps in a table."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class KeyTableService(Service):
    """All keys that open something now, by one reading query."""

    kind: Literal["key_table"] = "key_table"
    database: str = Field(description="Name of the postgresql service.")
    sql: str = Field(description="SELECT of name, owner and issued_at of every valid key; never of the key.")
    max_age: Duration = timedelta(days=365)

    @property
    def address(self) -> str:
        """The database."""
        return self.database
