"""Inventory entry of a key user scenario: what can be walked through live, and the tests that cover the rest."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service, Strict


class Step(Strict):
    """One page or answer on the way."""

    path: str
    contains: str = Field(default="", description="Text that must be in the answer.")


class Coverage(Strict):
    """The test cases that walk through the whole scenario, changes included, somewhere else than in production."""

    report: str = Field(description="Name of the test_report service.")
    tests: tuple[str, ...] = Field(min_length=1, description="How the names of the cases begin; each must have one.")


class JourneyService(Service):
    """One key user scenario."""

    kind: Literal["journey"] = "journey"
    web: str = Field(description="Name of the web service.")
    identity: str = Field(default="", description="Identity of the web service to sign in as; empty: a stranger.")
    steps: tuple[Step, ...] = Field(min_length=1, description="Asked for in this order, with GET.")
    coverage: Coverage

    @property
    def address(self) -> str:
        """Where it begins."""
        return f"{self.web}: {self.steps[0].path}"
