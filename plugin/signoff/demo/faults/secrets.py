"""A key in the source: on a server, and in a branch that somebody pushed in a hurry."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Any

from dotenv import dotenv_values

from signoff.demo import release, supervision
from signoff.demo.faults import instances
from signoff.demo.faults.edits import Edit, replace
from signoff.demo.faults.model import Fault
from signoff.demo.layout import load
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_VICTIM = "app2"
_BRANCH = "hotfix/payment-timeout"
_FILE = "shop/payments.py"


def _edits(layout: Layout) -> tuple[Edit, Edit]:
    # Looks like a live key of a payment provider and opens nothing; put together here, so that it stands nowhere.
    key = f"sk_live_{hashlib.sha256(load(layout).commit.encode()).hexdigest()[:24]}"
    return (
        Edit(
            file=_FILE,
            right="import hashlib\nimport hmac\n",
            wrong=f'import hashlib\nimport hmac\n\nAPI_KEY = "{key}"\n',
        ),
        Edit(file=_FILE, right="hmac.new(api_key.encode(),", wrong="hmac.new(API_KEY.encode(),"),
    )


def _hard_code(layout: Layout) -> None:
    for edit in _edits(layout):
        edit.make(layout, [_VICTIM])
    release.git(layout, "checkout", "--quiet", "-b", _BRANCH)
    for edit in _edits(layout):
        replace(layout.repo / _FILE, edit.right, edit.wrong)
    release.git(layout, "commit", "--quiet", "--all", "--message", "Fix payments")
    release.git(layout, "checkout", "--quiet", release.BRANCH)
    instances.restart(layout, [_VICTIM])


def _clean_up(layout: Layout, _: Any) -> None:
    """Take the key out of the source and the history, and give the shop a new one: the old one has been seen."""
    for edit in reversed(_edits(layout)):
        edit.take_back(layout, [_VICTIM])
    release.git(layout, "branch", "--quiet", "-D", _BRANCH)
    release.git(layout, "reflog", "expire", "--expire=now", "--all")
    release.git(layout, "gc", "--quiet", "--prune=now")
    key = secrets.token_hex(16)
    for host in programs.APP_HOSTS:
        settings = dotenv_values(programs.source(layout, host) / ".env", interpolate=False)
        current = {name: value or "" for name, value in settings.items()}
        programs.write_settings(layout, host, {**current, "SHOP_PAYMENT_API_KEY": key})
        supervision.restart(layout, programs.name_of(host, green=True))
    instances.restart(layout, programs.APP_HOSTS)


FAULTS = (
    Fault(
        name="hard-coded-key",
        title=Text(
            ko="결제 API 키가 app2의 소스와 브랜치 하나에 하드코딩되어 있습니다",
            en="The payment API key is hard-coded in app2's source and in a branch",
        ),
        items=("SEC-CFG-4",),
        break_=_hard_code,
        mend=_clean_up,
    ),
)
