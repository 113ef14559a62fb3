"""`--limit` and `--hosts`: which hosts a run asks, what it judges, and what it may never say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from signoff.cli.main import main
from signoff.model import State, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = """\
all:
  vars: {ansible_connection: local}
  children:
    web: {hosts: {web-1: , web-2: , web-3: }}
    dbs: {hosts: {db-1: }}
    empty: {}
"""
ITEMS = {
    "INF-SRV-1": {"checks": ["alive"], "targets": "hosts"},
    "INF-SRV-2": {"checks": ["cached"], "targets": "services:redis"},
    "INF-SRV-3": {"checks": ["served"], "targets": "hosts:web"},
    "INF-NET-1": {"section": "network", "checks": ["whole"]},
    "INF-NET-2": {"section": "network", "checks": ["missing"], "targets": "hosts:dbs"},
}
HELPER = """
def asked(name):
    with open("asked", "a") as file:
        file.write(name + "\\n")
    assert not os.path.exists("broken-" + name), "broken"
"""
ALIVE = '@pytest.mark.checklist(id="INF-SRV-1")\ndef test_alive(target): asked(target.name)\n'
CACHED = '@pytest.mark.checklist(id="INF-SRV-2")\ndef test_cached(target): asked(target.name)\n'
SERVED = '@pytest.mark.checklist(id="INF-SRV-3")\ndef test_served(target): asked(target.name)\n'
WHOLE = '@pytest.mark.checklist(id="INF-NET-1")\ndef test_whole(): asked("-")\n'
ONE = {"INF-SRV-1": ITEMS["INF-SRV-1"]}


@pytest.fixture(scope="module")
def limited(write_suite: Callable[..., Any]) -> Any:
    """Return a suite of four hosts and a service; one check has no test."""
    return write_suite(ITEMS, HELPER + ALIVE + CACHED + SERVED + WHOLE, HOSTS)


def _asked(suite: Any) -> set[str]:
    """Return what was asked since the last call."""
    path = suite.folder / "asked"
    names = set(path.read_text().split()) if path.exists() else set()
    path.unlink(missing_ok=True)
    return names


@pytest.mark.parametrize(
    ("options", "hosts", "scope", "workers"),
    [
        (["--limit", "web-1"], {"web-1"}, ["INF-SRV-1", "INF-SRV-3"], 0),
        (["--limit", "web:!web-1"], {"web-2", "web-3"}, ["INF-SRV-1", "INF-SRV-3"], 2),
        (["--hosts", "web[0:1]"], {"web-1", "web-2"}, ["INF-SRV-1", "INF-SRV-3"], 0),
        (["--hosts", "all", "--limit", "~db"], {"db-1"}, ["INF-NET-2", "INF-SRV-1"], 0),
        (["--limit=@some.txt"], {"web-3", "db-1"}, ["INF-NET-2", "INF-SRV-1", "INF-SRV-3"], 2),
        (["--limit", "db-1", "-m", "servers"], {"db-1"}, ["INF-SRV-1"], 0),
        (["--limit", "web-2", "-k", "served"], {"web-2"}, ["INF-SRV-3"], 2),
        (["--limit", "web-2", "tests/test_it.py::test_alive"], {"web-2"}, ["INF-SRV-1"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_only_these_hosts_are_asked(
    limited: Any, options: list[str], hosts: set[str], scope: list[str], workers: int
) -> None:
    """Not the others, no service, and nothing about the release; the answer is never about the release either."""
    limited.write("some.txt", "# two of them\nweb-3\n\ndbs\n")
    _asked(limited)
    run = limited.run(*options, workers=workers)
    assert _asked(limited) == hosts, run.output
    assert run.document["scope"] == scope
    assert set(run.document["asked"]["hosts"]) == hosts
    assert run.document["asked"]["total"] == 4
    assert f"hosts {len(hosts)}/4" in run.output
    assert run.verdict in {"SELECTION-OK", "INCOMPLETE"}
    assert "READY" not in run.output
    planned = {cell["target"] for cell in run.document["items"][0]["cells"]}
    assert planned == {"web-1", "web-2", "web-3", "db-1"}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--limit", "wbe"], "--limit: 'wbe' matches no host (did you mean 'web'?)"),
        (["--limit", "web:!wbe-1"], "did you mean 'web-1'?"),
        (["--limit", "empty"], "'empty' matches no host: the group is there, and empty"),
        (["--limit", "web:&dbs"], "leaves no host"),
        (["--hosts", "dbs", "--limit", "web"], "--hosts dbs --limit web: no host is in both"),
        (["--hosts", "ssh://web-1"], "is no host pattern, but a URL"),
        (["--hosts", "local://"], "is no host pattern, but a URL"),
        (["--hosts", "localhost"], "'localhost' matches no host"),
        (["--limit=@none.txt"], "--limit @none.txt: cannot be read"),
        (["--limit=@secrets.txt"], "'PASSWORD=[redacted]' matches no host"),
        (["--limit=@blank.txt"], "the file names no host"),
        (["--limit", "db-1", "-m", "network and not checklist(id='INF-NET-2')"], "no check that asks these hosts"),
        (["--ansible-inventory", "x"], "--ansible-inventory has no effect"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_pattern_that_matches_nothing_is_a_usage_error(limited: Any, options: list[str], says: str) -> None:
    """Before anything is asked, and before there are workers."""
    limited.write("blank.txt", "\n# nobody\n")
    limited.write("secrets.txt", "PASSWORD=hunter2hunter2\n")
    before = limited.artifacts()
    run = limited.run(*options, workers=2)
    assert run.status == 4, run.output
    assert says in run.output
    assert limited.artifacts() == before
    assert not _asked(limited)


def test_a_selection_without_these_hosts_asks_nobody_and_is_open(limited: Any) -> None:
    """A path to a check of services, with a limit: nothing is left to run, and that is no success."""
    _asked(limited)
    run = limited.run("--limit", "web-1", "tests/test_it.py::test_cached")
    assert (run.status, run.verdict) == (11, "INCOMPLETE"), run.output
    assert not _asked(limited)


def test_an_item_is_judged_with_all_its_hosts(write_suite: Callable[..., Any]) -> None:
    """One good host does not make it satisfied; together with what earlier runs saw of the others it is."""
    suite = write_suite({**ONE, "INF-SRV-2": ITEMS["INF-SRV-2"]}, HELPER + ALIVE + CACHED, HOSTS)
    first = suite.run("--limit", "web-1")
    assert (first.status, first.verdict) == (11, "INCOMPLETE"), first.output
    assert first.states["alive", "web-1"] == "PASS"
    assert first.states["alive", "db-1"] == "NOT_VERIFIED"
    suite.run("--limit", "!web-1")
    again = suite.run("--limit", "web-1")
    assert (again.status, again.verdict) == (0, "SELECTION-OK"), again.output
    assert suite.evaluate().verdict is Verdict.INCOMPLETE  # nobody has asked the service
    suite.run("-m", "checklist(id='INF-SRV-2')")
    full = suite.run("--limit", "web-1", "--signoff-gate=full")
    assert (full.status, full.verdict) == (0, "SELECTION-OK")
    assert suite.evaluate().verdict is Verdict.READY


def test_evidence_of_other_hosts_stays(write_suite: Callable[..., Any]) -> None:
    """A failure of a host that is not asked is neither cleared nor hidden."""
    suite = write_suite(ONE, HELPER + ALIVE, HOSTS)
    suite.write("broken-web-2", "")
    assert suite.run().status == 10
    (suite.folder / "broken-web-2").unlink()
    other = suite.run("--limit", "web-1")
    assert (other.status, other.verdict) == (10, "NO-GO"), other.output
    assert other.states["alive", "web-2"] == "FAIL"
    mended = suite.run("--limit", "web-2")
    assert mended.states["alive", "web-2"] == "PASS"


def test_a_broken_file_is_an_error_of_the_asked_hosts_alone(write_suite: Callable[..., Any]) -> None:
    """The others keep their evidence, and the exit status tells."""
    suite = write_suite(ONE, HELPER + ALIVE, HOSTS)
    assert suite.run().status == 0
    suite.write("tests/test_it.py", f"import no_such_module, os, pytest\n{ALIVE}")
    run = suite.run("--limit", "web-1")
    assert run.status == 11, run.output
    assert run.states["alive", "web-1"] == "ERROR"
    observed = {cell.cell.target: cell.observation for item in suite.evaluate().items for cell in item.cells}
    assert {name for name, seen in observed.items() if seen is not None and seen.outcome == "error"} == {"web-1"}


def test_no_other_host_is_asked_by_a_check(write_suite: Callable[..., Any]) -> None:
    """A check that needs one is not verified: it neither asks it nor clears what was known."""
    test = (
        '@pytest.mark.checklist(id="INF-SRV-1")\ndef test_alive(host, connect):\n'
        '    assert host.run("true").rc == 0\n'
        '    assert connect("db-1").run("true").rc == 0\n'
    )
    suite = write_suite(ONE, test, HOSTS)
    run = suite.run("--limit", "web-1")
    assert run.status == 11, run.output
    assert run.states["alive", "web-1"] == "NOT_VERIFIED"
    assert "this run may not ask db-1 (--limit web-1)" in run.cell("alive", "web-1")["reason"]
    both = suite.run("--limit", "web-1,db-1")
    assert both.states["alive", "web-1"] == "PASS"


def test_the_record_of_the_run_names_the_limit(write_suite: Callable[..., Any]) -> None:
    """Years later it must be seen who was asked."""
    suite = write_suite(ONE, HELPER + ALIVE, HOSTS)
    suite.run("--limit", "web:!web-3", "--hosts", "web*")
    (run,) = suite.evaluate().runs
    assert run.selector == "--hosts web* --limit web:!web-3"
    assert {cell.target for cell in run.planned} == {"web-1", "web-2"}


def test_plans_are_limited_too(limited: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both of them; a check without a test stays in sight."""
    run = limited.run("--signoff-plan", "--limit", "db-1")
    assert run.status == 0
    assert "db-1" in run.output
    assert "web-1" not in run.output
    assert "INF-NET-2" in run.output
    assert "INF-SRV-3" not in run.output
    monkeypatch.chdir(limited.folder)
    listed = CliRunner().invoke(main, ["plan", "--limit", "db-1", "--lang", "en"])
    assert listed.exit_code == 0, listed.output
    assert listed.output.strip() in run.output
    wrong = CliRunner().invoke(main, ["plan", "--limit", "bd-1"])
    assert wrong.exit_code == 2
    assert "did you mean 'db-1'?" in wrong.output


