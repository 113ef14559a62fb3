"""Inventory entry of faults that were injected on purpose, and how soon the system had to be well again."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class InjectedFault(Strict):
    """One fault that must have been simulated."""

    name: str = Field(min_length=1, description="What breaks, such as `primary database killed`.")
    report: str = Field(description="What the tool wrote (JSON), relative to the inventory.")
    form: Literal["chaostoolkit", "fis", "litmus", "game_day"] = Field(description="Which tool that was.")
    experiment: str = Field(default="", description="The experiment's name in the report; empty: that of the fault.")
    within: Duration | None = Field(
        default=None, description="Longest time until recovery; without it, that it recovered is enough."
    )


class FaultDrillsService(Service):
    """The faults that this environment must survive."""

    kind: Literal["fault_drills"] = "fault_drills"
    faults: tuple[InjectedFault, ...] = Field(min_length=1)
    max_age: Duration = timedelta(days=180)

    @property
    def address(self) -> str:
        """The faults' names."""
        return ", ".join(fault.name for fault in self.faults)
