"""Faults of those who are called: who is on call, how they are reached, and what they were taught."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.demo import operations
from signoff.demo.faults.model import Fault
from signoff.demo.layout import write_atomically
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout


def _newcomer_on_call(layout: Layout) -> str:
    return _change_roster(layout, lambda data: data["schedules"]["PSHOP01"]["shifts"][1].update(user="POH0001"))


def _only_mail(layout: Layout) -> str:
    return _change_roster(layout, lambda data: _lose_phone(data, "PCHOI01"))


def _decider_without_phone(layout: Layout) -> str:
    return _change_roster(layout, lambda data: _lose_phone(data, "PHAN001"))


def _lose_phone(data: Any, number: str) -> None:
    user = next(one for one in data["users"] if one["id"] == number)
    user["contact_methods"] = [one for one in user["contact_methods"] if one["type"] == "email_contact_method"]


def _change_roster(layout: Layout, edit: Any) -> str:
    file = operations.roster(layout)
    before = file.read_text(encoding="utf-8")
    data = json.loads(before)
    edit(data)
    operations.write(file, data)
    return before


def _restore_roster(layout: Layout, before: str) -> None:
    write_atomically(operations.roster(layout), before, mode=0o644)


def _old_training(layout: Layout) -> str:
    year = datetime.now(UTC).year
    file = operations.training(layout)
    before = file.read_text(encoding="utf-8")
    write_atomically(file, before.replace(f"'{year}-", f"'{year - 2}-"), mode=0o644)
    return before


def _restore_training(layout: Layout, before: str) -> None:
    write_atomically(operations.training(layout), before, mode=0o644)


FAULTS = (
    Fault(
        name="newcomer-on-call",
        title=Text(ko="교육을 받지 않은 사람이 당번입니다", en="Somebody without training is on call"),
        items=("INT-FIN-4",),
        break_=_newcomer_on_call,
        mend=_restore_roster,
    ),
    Fault(
        name="on-call-by-mail",
        title=Text(ko="당번에게 이메일로만 연락할 수 있습니다", en="Somebody on call is reached by mail only"),
        items=("INT-FIN-4",),
        break_=_only_mail,
        mend=_restore_roster,
    ),
    Fault(
        name="training-outdated",
        title=Text(ko="당번의 교육이 1년 넘게 지났습니다", en="The training of those on call is older than a year"),
        items=("INT-FIN-4",),
        break_=_old_training,
        mend=_restore_training,
    ),
    Fault(
        name="decider-unreachable",
        title=Text(
            ko="롤백 결정권자의 전화번호가 등록되어 있지 않습니다", en="Somebody who decides on a rollback has no phone"
        ),
        items=("RBK-TRG-2",),
        break_=_decider_without_phone,
        mend=_restore_roster,
    ),
)
