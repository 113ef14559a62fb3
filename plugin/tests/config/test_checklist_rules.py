"""Rules of the checklist, and the real one against the plan."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config.checklist import load_checklist
from signoff.config.inventory import load_inventory
from signoff.config.plan import plan
from signoff.config.sources import find_sources
from signoff.errors import ConfigError
from signoff.model import Cell

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "section: servers",
            "section: server",
            "14:5: items.INF-SRV-1.section: unknown section 'server' (did you mean",
        ),
        ("owner: infra", "owner: infraa", "unknown owner 'infraa' (did you mean 'infra'?)"),
        ("stage: 1", "stage: 2", "unknown stage 2 (known: 1)"),
        ("severity: high", "severty: high", "items.INF-SRV-1.severty: unknown key (did you mean 'severity'?)"),
        ("severity: high", "severity: huge", "'critical', 'high', 'medium' or 'low'"),
        ("max_age: 7d", "max_age: 7", "not a duration (write a whole number and a unit"),
        ("max_age: 7d", "max_age: 99999999999999d", "longer than any duration"),
        ("INF-SRV-1", "INF-1", "not an item id"),
        ("name: cached", "name: alive", "'alive' is also a check of INF-SRV-1"),
        ("name: cached", "name: test_cached", "without test_"),
        ("services:redis", "services:reddis", "unknown service kind 'reddis' (did you mean 'redis'?)"),
        ("services:redis", "services:redis,reddis", "unknown service kind 'reddis' (did you mean 'redis'?)"),
        ("services:redis", "services:redis,", "not a target selector"),
        ("targets: hosts", "targets: host", "not a target selector"),
        ("targets: hosts", "targets: services", "not a target selector"),
        ("targets: hosts", "targets: '-:x'", "not a target selector"),
        ("method: test", "method: examine", "has no checks"),
        ("method: test", "method: derived", "derives and method do not fit"),
        ("servers: {ko", "infra: {ko", "is used twice"),
        ("servers: {ko", "skip: {ko", "cannot be a marker"),
        ("servers: {ko", "access-control: {ko", "cannot be a marker"),
        ("en: Mend it", "en: ''", "at least 1 character"),
        (", en: Mend it", "", "items.INF-SRV-1.remediation.en: is missing (add en:)"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
    ],
)
def test_a_mistake_is_said_with_what_to_write(
    refused_checklist: Callable[[str, str], str], old: str, new: str, says: str
) -> None:
    """Each rule of the file, at any depth."""
    assert says in refused_checklist(old, new)


def test_all_mistakes_show_at_once(refused_checklist: Callable[[str, str], str]) -> None:
    """Not one after the other."""
    said = refused_checklist("    owner: infra\n    stage: 1\n", "    owner: x\n    stage: 9\n")
    assert len(said.splitlines()) == 2


def test_the_plan_has_a_cell_for_each_target(checklist: Checklist, load: Callable[..., Inventory]) -> None:
    """In the checklist's order; what has no test has no source."""
    cells = plan(checklist, load(), {})
    assert [place.cell for place in cells] == [
        Cell(item="INF-SRV-1", check="alive", target="web-1"),
        Cell(item="INF-SRV-1", check="cached", target="cache"),
    ]
    assert {place.source for place in cells} == {None}


def test_sources_are_read_without_importing(tmp_path: Path) -> None:
    """The digest is over the test itself: its decorators and body, not its neighbours."""
    text = "import nothing_there\nX = 1\n@mark.other\n@pytest.mark.checklist(id='INF-SRV-1')\ndef test_alive(): pass\n"
    file = tmp_path / "deep" / "test_x.py"
    file.parent.mkdir()
    file.write_text(text)
    ((key, one),) = find_sources(tmp_path, tmp_path).items()
    assert (key, one.path, one.line) == (("INF-SRV-1", "alive"), "deep/test_x.py", 3)
    file.write_text(text.replace("X = 1", "X = 2  # words"))
    assert find_sources(tmp_path, tmp_path)[key].sha256 == one.sha256
    file.write_text(text.replace("pass", "assert 0"))
    assert find_sources(tmp_path, tmp_path)[key].sha256 != one.sha256


def test_a_file_that_is_not_python_still_names_its_checks(tmp_path: Path) -> None:
    """Otherwise a syntax error would look like "no implementation"; bytes that are no text do no harm."""
    (tmp_path / "test_x.py").write_bytes(
        b"@pytest.mark.checklist(id='INF-SRV-1')\n@other\ndef test_alive(: \xff\n\x00\n"
        b'@pytest.mark.checklist(id="INF-SRV-2", unreachable="fail")\ndef test_more(): pass\n'
    )
    assert set(find_sources(tmp_path, tmp_path)) == {("INF-SRV-1", "alive"), ("INF-SRV-2", "more")}


def test_a_check_that_stands_twice_is_refused(tmp_path: Path) -> None:
    """Two answers to one question would be two attempts at it."""
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / name).write_text("@pytest.mark.checklist(id='INF-SRV-1')\ndef test_alive(): pass\n")
    with pytest.raises(ConfigError, match=r"test_b.py:1:1: INF-SRV-1 'alive' is implemented twice .*test_a.py:1"):
        find_sources(tmp_path, tmp_path)


def _passes_evidence(call: ast.Call) -> bool:
    """Whether the call records evidence, or hands the recorder to a function that several checks share."""
    return any(isinstance(part, ast.Name) and part.id == "evidence" for part in (call.func, *call.args))


# --- the real checklist ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real() -> Checklist:
    """Return the checklist at the top of the repository."""
    return load_checklist(ROOT / "tests/checklist.yaml")


def test_the_checklist_is_the_plans_in_its_order(real: Checklist) -> None:
    """83 items, whose ids are final."""
    assert [item.id for item in real.items] == (HERE / "checklist_ids.txt").read_text().split()


def test_every_check_has_one_source_and_every_source_is_listed(real: Checklist) -> None:
    """Nothing is promised that is not asked, and nothing is asked that does not count."""
    listed = {(item.id, check.name) for item in real.items for check in item.checks}
    assert set(find_sources(ROOT, ROOT / "tests")) == listed
    assert len({name for _, name in listed}) == len(listed)


def test_every_check_says_what_it_touches_and_every_measured_item_has_one(real: Checklist) -> None:
    """The plan is printed before anything is touched."""
    silent = [check.name for item in real.items for check in item.checks if not check.touches]
    assert not silent


def test_every_check_records_evidence(real: Checklist) -> None:
    """A pass without evidence cannot be signed."""
    names = {check.name for item in real.items for check in item.checks}
    without = [
        function.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef) and function.name.removeprefix("test_") in names
        if not any(isinstance(call, ast.Call) and _passes_evidence(call) for call in ast.walk(function))
    ]
    assert not without


def test_the_demos_inventory_needs_only_what_the_demo_gives(real: Checklist) -> None:
    """Every reference is one of DEMO_…; with them set the inventory is whole."""
    folder = ROOT / "inventories/demo"
    with pytest.raises(ConfigError) as caught:
        load_inventory(folder, real, {"SIGNOFF_ENV_FILE": "/dev/null/none"})
    assert "SIGNOFF_ENV_FILE names a file that does not exist" in str(caught.value)
