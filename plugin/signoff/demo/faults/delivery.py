"""Faults of delivery: who signed, what CI said, what was built, rehearsed, installed and configured, and the API."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from signoff.demo import evidence, load_balancer, release, signing
from signoff.demo.exercises import ci
from signoff.demo.faults import instances
from signoff.demo.faults.edits import Edit, replace
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.demo.layout import Layout

_VICTIM = "app1"
_UNKNOWN = "SHOP_DEBUG=1\n"
_BAD_LINE = "\nfrontend nobody-finished-this\n    bind\n"
_EXTRA = "ipdb-0.13.13.dist-info"
_NEED = "Requires-Dist: anyio"
_REHEARSED = "deploy-staging.json"
_KEY = "SHOP_PAYMENT_API_KEY="

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


def _tag_again(layout: Layout, *, sign: bool) -> str:
    """Replace the release's tag, as somebody in a hurry does; return the object that it was."""
    right = release.git(layout, "rev-parse", f"refs/tags/{release.TAG}").strip()
    if sign:
        signing.create_key(layout, signing.STRANGERS_KEY)
        release.tag_release(layout, release.TAG, "Release 1.0.0", revision=release.TAG, key=signing.STRANGERS_KEY)
    else:
        commit = f"{release.TAG}^{{commit}}"
        release.git(layout, "tag", "--force", "--annotate", "--message", "Release 1.0.0", release.TAG, commit)
    return right


def _restore_tag(layout: Layout, right: str) -> None:
    release.git(layout, "update-ref", f"refs/tags/{release.TAG}", right)


def _archive(layout: Layout) -> Path:
    return programs.source(layout, _VICTIM) / "release.tar"


def _alter_archive(layout: Layout) -> int:
    size = _archive(layout).stat().st_size
    with _archive(layout).open("ab") as file:
        file.write(b"one more file, by hand")
    return size


def _mend_archive(layout: Layout, size: int) -> None:
    with _archive(layout).open("rb+") as file:
        file.truncate(size)


def _rewrite(layout: Layout, *, name: str, change: Callable[[Any], None]) -> str:
    """Change a record and return what it was."""
    file = evidence.directory(layout) / name
    right = file.read_text(encoding="utf-8")
    record = json.loads(right)
    change(record)
    evidence.write_record(layout, name, record)
    return right


def _write_back(layout: Layout, right: str, *, name: str) -> None:
    write_atomically(evidence.directory(layout) / name, right, mode=0o644)


def _fail_job(record: Any) -> None:
    record["jobs"][-1]["outcome"] = "failed"


def _edit_script_later(record: Any) -> None:
    record["steps"][0]["sha256"] = "0" * 64


def _fail_rollback(record: Any) -> None:
    record["steps"][-1]["ok"] = False


def _recorded(name: str, title: Text, item: str, record: str, change: Callable[[Any], None]) -> Fault:
    """Return a fault that a record of evidence tells of."""
    broken = partial(_rewrite, name=record, change=change)
    return Fault(name=name, title=title, items=(item,), break_=broken, mend=partial(_write_back, name=record))


def _settings(layout: Layout, host: str) -> Path:
    return programs.source(layout, host) / ".env"


def _add_setting(layout: Layout) -> None:
    for host in programs.APP_HOSTS:
        with _settings(layout, host).open("a", encoding="utf-8") as file:
            file.write(_UNKNOWN)


def _drop_setting(layout: Layout, _: Any) -> None:
    for host in programs.APP_HOSTS:
        replace(_settings(layout, host), _UNKNOWN, "")


def _forget_secret(layout: Layout) -> dict[str, str]:
    """Leave the placeholder of the template where the secret belongs; the key may have been rotated since."""
    right = {}
    for host in programs.APP_HOSTS:
        lines = _settings(layout, host).read_text(encoding="utf-8").splitlines()
        right[host] = next(line for line in lines if line.startswith(_KEY))
        replace(_settings(layout, host), f"{right[host]}\n", f"{_KEY}changeme\n")
    return right


def _remember_secret(layout: Layout, right: dict[str, str]) -> None:
    for host, line in right.items():
        replace(_settings(layout, host), f"{_KEY}changeme\n", f"{line}\n")


def _break_balancer_file(layout: Layout) -> None:
    with load_balancer.configuration(layout).open("a", encoding="utf-8") as file:
        file.write(_BAD_LINE)


def _mend_balancer_file(layout: Layout, _: Any) -> None:
    replace(load_balancer.configuration(layout), _BAD_LINE, "")


def _packages(layout: Layout) -> Path:
    found = programs.interpreter(layout, _VICTIM).parents[1].glob("lib/python*/site-packages")
    return next(found)


def _install_debugger(layout: Layout) -> None:
    folder = _packages(layout) / _EXTRA
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: ipdb\nVersion: 0.13.13\n", encoding="utf-8")


def _remove_debugger(layout: Layout, _: Any) -> None:
    folder = _packages(layout) / _EXTRA
    (folder / "METADATA").unlink()
    folder.rmdir()


def _starlette(layout: Layout) -> Path:
    return next(_packages(layout).glob("starlette-*.dist-info")) / "METADATA"


