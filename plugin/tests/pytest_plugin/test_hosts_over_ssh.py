"""Whole runs against real SSH servers: the same results with answers ahead and without, and no connection too many."""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.transport import sshd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = ("web-1", "web-2", "web-3")
TESTS = """
import os
from pathlib import Path

@pytest.mark.checklist(id="INF-SRV-1")
def test_kernel(host, evidence):
    evidence(observed=host.check_output("uname -s"), expected="Linux", inspected=1)
    assert host.system_info.type == "linux"

@pytest.mark.checklist(id="INF-SRV-1")
def test_file(host, target, evidence):
    file = host.file("{state}/" + target.name)
    is_there = file.exists
    seen = f"{{oct(file.mode)}} {{file.content_string}}" if is_there else "none"
    evidence(observed=seen, expected="none", inspected=1)
    assert not is_there, "there is a file"

@pytest.mark.checklist(id="INF-SRV-1")
def test_account(host, evidence):
    evidence(observed=host.user("root").shell, expected="", inspected=1)
    assert host.group("root").exists
    assert host.run("cat /does-not-exist").rc == 1

@pytest.mark.checklist(id="INF-SRV-1")
def test_changes(host, target, evidence):
    path = "{state}/counter-" + target.name
    host.run("rm -f %s", path)
    seen = []
    for number in range(3):
        host.run(f"echo {{number}} >> {{path}}")
        seen.append(host.check_output("cat -- %s", path))
    evidence(observed=seen, expected="growing", inspected=1)
    assert len(set(seen)) == 3

@pytest.mark.checklist(id="INF-SRV-1")
def test_sees_what_a_process_here_does(host, target, evidence):
    path = Path("{state}/local-" + target.name)
    path.write_text("before")
    seen = [host.check_output("cat -- %s", str(path))]
    path.write_text("after")
    seen.append(host.check_output("cat -- %s", str(path)))
    evidence(observed=seen, expected="before, after", inspected=1)
    assert seen[1] == "after"

@pytest.mark.checklist(id="INF-SRV-1", fresh=True)
def test_is_fresh(host, target, evidence):
    path = Path("{state}/fresh-" + target.name)
    path.write_text(str(os.getpid()))
    assert host.check_output("cat -- %s", str(path)) == str(os.getpid()), "an old answer"
    evidence(observed="fresh", expected="fresh", inspected=1)
"""
CHECKS = ["kernel", "file", "account", "changes", "sees_what_a_process_here_does", "is_fresh"]
CRASHING = """
@pytest.mark.checklist(id="INF-SRV-1")
@pytest.mark.xdist_group("all")
def test_a(host):
    assert host.check_output("uname -s") == "Linux"

@pytest.mark.checklist(id="INF-SRV-1")
@pytest.mark.xdist_group("all")
def test_b(host, target):
    assert host.file("/etc/passwd").exists
    if target.name == "web-2":
        os._exit(3)

@pytest.mark.checklist(id="INF-SRV-1")
@pytest.mark.xdist_group("others")
def test_c(host):
    assert host.user("root").uid == 0
"""


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """One SSH server for each host of the inventory."""
    if sshd.BINARY is None or shutil.which("ssh") is None:
        pytest.skip("needs sshd and ssh; install openssh-server and openssh-client")
    made = {name: sshd.SSHServer(tmp_path_factory.mktemp(name)) for name in NAMES}
    for server in made.values():
        server.start()
    yield made
    for server in made.values():
        server.stop()


def inventory(addresses: dict[str, Any]) -> str:
    """Return hosts.yaml."""
    hosts = {
        name: {
            "ansible_host": address.host,
            "ansible_port": address.port,
            "ansible_user": address.user,
            "ansible_ssh_private_key_file": address.identity_file,
            "ansible_ssh_common_args": address.ssh_args,
        }
        for name, address in addresses.items()
    }
    return json.dumps({"all": {"hosts": hosts}})


def observed(run: Any) -> dict[tuple[str, str], tuple[Any, ...]]:
    """Return what every cell says, without instants."""
    cells = [cell for entry in run.document["items"] for cell in entry["cells"]]
    keys = ("state", "reason", "observed", "expected")
    return {(cell["check"], cell["target"]): tuple(cell.get(key) for key in keys) for cell in cells}


def hosts_line(run: Any) -> tuple[int, ...]:
    """Return the numbers of the line about hosts: hosts, connections, sent, used."""
    found = re.search(r"^(\d+) hosts? asked over (\d+) connections?; (\d+) .* ahead, (\d+) ", run.output, re.MULTILINE)
    assert found is not None, run.output
    return tuple(map(int, found.groups()))


