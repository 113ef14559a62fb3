"""Collection: markers from the checklist, targets from the inventory, and which items a selection is about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.mark.expression import Expression

from signoff.config.limits import items_about
from signoff.config.plan import targets_of
from signoff.config.yamlfile import did_you_mean
from signoff.model import NO_TARGET, Cell, Check, Item

if TYPE_CHECKING:
    from signoff.config.limits import HostLimit
    from signoff.pytest_plugin.session import SignoffSession
    from signoff.workspace import Workspace

_ID_IN_EXPRESSION = re.compile(r"\bchecklist\(\s*id\s*=\s*[\"']([^\"']*)[\"']")
CELL: pytest.StashKey[Cell] = pytest.StashKey()
"""The cell that a test answers."""


class Collection:
    """Gives tests their markers and targets, on the controller and on every worker alike."""

    def __init__(self, session: SignoffSession) -> None:
        self._session = session
        self._workspace = session.workspace
        self._limit = session.limit
        self._asked = frozenset(session.limit.hosts) if session.limit else frozenset()
        self._items = {item.id: item for item in session.workspace.checklist.items}
        self._derived = {item_id: markers_of(item) for item_id, item in self._items.items()}
        config = session.config
        for name, text in _markers(self._workspace):
            config.addinivalue_line("markers", f"{name}: {text}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Parametrize a check over the targets that the checklist selects."""
        marker = metafunc.definition.get_closest_marker("checklist")
        if marker is None:
            if "target" in metafunc.fixturenames:
                _fail(metafunc, "asks a target but names no item", 'add @pytest.mark.checklist(id="…")')
            return
        check = self._check(metafunc, marker)
        wants = "target" in metafunc.fixturenames
        if (check.targets.scope == NO_TARGET) == wants:
            _fail(
                metafunc,
                f"the checklist gives {check.name!r} the targets {str(check.targets)!r}",
                "remove the fixture `target`"
                if wants
                else "use a fixture that asks the target, such as `target` or `host`",
            )
        if wants:
            names = [target.name for target in targets_of(check, self._workspace.inventory)]
            if check.targets.scope == "hosts":
                names = [name for name in names if self._may_ask(name)]
            metafunc.parametrize("target", names, ids=names, indirect=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item], config: pytest.Config) -> None:
        """Derive the markers of area, section, owner and stage, then apply --owner and --stage."""
        kept: list[pytest.Item] = []
        dropped: list[pytest.Item] = []
        for test in items:
            marker = test.get_closest_marker("checklist")
            if marker is None:
                kept.append(test)
                continue
            entry = self._items[marker.kwargs["id"]]
            for derived in self._derived[entry.id]:
                test.add_marker(derived)
            target = getattr(test, "callspec", None)
            name = target.params.get("target", NO_TARGET) if target is not None else NO_TARGET
            if isinstance(name, str):  # an empty parameter set has a sentinel instead: it answers no cell
                test.stash[CELL] = cell = Cell(item=entry.id, check=check_name(test), target=name)
                seconds = (self._workspace.checklist.check(cell).at_most or {}).get("seconds")
                if seconds and config.pluginmanager.hasplugin("timeout"):
                    test.add_marker(pytest.mark.timeout(seconds))
            if self._session.config.getoption("signoff_strict") and test.get_closest_marker("xfail"):
                raise pytest.UsageError(f"{test.nodeid}: xfail is no waiver (no approver, no end): write a waiver")
            asked = self._limit is None or self._may_ask(name)
            (kept if asked and chosen(entry, config) else dropped).append(test)
        if dropped:
            config.hook.pytest_deselected(items=dropped)
            items[:] = kept

    def _may_ask(self, target: object) -> bool:
        """Whether the limit lets the run ask the target; under a limit, services and the release are not asked."""
        return self._limit is None or target in self._asked

    def _check(self, metafunc: pytest.Metafunc, marker: pytest.Mark) -> Check:
        item_id, items = str(marker.kwargs.get("id")), self._items
        if item_id not in items:
            _fail(metafunc, f"unknown checklist item {item_id!r}", did_you_mean(item_id, items))
        name = metafunc.function.__name__.removeprefix("test_")
        checks = {check.name: check for check in items[item_id].checks}
        if name not in checks:
            hint = did_you_mean(name, checks) or f"add it to checks of {item_id} in the checklist"
            _fail(metafunc, f"{item_id} does not list the check {name!r}", hint)
        return checks[name]


def check_name(test: pytest.Item) -> str:
    """Return the check's name: the function's, without `test_` and without parameters."""
    return getattr(test, "originalname", test.name).removeprefix("test_")


