"""Faults of what is installed and configured: settings, the load balancer's file, and packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.demo import load_balancer
from signoff.demo.faults.edits import replace
from signoff.demo.faults.model import Fault
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_VICTIM = "app1"
_UNKNOWN = "SHOP_DEBUG=1\n"
_BAD_LINE = "\nfrontend nobody-finished-this\n    bind\n"
_EXTRA = "ipdb-0.13.13.dist-info"
_NEED = "Requires-Dist: anyio"
_KEY = "SHOP_PAYMENT_API_KEY="


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


FAULTS = (
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
)
