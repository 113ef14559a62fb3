"""Faults of documents: nobody kept them current, nobody approved them, or they lead nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from signoff.demo import documents
from signoff.demo.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout


def _edit(pattern: str, replacement: str) -> Callable[[Layout], str]:
    def break_(layout: Layout) -> str:
        before = documents.read_guide(layout)
        documents.write_guide(layout, re.sub(pattern, replacement, before, count=1, flags=re.MULTILINE))
        return before

    return break_


def _put_back(layout: Layout, before: str) -> None:
    documents.write_guide(layout, before)


def _lose_linked(layout: Layout) -> str:
    file = documents.folder(layout) / documents.CONTACTS
    text = file.read_text(encoding="utf-8")
    file.unlink()
    return text


def _find_linked(layout: Layout, text: Any) -> None:
    (documents.folder(layout) / documents.CONTACTS).write_text(text, encoding="utf-8")


FAULTS = (
    Fault(
        name="document-outdated",
        title=Text(ko="서비스 데스크 안내서가 2년째 그대로입니다", en="The service desk's guide is two years old"),
        items=("INT-FIN-3",),
        break_=_edit(r"^date: .*$", "date: 2024-11-01"),
        mend=_put_back,
    ),
    Fault(
        name="document-not-approved",
        title=Text(
            ko="서비스 데스크 안내서의 승인자가 다릅니다", en="The service desk's guide was approved by a stranger"
        ),
        items=("INT-FIN-3",),
        break_=_edit(r"^approver: .*$", "approver: an intern"),
        mend=_put_back,
    ),
    Fault(
        name="document-link-dead",
        title=Text(ko="안내서가 없어진 연락처 문서를 가리킵니다", en="A document links to a page that is gone"),
        items=("INT-FIN-3",),
        break_=_lose_linked,
        mend=_find_linked,
    ),
)
