"""Faults of the API: answers and the document that they are held against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.demo.faults.edits import Edit, edited
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_NAMELESS = Edit(
    file="shop/endpoints.py",
    right='    return JSONResponse({"email": customer.email, "name": customer.name, "role": customer.role})\n',
    wrong='    return JSONResponse({"email": customer.email, "name": None, "role": customer.role})\n',
)
_ANY_FORM = Edit(file="shop/app.py", right="middleware=[Middleware(Produces, produces)])", wrong="middleware=[])")
_STRAINED = Edit(
    file="shop/endpoints.py",
    right='"dependencies": dependencies}\n',
    wrong='"dependencies": {**dependencies, "redis": "strained"}}\n',
)


def _cut_document(layout: Layout) -> dict[str, str]:
    """Cut the API document short, as a full disk does."""
    right = {}
    for host in programs.APP_HOSTS:
        file = programs.source(layout, host) / "openapi.json"
        right[host] = file.read_text(encoding="utf-8")
        write_atomically(file, right[host][: len(right[host]) // 2], mode=file.stat().st_mode & 0o777)
    return right


def _complete_document(layout: Layout, right: dict[str, str]) -> None:
    for host, text in right.items():
        file = programs.source(layout, host) / "openapi.json"
        write_atomically(file, text, mode=file.stat().st_mode & 0o777)


FAULTS = (
    edited(
        "answer-off-schema",
        Text(ko="API 응답이 OpenAPI 스키마와 다릅니다", en="An API answer departs from its schema"),
        "SW-API-1",
        _NAMELESS,
    ),
    Fault(
        name="api-document-cut",
        title=Text(ko="배포된 API 문서가 중간에서 잘렸습니다", en="The API document that is served is cut short"),
        items=("SW-API-3", "SW-DEP-2"),
        break_=_cut_document,
        mend=_complete_document,
        blinds=("SW-API-1",),
    ),
    edited(
        "wrong-form-accepted",
        Text(
            ko="제공하지 않는 형식을 요청해도 406 대신 200으로 응답합니다",
            en="A form that is not offered is answered by 200 instead of 406",
        ),
        "SW-API-4",
        _ANY_FORM,
    ),
    edited(
        "dependency-strained",
        Text(
            ko="애플리케이션이 캐시가 정상이 아니라고 보고합니다",
            en="The application reports that its cache is not well",
        ),
        "INT-SYS-2",
        _STRAINED,
        also=("SW-API-1",),  # its document knows no such state either
    ),
)
