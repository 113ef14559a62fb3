"""The verdict on top of the run report: the same one as on the page, for the engineer who reads the tracebacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import State
from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers
from signoff.reports.instants import zone
from signoff.reports.links import safe_links
from signoff.reports.messages import Messages
from signoff.reports.page_text import PageText
from signoff.reports.standing import headline
from signoff.reports.templating import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from signoff.model import Language, Signoff
    from signoff.reports.background import Link


def render_banner(
    signoff: Signoff, language: Language, background: Background = EMPTY, links: Sequence[Link] = ()
) -> Markup:
    """Return the verdict as an HTML fragment without style, script or anything that loads."""
    messages = Messages(language)
    return render(
        "banner.html.jinja",
        m=messages,
        text=PageText(messages, background, signoff, zone(signoff.timezone)),
        signoff=signoff,
        head=headline(signoff, messages),
        blockers=blockers(signoff),
        states=[state for state in State if signoff.count(state)],
        links=safe_links(links),
    )
