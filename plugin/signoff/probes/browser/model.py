"""What browsers report of pages: facts, and no judgement."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewport:
    """A screen, in CSS pixels."""

    name: str
    width: int
    height: int
    touch: bool = False
    """Whether the page is told that it is on a telephone: its viewport declaration counts, and it is touched."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request of a page: what the page asked for, and what came of it."""

    method: str
    url: str
    said: str
    """The status, or why there is none."""

    def __str__(self) -> str:
        """Return `method url: what was said`."""
        return f"{self.method} {self.url}: {self.said}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wide:
    """An element that reaches beyond the right edge of the screen."""

    element: str
    beyond: float
    """CSS pixels."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Small:
    """Something to touch that is smaller than it should be, and too near to another one."""

    element: str
    width: float
    height: float

    def __str__(self) -> str:
        """Return `element width × height`."""
        return f"{self.element} {self.width:g}×{self.height:g}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """How a page fits a screen."""

    overflow: float
    """CSS pixels by which the page is wider than the screen."""
    wide: tuple[Wide, ...]
    """The worst of what makes it so."""
    viewport: str
    """What the page declares in `<meta name=viewport>`; empty: nothing."""
    targets: int
    """How many things there are to touch."""
    small: tuple[Small, ...]
    """Those that WCAG 2.2, 2.5.8 does not let pass."""

    @property
    def adapts(self) -> bool:
        """Whether the page declares that it is as wide as the device."""
        declared = {part.strip().replace(" ", "").lower() for part in self.viewport.replace(";", ",").split(",")}
        return "width=device-width" in declared or any(part.startswith("initial-scale=1") for part in declared)


@dataclass(frozen=True, kw_only=True, slots=True)
class Barrier:
    """What axe-core says of one of its rules on one page."""

    rule: str
    impact: str
    """`minor`, `moderate`, `serious`, `critical`; empty: axe-core does not say."""
    nodes: int
    example: str
    """The first element's selector."""

    def __str__(self) -> str:
        """Return `rule (impact) in n elements, such as …`."""
        return f"{self.rule} ({self.impact or 'no impact given'}) in {self.nodes} elements, such as {self.example}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Accessibility:
    """One run of axe-core."""

    version: str
    passed: int
    """Rules that had something to look at, and found it good."""
    violations: tuple[Barrier, ...]
    undecided: tuple[Barrier, ...]
    """What only people can judge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """One page in one browser on one screen."""

    browser: str
    """Name and version."""
    page: str
    viewport: Viewport
    status: int
    shown: bool
    """Whether the page's key element is there and visible."""
    errors: tuple[str, ...]
    """What the console was told as an error, and exceptions that nobody caught."""
    failed: tuple[Request, ...]
    """Requests without an answer, or answered with 400 and above."""
    blocked: tuple[Request, ...]
    """Requests that were not let out: other methods than GET and HEAD, or other places than the listed ones."""
    screenshot: bytes
    """PNG."""
    layout: Layout | None = None
    accessibility: Accessibility | None = None

    @property
    def place(self) -> str:
        """Where this was seen, for people."""
        return f"{self.page} in {self.browser} at {self.viewport.width}×{self.viewport.height}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Loading:
    """How one load of a page went, without anything in the browser's cache."""

    largest_paint: float | None
    """LCP, seconds; None: the browser reported none."""
    shift: float
    """CLS."""
    first_byte: float
    """Seconds."""
    handles_input: bool
    """Whether the page runs any code of its own that could keep a user waiting."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stride:
    """One step of a journey in a browser."""

    step: str
    complete: bool
    said: str
    screenshot: bytes

    def __str__(self) -> str:
        """Return `step said`."""
        return f"{self.step} {self.said}" + ("" if self.complete else " (incomplete)")