@pytest.fixture(scope="module")
def suite(servers: dict[str, Any], write_suite: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    state = tmp_path_factory.mktemp("state")
    for name in NAMES[:2]:
        (state / name).write_text(name)
    items = {"INF-SRV-1": {"checks": CHECKS, "targets": "hosts"}}
    hosts = inventory({name: server.address for name, server in servers.items()})
    made = write_suite(items, TESTS.format(state=state), hosts=hosts)
    made.environ["SIGNOFF_LANG"] = "en"
    return made


def test_results_are_the_same_with_answers_ahead_and_without(suite: Any, servers: dict[str, Any]) -> None:
    def connections() -> dict[str, int]:
        return {name: server.connections for name, server in servers.items()}

    seen, lines = {}, {}
    for label, options, workers in (
        ("off", ["--signoff-ahead=off"], 0),
        ("first", [], 0),
        ("second", [], 0),
        ("off -n2", ["--signoff-ahead=off"], 2),
        ("on -n2", [], 2),
    ):
        before = connections()
        run = suite.run("--signoff-lang=en", *options, workers=workers)
        seen[label], lines[label] = observed(run), hosts_line(run)
        new = {name: count - before[name] for name, count in connections().items()}
        assert all(1 <= count <= max(1, workers) for count in new.values()), (label, new)
        assert lines[label][:2] == (3, sum(new.values())), label

    for label, found in seen.items():
        assert found == seen["off"], label
    states = {cell: values[0] for cell, values in seen["off"].items()}
    assert states["file", "web-1"] == "FAIL"
    assert {state for (check, _), state in states.items() if check != "file"} == {"PASS"}
    assert lines["off"][2:] == lines["off -n2"][2:] == (0, 0)
    assert lines["first"][3] > 0, "the second and third host are answered from what the first was asked"
    assert lines["second"][3] > lines["first"][3], "the first host is answered from what the last run asked"
    assert lines["on -n2"][3] > 0


def test_questions_are_kept_and_answers_are_not(suite: Any) -> None:
    suite.run()
    kept = next(suite.folder.glob("reports/*/host-questions.json"))
    text = kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "uname -s" in text
    assert "Linux" not in text
    assert "rm -f" not in text


@pytest.mark.parametrize("dist", ["load", "worksteal", "loadgroup"])
def test_a_crashing_worker_costs_its_check_and_one_connection(
    write_suite: Callable[..., Any], servers: dict[str, Any], dist: str
) -> None:
    items = {"INF-SRV-1": {"checks": ["a", "b", "c"], "targets": "hosts"}}
    hosts = inventory({name: server.address for name, server in servers.items()})
    suite = write_suite(items, CRASHING, hosts=hosts)
    before = {name: server.connections for name, server in servers.items()}

    run = suite.run(f"--dist={dist}", workers=2)

    expected = {(check, name): "PASS" for check in "abc" for name in NAMES} | {("b", "web-2"): "ERROR"}
    assert run.states == expected, run.output
    new = {name: server.connections - before[name] for name, server in servers.items()}
    assert all(1 <= count <= 3 for count in new.values()), new  # two workers, and one in place of the crashed one


class BlackHole:
    """A port that takes connections and never says a word."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.taken: list[socket.socket] = []
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()

    def _take(self) -> None:
        while True:
            try:
                self.taken.append(self._socket.accept()[0])
            except OSError:
                return

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()
        for taken in self.taken:
            taken.close()


@pytest.fixture
def black_hole() -> Iterator[BlackHole]:
    made = BlackHole()
    yield made
    made.close()


MANY = "\n".join(
    f'@pytest.mark.checklist(id="INF-SRV-1")\ndef test_check_{number}(host):\n    assert host.run("true").rc == 0'
    for number in range(30)
)


@pytest.mark.parametrize("workers", [0, 2])
def test_a_host_that_never_answers_costs_one_attempt(
    write_suite: Callable[..., Any], black_hole: BlackHole, workers: int
) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("no OpenSSH client on PATH; install openssh-client")
    hosts = json.dumps(
        {
            "all": {
                "hosts": {
                    "mute": {
                        "ansible_host": "127.0.0.1",
                        "ansible_port": black_hole.port,
                        "ansible_ssh_common_args": "-F none",
                    },
                    "here": {"ansible_connection": "local"},
                }
            }
        }
    )
    items = {"INF-SRV-1": {"checks": [f"check_{number}" for number in range(30)], "targets": "hosts"}}
    suite = write_suite(items, MANY, hosts=hosts)
    started = time.monotonic()

    run = suite.run("--signoff-lang=en", workers=workers)

    elapsed = time.monotonic() - started
    assert {run.states[f"check_{number}", "mute"] for number in range(30)} == {"ERROR"}, run.output
    assert {run.states[f"check_{number}", "here"] for number in range(30)} == {"PASS"}
    assert len({run.cell(f"check_{number}", "mute")["reason"] for number in range(30)}) == 1
    assert len(black_hole.taken) == 1
    assert run.output.count("mute: no way in: ") == 1, run.output
    assert elapsed < 75, elapsed  # one attempt takes 5 seconds, thirty would take 150