def _raise_need(layout: Layout) -> str:
    text = _starlette(layout).read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(_NEED))
    replace(_starlette(layout), f"{line}\n", f"{_NEED}>=99\n")
    return line


def _lower_need(layout: Layout, line: str) -> None:
    replace(_starlette(layout), f"{_NEED}>=99\n", f"{line}\n")


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


def _edit(layout: Layout, *, edit: Edit) -> None:
    edit.make(layout, programs.APP_HOSTS)
    instances.restart(layout, programs.APP_HOSTS)


def _take_back(layout: Layout, _: Any, *, edit: Edit) -> None:
    edit.take_back(layout, programs.APP_HOSTS)
    instances.restart(layout, programs.APP_HOSTS)


def _edited(name: str, title: Text, item: str, edit: Edit) -> Fault:
    """Return a fault that is an edit of the source on all application hosts."""
    return Fault(
        name=name, title=title, items=(item,), break_=partial(_edit, edit=edit), mend=partial(_take_back, edit=edit)
    )


FAULTS = (
    Fault(
        name="tag-unsigned",
        title=Text(ko="릴리스 태그에 서명이 없습니다", en="The release's tag is not signed"),
        items=("SW-DEP-1",),
        break_=partial(_tag_again, sign=False),
        mend=_restore_tag,
    ),
    Fault(
        name="tag-signed-by-stranger",
        title=Text(
            ko="릴리스 태그에 허용되지 않은 사람이 서명했습니다",
            en="The release's tag is signed by somebody who may not sign releases",
        ),
        items=("SW-DEP-1",),
        break_=partial(_tag_again, sign=True),
        mend=_restore_tag,
    ),
    _recorded(
        "ci-failed",
        Text(ko="릴리스 커밋의 CI 작업이 실패했습니다", en="A CI job failed for the release's commit"),
        "SW-DEP-1",
        ci.NAME,
        _fail_job,
    ),
    Fault(
        name="artifact-altered",
        title=Text(
            ko="app1에 배포된 아카이브가 빌드된 것과 다릅니다",
            en="The archive on app1 is not the one that was built",
        ),
        items=("SW-DEP-1",),
        break_=_alter_archive,
        mend=_mend_archive,
    ),
    Fault(
        name="setting-unknown",
        title=Text(ko=".env에 스키마에 없는 설정이 있습니다", en="The .env files hold a setting that nobody asked for"),
        items=("SW-DEP-2",),
        break_=_add_setting,
        mend=_drop_setting,
    ),
    Fault(
        name="setting-placeholder",
        title=Text(
            ko=".env의 결제 키가 자리표시자 값 그대로입니다",
            en="The payment key in .env is still the placeholder of the template",
        ),
        items=("SW-DEP-2",),
        break_=_forget_secret,
        mend=_remember_secret,
    ),
    Fault(
        name="balancer-file-broken",
        title=Text(
            ko="로드 밸런서 설정 파일을 HAProxy가 받아들이지 않습니다",
            en="HAProxy would refuse the load balancer's configuration file",
        ),
        items=("SW-DEP-2",),
        break_=_break_balancer_file,
        mend=_mend_balancer_file,
    ),
    Fault(
        name="package-unlocked",
        title=Text(
            ko="app1에 잠금 파일에 없는 패키지가 설치되어 있습니다",
            en="app1 has a package that the lock file does not name",
        ),
        items=("SW-DEP-3",),
        break_=_install_debugger,
        mend=_remove_debugger,
    ),
    Fault(
        name="package-conflict",
        title=Text(
            ko="app1에 설치된 패키지들의 요구 버전이 서로 맞지 않습니다",
            en="Packages on app1 do not fit together",
        ),
        items=("SW-DEP-3",),
        break_=_raise_need,
        mend=_lower_need,
    ),
    _recorded(
        "script-not-rehearsed",
        Text(
            ko="배포 스크립트가 스테이징 연습 후에 바뀌었습니다",
            en="The deployment script was changed after its rehearsal on staging",
        ),
        "SW-DEP-4",
        _REHEARSED,
        _edit_script_later,
    ),
    _recorded(
        "rollback-failed-on-staging",
        Text(ko="스테이징에서 롤백이 실패했습니다", en="The rollback failed on staging"),
        "SW-DEP-4",
        _REHEARSED,
        _fail_rollback,
    ),
    _edited(
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
    _edited(
        "wrong-form-accepted",
        Text(
            ko="제공하지 않는 형식을 요청해도 406 대신 200으로 응답합니다",
            en="A form that is not offered is answered by 200 instead of 406",
        ),
        "SW-API-4",
        _ANY_FORM,
    ),
    Fault(
        name="dependency-strained",
        title=Text(
            ko="애플리케이션이 캐시가 정상이 아니라고 보고합니다",
            en="The application reports that its cache is not well",
        ),
        items=("INT-SYS-2", "SW-API-1"),  # its document knows no such state either
        break_=partial(_edit, edit=_STRAINED),
        mend=partial(_take_back, edit=_STRAINED),
    ),
)
