"""Faults of delivery: who signed, what CI said, what was built and rehearsed."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from signoff.demo import evidence, release, signing
from signoff.demo.exercises import ci
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.demo.layout import Layout

_VICTIM = "app1"
_REHEARSED = "deploy-staging.json"


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
)
