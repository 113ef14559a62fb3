"""What looks like success and is none: nothing of this may exit 0."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {
    "INF-SRV-1": {"checks": ["alive"], "targets": "hosts"},
    "INF-SRV-2": {"checks": ["whole"]},
    "RBK-FIN-1": {"section": "final", "method": "derived", "derives": "every_item_is_complete"},
}
WHOLE = '@pytest.mark.checklist(id="INF-SRV-2")\ndef test_whole(): pass\n'
GOOD = '@pytest.mark.checklist(id="INF-SRV-1")\ndef test_alive(target): pass\n' + WHOLE
BOTH_WAYS = pytest.mark.parametrize("workers", [0, 2], ids=["alone", "two workers"])
GOOD_VERDICTS = {Verdict.GO, Verdict.READY}


@BOTH_WAYS
def test_everything_verified_is_ready_until_something_changes(write_suite: Callable[..., Any], workers: int) -> None:
    """READY needs every cell: a deleted test, a new host and a selection that runs nothing all end it."""
    suite = write_suite(ITEMS, GOOD)
    run = suite.run(workers=workers)
    assert (run.status, run.verdict) == (0, "READY"), run.output
    suite.write("tests/test_it.py", f"import pytest\n{WHOLE}")
    deleted = suite.evaluate()
    assert deleted.verdict is Verdict.INCOMPLETE
    suite.write("tests/test_it.py", f"import os, time, warnings\nimport pytest, signoff\n{GOOD}")
    suite.write("inventories/demo/hosts.yaml", "all:\n  hosts: {web-1: , web-2: , web-3: }\n")
    assert suite.evaluate().verdict is Verdict.INCOMPLETE
    if not workers:
        ended = suite.run("--ignore", "tests/test_it.py")
        assert ended.status == 11
        assert ended.cell("alive", "web-3")["state"] == "NOT_VERIFIED"


@pytest.mark.parametrize(
    "body",
    ["pytest.skip('x')", "pytest.xfail('x')", "signoff.not_verified('x')", "os._exit(0)"],
    ids=["all skipped", "all xfail", "all not verified", "process ends itself"],
)
def test_a_run_without_a_pass_never_exits_zero(write_suite: Callable[..., Any], body: str) -> None:
    """For pytest itself most of these are a success."""
    suite = write_suite({"INF-SRV-2": ITEMS["INF-SRV-2"]}, WHOLE.replace("pass", body))
    workers = 2 if "_exit" in body else 0
    run = suite.run(workers=workers)
    assert run.status in {10, 11}, run.output
    assert suite.evaluate().verdict not in GOOD_VERDICTS


def test_a_worker_that_may_not_come_back_leaves_an_error(write_suite: Callable[..., Any]) -> None:
    """Without a replacement, too, the cell that killed its worker is an error."""
    suite = write_suite({"INF-SRV-2": ITEMS["INF-SRV-2"]}, WHOLE.replace("pass", "os._exit(3)"))
    run = suite.run("--max-worker-restart=0", workers=2)
    assert run.status not in {0, 1}, run.output
    assert [(c.cell.check, c.state) for i in suite.evaluate().items for c in i.cells] == [("whole", "ERROR")]


@BOTH_WAYS
def test_an_unknown_item_is_a_usage_error_with_place_and_nearest_name(
    write_suite: Callable[..., Any], workers: int
) -> None:
    """A typing error in a marker must not become a check that counts for nothing."""
    suite = write_suite(ITEMS, GOOD + WHOLE.replace("INF-SRV-2", "INF-SVR-2").replace("whole", "other"))
    run = suite.run(workers=workers)
    assert run.status == 4
    assert "tests/test_it.py:7:1: unknown checklist item 'INF-SVR-2' (did you mean 'INF-SRV-2'?)" in run.output
    assert not suite.artifacts()


def test_a_check_that_the_item_does_not_list_is_a_usage_error(write_suite: Callable[..., Any]) -> None:
    """So is a check under another name, or one that stands twice."""
    suite = write_suite(ITEMS, GOOD + WHOLE.replace("whole", "hole"))
    run = suite.run()
    assert run.status == 4
    assert "does not list the check 'hole' (did you mean 'whole'?)" in run.output
    suite.write("tests/test_it.py", f"import pytest\n{GOOD}")
    suite.write("tests/deeper/test_again.py", f"import pytest\n{WHOLE}")
    run = suite.run()
    assert run.status == 4
    assert "is implemented twice" in run.output


def test_mistakes_of_all_files_show_at_once(write_suite: Callable[..., Any], canary: str) -> None:
    """Exit 4, every mistake with its place, and no secret among them."""
    suite = write_suite(ITEMS, GOOD)
    suite.write(
        "inventories/demo/services.yaml", f"schema_version: 1\nservices:\n  a: {{kind: rediss, password: '{canary}'}}\n"
    )
    suite.write("inventories/demo/hosts.yaml", "all:\n  host: {a: }\n")
    suite.write("inventories/demo/policy.yaml", "schema_version: 1\nprodukt: x\n")
    run = suite.run()
    assert run.status == 4
    for place in ("services.yaml:3:", "hosts.yaml:2:", "policy.yaml:2:"):
        assert place in run.output
    for hint in ("did you mean 'redis'?", "did you mean 'hosts'?", "did you mean 'product'?"):
        assert hint in run.output
    assert canary not in run.output


BROKEN = {
    "syntax": "import pytest\n@pytest.mark.checklist(id='INF-SRV-2')\ndef test_whole(:\n",
    "import": f"import pytest\nimport no_such_module\n{WHOLE}",
}


@BOTH_WAYS
@pytest.mark.parametrize("kind", ["syntax", "import"])
def test_a_module_that_cannot_be_collected_is_an_error_and_hides_nobody(
    write_suite: Callable[..., Any], workers: int, kind: str
) -> None:
    """The broken module's cells are errors although they passed before; the other module's still run."""
    suite = write_suite(ITEMS, GOOD.replace(WHOLE, ""))
    suite.write("tests/test_other.py", BROKEN[kind])
    run = suite.run(workers=workers)
    assert run.status == 11, run.output
    assert run.states == {("alive", "web-1"): "PASS", ("alive", "web-2"): "PASS", ("whole", "-"): "ERROR"}
    assert "could not be collected" in run.cell("whole")["reason"]
    if not workers:
        selected = suite.run("tests/test_other.py")
        assert selected.status == 11
        assert "1/3" in selected.output


def test_a_folder_that_cannot_be_collected_is_an_error_in_each_of_its_checks(write_suite: Callable[..., Any]) -> None:
    """A broken conftest.py withdraws what was known of the checks below it."""
    suite = write_suite(ITEMS, GOOD.replace(WHOLE, ""))
    suite.write("tests/area/test_other.py", f"import pytest\n{WHOLE}")
    assert suite.run().status == 0
    suite.write("tests/area/conftest.py", "import no_such_module\n")
    run = suite.run()
    assert run.status not in {0, 1}, run.output
    assert suite.evaluate().verdict not in GOOD_VERDICTS or run.status == 4, run.output


def test_a_failing_test_that_is_no_check_keeps_the_exit_status_from_zero(write_suite: Callable[..., Any]) -> None:
    """No cell tells of it, so pytest's own status stays."""
    suite = write_suite(ITEMS, GOOD)
    suite.write("tests/test_plain.py", "def test_plain(): assert 0\n")
    run = suite.run()
    assert (run.status, run.verdict) == (1, "READY"), run.output


