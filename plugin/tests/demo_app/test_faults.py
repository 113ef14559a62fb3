from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.demo import (
    faults,
    release,
)
from signoff.demo.exercises.traffic import Visitor, front
from signoff.demo.layout import DemoError, Layout, load
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.demo


def _cookie_is_secure(demo: Layout) -> bool:
    visitor = Visitor(front(demo), str(demo.ca_file))
    answer = visitor.post("/api/login", {"email": "alice@example.test", "password": demo.password("customer")})
    visitor.close()
    return "Secure" in answer.headers["Set-Cookie"]


def _env(demo: Layout) -> Path:
    return programs.source(demo, "app1") / ".env"


def test_every_fault_has_items_and_a_title_in_both_languages() -> None:
    assert set(faults.SEED) <= faults.CATALOGUE.keys()
    for fault in faults.CATALOGUE.values():
        assert fault.title.ko != fault.title.en
        concerned = (*fault.items, *fault.blinds)
        assert concerned
        assert len(set(concerned)) == len(concerned)


def test_a_fault_is_broken_once_and_healed_once(demo: Layout) -> None:
    for action, known in ((faults.inject, ["session-cookie-insecure"]), (faults.heal, [])):
        for _ in range(2):
            action(demo, "session-cookie-insecure")
            assert list(load(demo).faults) == known
            assert _cookie_is_secure(demo) is not bool(known)


def test_several_faults_are_healed_newest_first_and_leave_the_release_as_it_was(demo: Layout, tmp_path: Path) -> None:
    names = ("session-cookie-insecure", "wrong-version", "setting-duplicated", "stale-api-document")
    for name in names:
        faults.inject(demo, name)
    assert faults.heal_all(demo) == tuple(reversed(names))
    assert load(demo).faults == {}
    assert faults.heal_all(demo) == ()
    release.export(demo, load(demo).commit, tmp_path)
    for host in programs.APP_HOSTS:
        for file in (one for one in tmp_path.rglob("*") if one.is_file()):
            deployed = programs.source(demo, host) / file.relative_to(tmp_path)
            assert deployed.read_bytes() == file.read_bytes(), deployed


def test_edit_is_healed_even_while_another_release_is_in_place(demo: Layout) -> None:
    faults.inject(demo, "session-cookie-insecure")
    faults.inject(demo, "wrong-version")
    faults.heal(demo, "session-cookie-insecure")
    faults.heal(demo, "wrong-version")
    assert _cookie_is_secure(demo)


def test_rotation_gives_the_shop_another_key(demo: Layout) -> None:
    before = _env(demo).read_text(encoding="utf-8")
    faults.inject(demo, "hard-coded-key")
    faults.heal(demo, "hard-coded-key")
    after = _env(demo).read_text(encoding="utf-8")
    changed = [new for old, new in zip(before.splitlines(), after.splitlines(), strict=True) if old != new]
    assert [line.partition("=")[0] for line in changed] == ["SHOP_PAYMENT_API_KEY"]
    assert _env(demo).stat().st_mode & 0o777 == 0o600


def test_unknown_fault_is_refused(demo: Layout) -> None:
    for action in (faults.inject, faults.heal):
        with pytest.raises(DemoError, match="there is no fault 'gremlin'"):
            action(demo, "gremlin")
