"""The filter in a real browser: by each field, with keyboard and address, and never hiding what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.reports.page import render_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Signoff
    from signoff.reports.background import Background

HELPERS = """
const field = (name) => page.querySelector(`#filter [name=${name}]`);
const shown = () => [...page.querySelectorAll(".item:not([hidden])")].map((item) => item.id.slice(2));
const count = () => page.getElementById("filter-count").textContent;
const choose = (name, value) => {
  field(name).value = value;
  field(name).dispatchEvent(new Event("input", { bubbles: true }));
  return { ids: shown(), count: count(), hash: view.location.hash };
};
const pause = () => new Promise((done) => setTimeout(done, 100));
"""
FIELDS = """
const found = { live: page.getElementById("filter-count").getAttribute("role") };
found.state = choose("state", "FAIL");
found.area = choose("area", "security");
choose("state", ""); choose("area", "");
found.owner = choose("owner", "dba");
found.host = choose("host", "backup1");
found.chips = [...page.querySelectorAll(".item:not([hidden]) .here")].map((chip) => chip.textContent);
choose("owner", "");
found.hostState = (choose("state", "ERROR"), shown());
choose("state", "");
found.part = (choose("host", "DB"), shown().length);
choose("host", "no-such-host");
found.none = { ids: shown(), groups: [...page.querySelectorAll("#items .group:not([hidden])")].length };
choose("host", "");
found.text = choose("text", "  MaxMemory ");
found.groups = [...page.querySelectorAll("#items .group:not([hidden]) .count")].map((each) => each.textContent);
const order = [...page.querySelectorAll("#filter select, #filter input, #filter button")];
found.keyboard = order.every((each) => each.tabIndex === 0 && (each.labels?.length || each.textContent));
page.querySelector("#filter button").click();
found.cleared = { ids: shown().length, hash: view.location.hash, focus: page.activeElement.name };
return found;
"""
ADDRESS = """
const found = { first: { ids: shown(), count: count(), owner: field("owner").value, area: field("area").value } };
view.location.hash = "#i-INF-SVC-1";
await pause();
const asked = page.getElementById("i-INF-SVC-1");
found.target = { hidden: asked.hidden, open: asked.open, shown: shown().length, owner: field("owner").value };
view.location.hash = "#filter?text=%EC%BA%90%EC%8B%9C";
await pause();
found.korean = { ids: shown(), text: field("text").value };
view.location.hash = "#%E0%A4%A";
await pause();
found.broken = shown().length;
return found;
"""


def test_items_are_found_by_each_field(storied: Signoff, background: Background, look: Callable[..., Any]) -> None:
    page = render_page(storied, "en", background)
    seen = look(page, HELPERS + FIELDS)
    items = {result.item.id: result for result in storied.items}
    assert seen["live"] == "status"
    assert len(seen["state"]["ids"]) == 6
    assert seen["state"]["count"] == "6 of 83 items shown"
    assert seen["state"]["hash"] == "#filter?state=FAIL"
    assert seen["area"]["ids"] == ["SEC-CFG-4"]
    assert set(seen["owner"]["ids"]) == {name for name, result in items.items() if result.item.owner == "dba"}
    on_backup = {name for name, result in items.items() if any(c.cell.target == "backup1" for c in result.cells)}
    assert set(seen["host"]["ids"]) == {name for name in on_backup if items[name].item.owner == "dba"}
    assert len(seen["chips"]) == len(seen["host"]["ids"])
    assert seen["hostState"] == ["INF-NET-3"]
    both = {name for name, r in items.items() if any("db" in c.cell.target for c in r.cells)}
    assert seen["part"] == len(both)
    assert seen["none"] == {"ids": [], "groups": 0}
    assert "INF-SVC-1" in seen["text"]["ids"]
    assert sum(map(int, seen["groups"])) == len(seen["text"]["ids"])
    assert seen["keyboard"]
    assert seen["cleared"] == {"ids": 83, "hash": "#items", "focus": "owner"}


def test_the_address_keeps_the_choice_and_never_hides_an_item_that_is_asked_for(
    storied: Signoff, background: Background, look: Callable[..., Any]
) -> None:
    fragment = "#filter?owner=dba&area=nonsense"
    seen = look(render_page(storied, "ko", background), HELPERS + ADDRESS, fragment=fragment)
    mine = {result.item.id for result in storied.items if result.item.owner == "dba"}
    assert set(seen["first"]["ids"]) == mine
    assert (seen["first"]["owner"], seen["first"]["area"]) == ("dba", "")
    assert seen["first"]["count"] == f"83개 가운데 {len(mine)}개 표시"
    assert seen["target"] == {"hidden": False, "open": True, "shown": 83, "owner": ""}
    assert "INF-SVC-1" in seen["korean"]["ids"]
    assert seen["korean"]["text"] == "캐시"
    assert seen["broken"] == len(seen["korean"]["ids"])
