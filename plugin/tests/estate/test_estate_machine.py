from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from estate import cgroups, check, environment, faults, network, processes, ssh
from estate.estate import Estate
from estate.layout import EstateError, Layout, layout_of_environment, load
from estate.topology import ADDRESSES, OUTSIDE_ADDRESS, PLACES, SITE

if TYPE_CHECKING:
    from estate.check import Found

ROOT = Path(__file__).parents[3]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "estate", *arguments]


def variables(layout: Layout) -> dict[str, str]:
    return {**os.environ, "ESTATE_HOME": str(layout.home), "ESTATE_IMAGES": str(layout.images)}


def traces(layout: Layout) -> dict[str, object]:
    """Return everything that the machine has of the estate, the image apart."""
    mounts = Path("/proc/self/mountinfo").read_text()
    found: dict[str, object] = {
        "processes": cgroups.members(layout.mark) + processes.rooted_below(layout.home),
        "mounts": [line for line in mounts.splitlines() if str(layout.home) in line],
        "control groups": list(Path("/sys/fs/cgroup").glob(f"**/{layout.mark}")),
        "files": layout.dir.exists(),
    }
    return {what: one for what, one in found.items() if one}


def test_every_host_has_a_systemd_of_its_own_that_is_content(estate: Estate) -> None:
    conditions = {one.name: one.state for one in environment.status(estate.layout)}
    assert conditions == {place.name: "running" for place in PLACES}
    identities = {host.run("cat", "/etc/machine-id") for host in estate.hosts.values()}
    assert len(identities) == len(PLACES)
    assert {host.run("cat", "/proc/1/comm").strip() for host in estate.hosts.values()} == {"systemd"}


def test_hosts_are_reached_by_ssh_with_the_estates_key_and_by_nothing_else(estate: Estate) -> None:
    options = ("-o", "BatchMode=yes", "-o", f"UserKnownHostsFile={ssh.known_hosts(estate.layout)}")
    key = ("-i", str(ssh.client_key(estate.layout)))
    for name, address in ADDRESSES.items():
        asked = estate.controller.ask("ssh", *options, *key, f"{ssh.USER}@{address}", "hostname; sudo -n id")
        assert asked.stdout == f"{name}\n", asked.stderr
        assert "password is required" in asked.stderr
    refused = estate.controller.ask("ssh", *options, f"{ssh.USER}@{ADDRESSES['app1']}", "hostname")
    assert "Permission denied" in refused.stderr


def test_the_controller_asks_the_estates_resolver(estate: Estate) -> None:
    assert estate.controller.run("getent", "hosts", SITE).split()[0] == ADDRESSES["edge"]


def test_the_machines_own_network_sees_nothing_of_it(estate: Estate) -> None:
    shown = subprocess.run(["ip", "-brief", "address"], capture_output=True, text=True, check=True).stdout
    assert OUTSIDE_ADDRESS not in shown
    assert "br0" not in shown
    with pytest.raises(EstateError, match="failed"):
        estate.host("app1").run("ping", "-c", "1", "-W", "1", "192.0.2.1")


def test_starting_it_again_changes_nothing(estate: Estate) -> None:
    leaders = [processes.recall(estate.layout.hosts / place.name / "leader") for place in PLACES]
    environment.up(estate.layout)
    assert [processes.recall(estate.layout.hosts / place.name / "leader") for place in PLACES] == leaders


def test_a_pulled_cable_is_a_host_that_nobody_reaches(estate: Estate) -> None:
    def knock(seconds: float) -> int:
        line = f"import socket; socket.create_connection(({ADDRESSES['cache2']!r}, 22), {seconds})"
        return estate.controller.ask(sys.executable, "-c", line).returncode

    network.disconnect(estate.layout, "cache2")
    try:
        assert knock(1) != 0
        assert estate.host("cache2").run("hostname") == "cache2\n"
    finally:
        network.connect(estate.layout, "cache2")
    assert knock(30) == 0


def test_files_are_written_for_their_owner_and_never_outside_of_the_host(estate: Estate) -> None:
    host = estate.host("app2")
    host.write("/tmp/estate/note", "one\n", mode=0o640, owner=f"{ssh.USER}:{ssh.USER}")
    assert host.run("stat", "-c", "%U %a", "/tmp/estate/note") == f"{ssh.USER} 640\n"
    host.replace("/tmp/estate/note", "one", "two")
    assert host.run("stat", "-c", "%U %a", "/tmp/estate/note") == f"{ssh.USER} 640\n"
    assert host.read("/tmp/estate/note") == "two\n"
    with pytest.raises(EstateError, match="0 times"):
        host.replace("/tmp/estate/note", "one", "three")
    host.link("/tmp/estate/out", "/etc")
    with pytest.raises(EstateError, match="absolute link"):
        host.write("/tmp/estate/out/note", "never")
    host.remove("/tmp/estate")
    assert not host.exists("/tmp/estate")


def test_a_command_that_fails_says_where_and_what(estate: Estate) -> None:
    with pytest.raises(EstateError, match=r"db1: `cat /no/such` failed with 1: .*No such file"):
        estate.host("db1").run("cat", "/no/such")
    with pytest.raises(EstateError, match="longer than"):
        estate.host("db1").run("sleep", "5", timeout=0.2)
    with pytest.raises(EstateError, match="no host 'db9'"):
        estate.host("db9")


def test_what_one_process_breaks_another_mends(estate: Estate) -> None:
    name = next(iter(faults.CATALOGUE))
    for verb in ("fault", "heal"):
        line = command(verb, name)
        subprocess.run(line, env=variables(estate.layout), cwd=ROOT, check=True, capture_output=True)
        assert (name in load(estate.layout).faults) == (verb == "fault")


def test_an_unknown_fault_is_refused(estate: Estate) -> None:
    with pytest.raises(EstateError, match="no fault 'gremlin'"):
        faults.inject(estate, "gremlin")


@pytest.fixture(scope="module")
def first(estate: Estate, tmp_path_factory: pytest.TempPathFactory) -> Found:
    return check.run(estate, tmp_path_factory.mktemp("healthy") / "reports")


def test_a_healthy_estate_has_no_red_item_and_no_unanswered_question(first: Found) -> None:
    assert first.in_state("FAIL", "ERROR", "STALE") == frozenset(), first.output


@pytest.mark.usefixtures("machine")
def test_a_start_that_was_killed_leaves_nothing_after_down(tmp_path: Path) -> None:
    layout = Layout(tmp_path, layout_of_environment().images)
    line = command("up")
    with subprocess.Popen(line, env=variables(layout), cwd=ROOT, stdout=subprocess.DEVNULL) as started:
        deadline = time.monotonic() + 1200
        while started.poll() is None and time.monotonic() < deadline:
            if sum(host.is_booted for host in Estate(layout).hosts.values()) > len(PLACES) // 2:
                break
            time.sleep(0.05)
        assert started.poll() is None, "it ended before it could be killed"
        started.send_signal(signal.SIGKILL)
    assert not environment.is_up(layout)
    assert traces(layout)
    environment.down(layout)
    assert traces(layout) == {}
    assert not environment.down(layout)
