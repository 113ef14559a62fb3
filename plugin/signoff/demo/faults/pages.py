"""Faults of the page that people see, and of the tests that ran before it went live."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from signoff.demo import evidence
from signoff.demo.faults.edits import Edit, edited, replace
from signoff.demo.faults.model import Fault
from signoff.demo.layout import DemoError
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_PAGE, _STYLE = "shop/page.html", "shop/style.css"
_edited = partial(edited, restart=False)
"""Pages are read anew for each visitor: nothing has to start again."""


def _after(file: str, passage: str, added: str) -> Edit:
    """Return an edit that adds a line behind a passage."""
    return Edit(file=file, right=passage, wrong=f"{passage}{added}\n")


def _break_test(layout: Layout) -> str:
    # The process belongs to no journey and this request changes nothing: nothing else rests on its test.
    file = evidence.directory(layout) / "end-to-end.xml"
    passed = re.search(r'<testcase classname="shop\.process"[^>]*/>', file.read_text(encoding="utf-8"))
    if passed is None:
        raise DemoError(f"{file} holds no test of the process that passed")
    replace(file, passed[0], _failed(passed[0]))
    return passed[0]


def _mend_test(layout: Layout, passed: str) -> None:
    replace(evidence.directory(layout) / "end-to-end.xml", _failed(passed), passed)


def _failed(passed: str) -> str:
    return passed.removesuffix("/>") + '><failure message="no answer within 5 s" /></testcase>'


FAULTS = (
    _edited(
        "page-asks-for-a-lost-file",
        Text(ko="페이지가 없는 스타일 파일을 요청합니다", en="The page asks for a style sheet that is not there"),
        "SW-WEB-1",
        _after(
            _PAGE, '<link rel="stylesheet" href="/static/style.css">\n', '<link rel="stylesheet" href="/static/b.css">'
        ),
    ),
    _edited(
        "page-runs-forbidden-code",
        Text(
            ko="페이지의 스크립트가 보안 정책에 막혀 콘솔 오류가 발생합니다",
            en="The page has a script that its own policy forbids: an error in the console",
        ),
        "SW-WEB-1",
        _after(_PAGE, "<header><h1>Shop</h1></header>\n", "<script>document.title = document.title;</script>"),
        blinds=("SW-WEB-4",),  # a page with code of its own, and no user who tells how long it keeps them waiting
    ),
    _edited(
        "product-list-hidden",
        Text(ko="상품 목록이 화면에 보이지 않습니다", en="The list of products cannot be seen"),
        "SW-WEB-1",
        _after(
            _STYLE, "body { margin: 0 auto; max-width: 60rem; padding: 1rem; }\n", "main li { visibility: hidden; }"
        ),
        blinds=("SW-WEB-2", "SW-WEB-3"),  # a page that is not complete proves nothing
    ),
    _edited(
        "page-too-wide",
        Text(ko="휴대폰 화면에서 페이지가 가로로 넘칩니다", en="The page is wider than a telephone"),
        "SW-WEB-2",
        _after(_STYLE, "ul { list-style: none; padding: 0; }\n", "h2 { min-width: 48rem; }"),
    ),
    _edited(
        "viewport-not-declared",
        Text(ko="페이지에 viewport 선언이 없습니다", en="The page does not declare that it adapts to telephones"),
        "SW-WEB-2",
        Edit(
            file=_PAGE,
            right='<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            wrong='<meta name="theme-color" content="#ffffff">\n',
        ),
    ),
    _edited(
        "links-too-small",
        Text(
            ko="터치 영역이 24픽셀보다 작고 서로 붙어 있습니다", en="Two links are too small to touch, and side by side"
        ),
        "SW-WEB-2",
        _after(
            _PAGE,
            "<h2>Products</h2>\n",
            '<nav><a href="/version">v</a><a href="/healthz">h</a></nav>',
        ),
    ),
    _edited(
        "language-not-declared",
        Text(ko="페이지의 언어가 선언되어 있지 않습니다", en="The page does not say in which language it is"),
        "SW-WEB-3",
        Edit(file=_PAGE, right='<html lang="en">', wrong="<html>"),
    ),
    _edited(
        "text-too-pale",
        Text(ko="글자와 배경의 명암비가 부족합니다", en="Text is too pale to be read"),
        "SW-WEB-3",
        _after(
            _STYLE,
            "li { border: 1px solid; border-radius: .5rem; padding: 1rem; }\n",
            "li p { color: #999; background: #fff; }",
        ),
    ),
    _edited(
        "page-without-a-title",
        Text(ko="페이지에 제목이 없습니다", en="The page has no title"),
        "SW-WEB-3",
        Edit(file=_PAGE, right="<title>Shop</title>", wrong="<title></title>"),
    ),
    _edited(
        "page-jumps",
        Text(ko="불러오는 동안 내용이 밀립니다 (CLS)", en="The page jumps while it loads (CLS)"),
        "SW-WEB-4",
        _after(
            _STYLE,
            "a { display: inline-block; min-height: 1.5rem; }\n",
            "h1 { animation: drop .2s steps(2) infinite alternate; } @keyframes drop { to { margin-top: 24rem; } }",
        ),
    ),
    Fault(
        name="integration-test-failed",
        title=Text(ko="통합 테스트 하나가 실패했습니다", en="One of the integration tests failed"),
        items=("INT-SYS-1",),
        break_=_break_test,
        mend=_mend_test,
    ),
)
