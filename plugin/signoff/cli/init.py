"""`signoff init DIR`: write a ready suite into an empty folder, which the team then owns."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

import signoff
from signoff.cli.common import friendly, language_option
from signoff.errors import SignoffError
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.model import Language

PARTS = ("conftest.py", "tests", "inventories/demo", "inventories/production", "reports/README.md", "docs/schemas")
"""What a suite consists of; the editor's schemas may be missing in a source checkout that has not written them yet."""
_OPTIONAL = frozenset({"docs/schemas"})
_OWN_FILES = {"pyproject.toml": "pyproject.toml", "gitignore": ".gitignore"}
_NEVER = shutil.ignore_patterns("__pycache__", "*.pyc", ".env")
_TEXTS = {
    "not-empty": Text(
        ko="{folder}에 이미 파일이 있습니다({example}). 비어 있거나 없는 폴더를 지정하세요.",
        en="{folder} is not empty ({example} is there): name an empty folder or a new one.",
    ),
    "no-folder": Text(ko="{folder}은(는) 폴더가 아닙니다.", en="{folder} is not a folder."),
    "cannot-write": Text(
        ko="{folder}에 쓸 수 없습니다: {reason}. 아무것도 남기지 않았습니다.",
        en="{folder} cannot be written: {reason}. Nothing was left behind.",
    ),
    "incomplete": Text(
        ko="설치본에 {part}이(가) 없습니다. pytest-signoff를 다시 설치하세요.",
        en="this installation lacks {part}: install pytest-signoff again.",
    ),
    "done": Text(
        ko="""{folder}에 점검 모음을 만들었습니다. 이제 팀의 것입니다: 커밋하고 고쳐 쓰세요.

다음으로 할 일
  cd {folder}
  signoff demo run                                     작은 운영 환경에서 먼저 보기 (pip install 'pytest-signoff[demo]')
  cp inventories/production/.env.example inventories/production/.env && chmod 600 inventories/production/.env
  $EDITOR inventories/production/*.yaml                호스트, 서비스, 릴리스, 서명할 사람
  signoff plan --inventory production                  무엇을 물어볼지 먼저 보기
  pytest --inventory production -m infra               첫 점검: 한 영역만""",
        en="""{folder} holds a suite now. It is yours: commit it, and change what you like.

What to do next
  cd {folder}
  signoff demo run                                     see it on a small one (pip install 'pytest-signoff[demo]')
  cp inventories/production/.env.example inventories/production/.env && chmod 600 inventories/production/.env
  $EDITOR inventories/production/*.yaml                hosts, services, the release, who signs
  signoff plan --inventory production                  see what would be asked, before anything is
  pytest --inventory production -m infra               the first check: one area""",
    ),
}


class InitError(SignoffError):
    """The suite cannot be written there; nothing was."""


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@language_option
@friendly
def init(folder: Path, language: Language) -> None:
    """Write a ready suite into the empty or new folder DIR: checklist, checks, inventories, settings."""
    _refuse_what_is_not_empty(folder, language)
    try:
        _write_whole_or_not_at_all(folder, language)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InitError(_TEXTS["cannot-write"].get(language).format(folder=folder, reason=reason)) from error
    click.echo(_TEXTS["done"].get(language).format(folder=shlex.quote(str(folder))))


def suite_source() -> Path:
    """Return the folder that holds the suite: the installed package's own copy, else the source checkout."""
    package = Path(signoff.__file__).parent
    packaged = package / "suite"
    return packaged if packaged.is_dir() else package.parents[1]


def _refuse_what_is_not_empty(folder: Path, language: Language) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise InitError(_TEXTS["no-folder"].get(language).format(folder=folder))
    present = min((path.name for path in folder.iterdir()), default=None)
    if present is not None:
        raise InitError(_TEXTS["not-empty"].get(language).format(folder=folder, example=present))


def _write_whole_or_not_at_all(folder: Path, language: Language) -> None:
    """Write beside the final place, then move: an interrupted command leaves no half a suite behind."""
    existed = folder.exists()
    above = folder.absolute().parent
    above.mkdir(parents=True, exist_ok=True)
    # An existing folder may be a mount point or somebody's current folder: it is filled, not replaced.
    with tempfile.TemporaryDirectory(dir=folder if existed else above, prefix=".signoff-init-") as scratch:
        suite = Path(scratch) / "suite"
        suite.mkdir()
        _compose(suite, language)
        if not existed:
            suite.rename(folder)
            return
        _move_into(folder, suite)


def _move_into(folder: Path, suite: Path) -> None:
    names = sorted(path.name for path in suite.iterdir())
    try:
        for name in names:
            (suite / name).rename(folder / name)
    except BaseException:
        for name in names:
            if not (suite / name).exists():
                (folder / name).rename(suite / name)
        raise


def _compose(suite: Path, language: Language) -> None:
    source = suite_source()
    for part in PARTS:
        origin, place = source / part, suite / part
        if not origin.exists():
            if part in _OPTIONAL:
                continue
            raise InitError(_TEXTS["incomplete"].get(language).format(part=part))
        place.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, place, ignore=_NEVER)
        else:
            shutil.copyfile(origin, place)
    for name, target in _OWN_FILES.items():
        shutil.copyfile(Path(__file__).parent / "suite_files" / name, suite / target)