def test_a_group_without_hosts_is_never_a_pass(write_suite: Callable[..., Any]) -> None:
    """Its check asked nobody: the item stays open and says which, also where other checks of it pass."""
    items = {
        "INF-SRV-1": {"checks": ["alive"], "targets": "hosts:empty"},
        "INF-SRV-2": {"checks": ["cached"], "targets": "hosts:no_such_group"},
    }
    suite = write_suite(items, HELPER + ALIVE + CACHED, HOSTS)
    run = suite.run()
    assert (run.status, run.verdict) == (11, "INCOMPLETE"), run.output
    signoff = suite.evaluate()
    assert [result.state for result in signoff.items] == [State.NOT_VERIFIED, State.NOT_VERIFIED]
    assert "hosts:empty" in signoff.items[0].note
    assert "hosts:no_such_group" in signoff.items[1].note
    assert "hosts:no_such_group" in run.output


SCRIPT = """\
#!/bin/sh
echo asked >> {folder}/calls
n=$(wc -l < {folder}/calls)
echo '{{"_meta": {{"hostvars": {{}}}}, "web": ["web-1", "web-'$n'0"]}}'
"""


def test_a_source_is_asked_once_for_all_workers(write_suite: Callable[..., Any]) -> None:
    """A dynamic one may answer otherwise a second later; then workers would disagree on what there is."""
    suite = write_suite(ONE, HELPER + ALIVE, HOSTS)
    (suite.folder / "inventories/demo/hosts.yaml").unlink()
    suite.write("inventories/demo/hosts.sh", SCRIPT.format(folder=suite.folder)).chmod(0o755)
    run = suite.run(workers=2)
    assert run.status == 0, run.output
    assert (suite.folder / "calls").read_text().split() == ["asked"]
    assert _asked(suite) == {"web-1", "web-10"}
