"""Inventory entry of a key user scenario: what can be walked through live, and the tests that cover the rest."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from signoff.config.kinds.base import Service, Strict


class Step(Strict):
    """One page or answer on the way."""

    path: str = Field(default="", description="Opened, or asked for with GET.")
    click: str = Field(default="", description="Instead of a path: CSS selector of what is clicked (browser: true).")
    contains: str = Field(default="", description="Text that must be in the answer; in a browser: visible.")
    selector: str = Field(default="", description="CSS selector of what must be visible (browser: true).")

    @model_validator(mode="after")
    def _goes_one_way(self) -> Step:
        if bool(self.path) == bool(self.click):
            raise ValueError("give either path or click")
        return self


class Coverage(Strict):
    """The test cases that walk through the whole scenario, changes included, somewhere else than in production."""

    report: str = Field(description="Name of the test_report service.")
    tests: tuple[str, ...] = Field(min_length=1, description="How the names of the cases begin; each must have one.")


class JourneyService(Service):
    """One key user scenario."""

    kind: Literal["journey"] = "journey"
    web: str = Field(description="Name of the web service.")
    identity: str = Field(default="", description="Identity of the web service to sign in as; empty: a stranger.")
    browser: bool = Field(
        default=False,
        description="Walk in a real Chromium, which is let send GET and HEAD alone; else ask without one.",
    )
    load_from: tuple[str, ...] = Field(default=(), description="Other places that its pages load from (browser: true).")
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20, description="Gone in this order.")
    coverage: Coverage

    @model_validator(mode="after")
    def _can_be_walked(self) -> JourneyService:
        if not self.steps[0].path:
            raise ValueError("the first step needs a path, where the journey begins")
        if not self.browser and (self.load_from or any(step.click or step.selector for step in self.steps)):
            raise ValueError("click, selector and load_from need a browser; add browser: true")
        return self

    @property
    def address(self) -> str:
        """Where it begins."""
        return f"{self.web}: {self.steps[0].path}"