SLOW = (
    '@pytest.mark.checklist(id="INF-SRV-2")\ndef test_whole():\n    open("started", "w").close()\n    time.sleep(600)\n'
)


@BOTH_WAYS
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=["kill", "term", "int"])
def test_a_run_that_is_stopped_keeps_what_it_saw_and_is_never_ready(
    write_suite: Callable[..., Any], workers: int, number: signal.Signals
) -> None:
    """The journal stays readable; a polite end also closes it and writes the reports."""
    suite = write_suite(ITEMS, GOOD.replace(WHOLE, SLOW))
    process = suite.process(workers=workers)
    try:
        store, deadline = suite.workspace().store, time.monotonic() + 120
        # Until the other two are done, and what the workers say of them has arrived.
        while not (suite.folder / "started").exists() or len(store.journals().observations) < 2:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(number)
        process.communicate(timeout=120)
    finally:
        if process.poll() is None or workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    journals = suite.workspace().store.journals()
    assert not journals.broken
    assert {seen.cell.target for seen in journals.observations} == {"web-1", "web-2"}
    assert suite.evaluate().verdict is Verdict.INCOMPLETE
    (run,) = journals.runs
    if number is signal.SIGKILL:
        assert run.ended is None
    else:
        assert process.returncode == 2
        assert run.ended is not None
        assert run.interrupted
        assert list(suite.reports())