def chosen(item: Item, config: pytest.Config) -> bool:
    """Return whether --owner and --stage let the item through."""
    owners, stages = config.getoption("owner"), config.getoption("stage")
    return (not owners or item.owner in owners) and (not stages or item.stage in stages)


def markers_of(item: Item) -> list[pytest.MarkDecorator]:
    """Return the markers that follow from an item's place in the checklist."""
    mark = pytest.mark
    return [
        getattr(mark, item.area),
        getattr(mark, item.section),
        mark.owner(name=item.owner),
        mark.stage(number=item.stage),
    ]


def selection(workspace: Workspace, config: pytest.Config, limit: HostLimit | None) -> frozenset[str] | None:
    """Return the items that `-m`, --owner, --stage and --limit are about, tests or no tests; None: no such selection.

    A limited run is always a selection: of the items that have cells on its hosts. They are judged as a whole, cells
    of other hosts as earlier runs left them.

    Raises:
        pytest.UsageError: the selection is about no item, or names an owner or stage that does not exist.
    """
    found = _selected(workspace, config)
    if limit is None or (found is None and narrowed(config)):
        return found
    about = items_about(workspace.planned, limit)
    found = about if found is None else found & about
    if not found:
        raise pytest.UsageError(f"{limit.text}: the selection has no check that asks these hosts")
    return found


def narrowed(config: pytest.Config) -> bool:
    """Return whether paths, -k or --deselect chose tests, so that only what was collected can be judged."""
    by_path = config.args_source is pytest.Config.ArgsSource.ARGS
    option = config.option
    return bool(by_path or option.keyword or option.deselect or option.markexpr)


def _selected(workspace: Workspace, config: pytest.Config) -> frozenset[str] | None:
    checklist = workspace.checklist
    owners, stages, expression = config.getoption("owner"), config.getoption("stage"), config.option.markexpr
    for given, known, option in ((owners, checklist.owners, "--owner"), (stages, checklist.stages, "--stage")):
        for value in given:
            if value not in known:
                raise pytest.UsageError(f"{option} {value}: unknown ({did_you_mean(value, map(str, known))})")
    compiled = _compiled(expression, workspace, config) if expression else None
    own = {name.partition("(")[0] for name, _ in _markers(workspace)}
    if compiled is not None and not compiled.idents() <= own:
        return None  # a marker that tests carry by themselves: what is collected says which items are meant
    if not (owners or stages or compiled):
        return None
    items = [item for item in checklist.items if chosen(item, config)]
    if compiled is not None:
        items = [item for item in items if compiled.evaluate(_matcher(item))]
    if not items:
        raise pytest.UsageError("the selection is about no item of the checklist")
    return frozenset(item.id for item in items)


def _compiled(expression: str, workspace: Workspace, config: pytest.Config) -> Expression:
    """Return the marker expression; a name that is no marker would otherwise select nothing, silently."""
    try:
        compiled = Expression.compile(expression)
    except SyntaxError as error:
        raise pytest.UsageError(f"-m {expression!r}: {error.msg}") from None
    known = {name.partition("(")[0] for name, _ in _markers(workspace)}
    known |= {line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")}
    for name in sorted(compiled.idents() - known):
        raise pytest.UsageError(f"-m {name}: unknown marker ({did_you_mean(name, known)})")
    ids = {item.id for item in workspace.checklist.items}
    for item in sorted(set(_ID_IN_EXPRESSION.findall(expression)) - ids):
        raise pytest.UsageError(f"-m {expression!r}: unknown checklist item {item!r} ({did_you_mean(item, ids)})")
    return compiled


def _matcher(item: Item) -> Any:
    """Return a matcher for marker expressions that answers for an item, whether or not it has tests."""
    marks = [decorator.mark for decorator in markers_of(item)] + [pytest.mark.checklist(id=item.id).mark]

    def matches(name: str, /, **wanted: object) -> bool:
        return any(mark.name == name and wanted.items() <= mark.kwargs.items() for mark in marks)

    return matches


def _markers(workspace: Workspace) -> list[tuple[str, str]]:
    """Return every marker of the suite with its meaning."""
    checklist = workspace.checklist
    listed = [
        ("checklist(id, unreachable, fresh)", "the checklist item that this test answers"),
        ("owner(name)", "derived: who owns the item"),
        ("stage(number)", "derived: the plan's stage of the item"),
    ]
    for area in checklist.areas:
        listed.append((area.key, f"area {area.title.en} / {area.title.ko}"))
        listed += [(section.key, f"section {section.title.en} / {section.title.ko}") for section in area.sections]
    return listed


def _fail(metafunc: pytest.Metafunc, message: str, hint: str) -> None:
    pytest.fail(f"{metafunc.definition.nodeid}: {message} ({hint})", pytrace=False)
