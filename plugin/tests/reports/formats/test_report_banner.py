"""The verdict on top of the run report is the page's verdict, and as safe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports.background import Link
from signoff.reports.banner import render_banner

if TYPE_CHECKING:
    from signoff.model import Signoff
    from signoff.reports.background import Background


def test_the_verdict_and_its_worst_items_are_shown(small: Signoff, background: Background) -> None:
    shown = render_banner(small, "ko", background)
    assert "배포 불가" in shown
    assert "NO-GO" in shown
    assert "INF-SVC-1" in shown


def test_a_selection_is_labelled(partial: Signoff) -> None:
    shown = render_banner(partial, "en")
    assert "Partial check 2/8" in shown
    assert "GO" not in shown


def test_hostile_text_and_links_stay_text(small: Signoff) -> None:
    links = [Link(label="<b>", href="page.html"), Link(label="x", href="javascript:alert(1)")]
    shown = render_banner(small, "ko", links=links)
    assert "<img" not in shown
    assert "<script" not in shown
    assert shown.count("<a ") == 1
    assert "javascript" not in shown
