"""Faults of the deployed application: its source, its version and its packages, changed on the server."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from signoff.demo import release
from signoff.demo.faults import instances
from signoff.demo.faults.edits import Edit, edited, replace
from signoff.demo.faults.model import Fault
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_WRONG_PSUTIL = "5.9.5"
_VICTIM = "app2"

_TRACE = Edit(
    file="shop/problems.py",
    right='        "correlation_id": request_id,\n    }\n',
    wrong='        "correlation_id": request_id,\n        "debug": traceback.format_exc(),\n    }\n',
)
_TRACE_IMPORT = Edit(file="shop/problems.py", right="import http\n", wrong="import http\nimport traceback\n")
_COOKIE = Edit(
    file="shop/endpoints.py",
    right="requests.COOKIE, token, max_age=accounts.lifetime_seconds, secure=True, httponly=True",
    wrong="requests.COOKIE, token, max_age=accounts.lifetime_seconds, secure=False, httponly=True",
)
_REPORT = Edit(
    file="shop/endpoints.py",
    right="    await requests.administrator(request)\n",
    wrong="    await requests.customer(request)\n",
)
_ORDER = Edit(
    file="shop/endpoints.py",
    right='found["customer_id"] != customer.id and customer.role != "admin"',
    wrong='found["customer_id"] < 0 and customer.role != "admin"',
)
_SLOW = Edit(
    file="shop/endpoints.py",
    right="    found = await requests.services(request).catalogue.page(after=after, limit=limit)\n",
    wrong="    await asyncio.sleep(1.3)  # wait for the new price service\n"
    "    found = await requests.services(request).catalogue.page(after=after, limit=limit)\n",
)
_SLOW_IMPORT = Edit(
    file="shop/endpoints.py", right="from pathlib import Path\n", wrong="import asyncio\nfrom pathlib import Path\n"
)
_METRICS = Edit(file="shop/app.py", right='        Route("/metrics",', wrong='        Route("/internal/metrics",')


def _deploy_old_release(layout: Layout) -> None:
    release.deploy(layout, _VICTIM, revision=release.PREVIOUS_TAG)
    instances.restart(layout, [_VICTIM])


def _deploy_release(layout: Layout, _: Any) -> None:
    # The way back brings back the settings of then; a key that was replaced in between is the right one all the same.
    settings = dotenv_values(programs.source(layout, _VICTIM) / ".env", interpolate=False)
    release.run_script(layout, "deploy/rollback.sh", layout.host(_VICTIM))
    programs.write_settings(layout, _VICTIM, {name: value or "" for name, value in settings.items()})
    shutil.rmtree(layout.host(_VICTIM) / "srv" / "shop.withdrawn")
    instances.restart(layout, [_VICTIM])


def _install_old_psutil(layout: Layout) -> str:
    metadata = _psutil(layout)
    version = metadata.name.removesuffix(".dist-info").partition("-")[2]
    _set_psutil(metadata, version, _WRONG_PSUTIL)
    return version


def _install_locked_psutil(layout: Layout, version: str) -> None:
    _set_psutil(_psutil(layout), _WRONG_PSUTIL, version)


def _set_psutil(metadata: Path, old: str, new: str) -> None:
    # What pip goes by. The code stays: psutil does not start with another version's compiled half.
    replace(metadata / "METADATA", f"\nVersion: {old}\n", f"\nVersion: {new}\n")
    metadata.rename(metadata.with_name(f"psutil-{new}.dist-info"))


def _psutil(layout: Layout) -> Path:
    packages = programs.interpreter(layout, _VICTIM).parents[1].glob("lib/python*/site-packages/psutil-*.dist-info")
    return next(packages)


def _deploy_old_document(layout: Layout) -> None:
    _set_document_version(layout, "1.0.0", "0.9.0")


def _deploy_document(layout: Layout, _: Any) -> None:
    _set_document_version(layout, "0.9.0", "1.0.0")


def _set_document_version(layout: Layout, old: str, new: str) -> None:
    for host in programs.APP_HOSTS:
        replace(programs.source(layout, host) / "openapi.json", f'"version": "{old}"', f'"version": "{new}"')


def _lose_metrics(layout: Layout) -> None:
    _METRICS.make(layout, [_VICTIM])
    instances.restart(layout, [_VICTIM])
    instances.wait_for_scrape(layout, "shop", _VICTIM)


def _find_metrics(layout: Layout, _: Any) -> None:
    _METRICS.take_back(layout, [_VICTIM])
    instances.restart(layout, [_VICTIM])
    instances.wait_for_scrape(layout, "shop", _VICTIM)


FAULTS = (
    Fault(
        name="psutil-mismatch",
        title=Text(
            ko="app2의 psutil 버전이 잠금 파일과 다릅니다",
            en="psutil on app2 is not the version that the lock file names",
        ),
        items=("SW-DEP-3",),
        break_=_install_old_psutil,
        mend=_install_locked_psutil,
    ),
    Fault(
        name="wrong-version",
        title=Text(ko="app2에서 이전 릴리스가 실행 중입니다", en="app2 still runs the previous release"),
        items=("SW-DEP-1",),
        break_=_deploy_old_release,
        mend=_deploy_release,
    ),
    Fault(
        name="stale-api-document",
        title=Text(
            ko="배포된 API 문서가 이전 버전의 문서입니다",
            en="The API document that is served is that of an earlier version",
        ),
        items=("SW-API-3",),
        break_=_deploy_old_document,
        mend=_deploy_document,
    ),
    Fault(
        name="metrics-lost",
        title=Text(
            ko="app2의 인스턴스가 더 이상 지표를 제공하지 않습니다",
            en="The instance on app2 offers no metrics any more",
        ),
        items=("MON-SYS-1",),
        break_=_lose_metrics,
        mend=_find_metrics,
    ),
    edited(
        "stack-trace-leak",
        Text(ko="오류 응답에 스택 트레이스가 노출됩니다", en="Error answers show a stack trace"),
        "SW-API-4",
        _TRACE,
        _TRACE_IMPORT,
    ),
    edited(
        "session-cookie-insecure",
        Text(ko="세션 쿠키에 Secure 속성이 없습니다", en="The session cookie lacks Secure"),
        "SEC-AUTH-4",
        _COOKIE,
    ),
    edited(
        "admin-open",
        Text(ko="일반 고객이 관리자 보고서를 볼 수 있습니다", en="Any customer can read the administrators' report"),
        "SEC-AUTH-3",
        _REPORT,
    ),
    edited(
        "orders-of-others",
        Text(ko="고객이 다른 고객의 주문을 볼 수 있습니다", en="Customers can read each other's orders"),
        "SEC-AUTH-3",
        _ORDER,
    ),
    edited(
        "slow-endpoint",
        Text(ko="상품 목록 응답이 1초를 넘습니다", en="Listing products takes more than a second"),
        "PERF-LOAD-3",
        _SLOW,
        _SLOW_IMPORT,
    ),
)
