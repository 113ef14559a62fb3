"""Inventory entry of the pages that people see: which of them, in which browsers, on which screens, how fast."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from signoff.config.fields import Instant
from signoff.config.kinds.accepted import Accepted
from signoff.config.kinds.base import Service, Strict


def _path(value: str) -> str:
    if not value.startswith("/") or value.startswith("//"):
        raise ValueError("not a path of the web service; write one that begins with /")
    return value


Path = Annotated[str, AfterValidator(_path)]


class WebPage(Strict):
    """One page that anybody may see."""

    name: str = Field(pattern=r"^[\w-]+$", description="Part of the screenshots' names.")
    path: Path
    selector: str = Field(min_length=1, description="CSS selector of what makes the page complete; must be visible.")


class Browser(Strict):
    """One browser that users have: looked into here, or by a report of somebody who has it."""

    name: str = Field(min_length=1, description="As reports call it: chrome, firefox, safari, MicrosoftEdge …")
    engine: Literal["chromium", "firefox"] | None = Field(
        default=None, description="Started here. Without it a report must cover the browser."
    )
    report: str = Field(default="", description="Name of a browser_report service.")
    min_version: int = Field(default=0, ge=0, description="Least major version; older ones prove nothing.")
    platform: str = Field(default="", description="Beginning of the platform's name in the report, such as iOS.")

    @model_validator(mode="after")
    def _seen_somewhere(self) -> Browser:
        if bool(self.engine) == bool(self.report):
            raise ValueError("give either engine (started here) or report (looked into elsewhere)")
        return self


class Screen(Strict):
    """One size of screen, in CSS pixels."""

    name: str = Field(pattern=r"^[\w-]+$")
    width: int = Field(ge=240, le=4_000)
    height: int = Field(ge=240, le=4_000)
    touch: bool = Field(default=False, description="A telephone or tablet: what is touched must be large enough.")


class SmallTarget(Strict):
    """Something small to touch that may be so: it is essential, or there is a larger one that does the same."""

    element: str = Field(min_length=1, description="Beginning of the element as the check shows it.")
    reason: str = Field(min_length=10)
    until: Instant = Field(description="From this instant on it counts again.")


class Accessibility(Strict):
    """What axe-core may find. The rest of the item is a person's attestation."""

    axe: str = Field(default="", description="An axe.min.js; empty: that of the installed package.")
    min_rules: int = Field(default=5, ge=1, description="Fewer rules that had something to look at prove nothing.")
    impacts: tuple[Literal["minor", "moderate", "serious", "critical"], ...] = Field(
        default=("serious", "critical"), min_length=1, description="Violations of these count."
    )
    accepted: tuple[Accepted, ...] = Field(default=(), description="Rules that do not count for a while.")


class Field75(Strict):
    """What real users experienced: PromQL for the 75th percentile; `$page` is replaced by the page's path."""

    prometheus: str = Field(description="Name of a prometheus service.")
    lcp_seconds: str = Field(min_length=1)
    inp_seconds: str = Field(min_length=1)
    cls: str = Field(min_length=1)
    visits: str = Field(min_length=1, description="How many page views the percentiles are of.")
    min_visits: int = Field(default=100, ge=10, description="Fewer prove nothing.")


class Lab(Strict):
    """How pages are loaded here when no user tells."""

    screen: str = Field(default="phone", description="Name of a viewport.")
    runs: int = Field(default=5, ge=3, le=9, description="The median of them counts.")


class Vitals(Strict):
    """What counts as fast: Google's thresholds for a good experience by default."""

    lcp_seconds: float = Field(default=2.5, gt=0)
    inp_seconds: float = Field(default=0.2, gt=0)
    cls: float = Field(default=0.1, gt=0)
    field: Field75 | None = None
    lighthouse: str = Field(default="", description="Name of a lighthouse_report service; instead of loading here.")
    lab: Lab = Lab()


_SCREENS = (
    Screen(name="phone", width=360, height=740, touch=True),
    Screen(name="tablet", width=768, height=1024, touch=True),
    Screen(name="desktop", width=1280, height=800),
)


class WebPagesService(Service):
    """The pages of one web application."""

    kind: Literal["web_pages"] = "web_pages"
    web: str = Field(description="Name of the web service that they belong to.")
    pages: tuple[WebPage, ...] = Field(min_length=1, max_length=20)
    load_from: tuple[str, ...] = Field(
        default=(), description="Other places that the pages load from, such as https://cdn.example.com."
    )
    browsers: tuple[Browser, ...] = Field(min_length=1, description="Every browser that the application is meant for.")
    viewports: tuple[Screen, ...] = Field(default=_SCREENS, min_length=1, max_length=5)
    small_targets: tuple[SmallTarget, ...] = ()
    ignore_errors: tuple[str, ...] = Field(
        default=(), description="Texts in the console that do no harm; a part of one suffices. Keep it short."
    )
    accessibility: Accessibility = Accessibility()
    vitals: Vitals = Vitals()

    @model_validator(mode="after")
    def _names_fit(self) -> WebPagesService:
        names = [screen.name for screen in self.viewports]
        for what, found in (("pages", [page.name for page in self.pages]), ("viewports", names)):
            if len(set(found)) != len(found):
                raise ValueError(f"two {what} have one name; name each otherwise")
        if not any(screen.touch for screen in self.viewports):
            raise ValueError("no viewport of a telephone; add one with touch: true")
        if self.vitals.lab.screen not in names:
            raise ValueError(f"vitals.lab.screen is none of the viewports: {', '.join(names)}")
        return self

    @property
    def address(self) -> str:
        """Where the pages begin."""
        return f"{self.web}: {self.pages[0].path}"
