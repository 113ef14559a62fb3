"""testinfra's modules on our host: "could not look" is never an answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import GuardError, NotVerifiedError
from signoff.transport import HostAddress, HostPool
from signoff.transport.backend import BoundedBackend
from signoff.transport.channel import Command, Completed, new_future
from signoff.transport.host import CheckedHost

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path


class ScriptedChannel:
    """Answers commands by the first pattern that they match; anything else succeeds silently."""

    def __init__(self, answers: dict[str, tuple[int, str, str]]) -> None:
        self._answers = answers

    def open(self) -> Future[Any]:
        return answered(None)

    def submit(self, command: Command) -> Future[Any]:
        found = (answer for pattern, answer in self._answers.items() if re.search(pattern, command.text))
        status, out, err = next(found, (0, "", ""))
        return answered(Completed(status=status, stdout=out.encode(), stderr=err.encode()))

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Any]]:
        return [self.submit(Command(text=text, limit=limit)) for text in texts]

    def close(self) -> None:
        pass


def answered(result: object) -> Future[Any]:
    future = new_future()
    future.set_result(result)
    return future


LINUX = {
    "uname -s": (0, "Linux", ""),
    "os-release": (0, "ID=debian\n", ""),
    "uname -m": (0, "x86_64", ""),
    "proc/1/comm": (0, "running", ""),
}


def host_that_answers(**answers: tuple[int, str, str]) -> CheckedHost:
    named = {pattern.replace("_", "."): answer for pattern, answer in answers.items()}
    backend = BoundedBackend("web1", ScriptedChannel(LINUX | named))
    host = CheckedHost(backend)
    backend.set_host(host)
    return host


@pytest.fixture
def here() -> Iterator[CheckedHost]:
    with HostPool({"here": HostAddress(name="here", connection="local")}) as pool:
        yield pool.connect("here")


def test_ports_are_unknown_when_ss_fails() -> None:
    host = host_that_answers(
        **{"command -v ss": (0, "/usr/bin/ss\n", ""), "/usr/bin/ss": (1, "", "ss: something went wrong")}
    )
    with pytest.raises(NotVerifiedError, match="went wrong"):
        _ = host.socket("tcp://0.0.0.0:22").is_listening


def test_a_package_that_is_absent_is_an_answer_but_a_broken_database_is_not() -> None:
    absent = host_that_answers(dpkg_query=(1, "", "dpkg-query: no packages found matching nginx"))
    assert absent.package("nginx").is_installed is False
    broken = host_that_answers(dpkg_query=(1, "", "dpkg-query: error: parsing file '/var/lib/dpkg/status'"))
    with pytest.raises(NotVerifiedError, match="parsing file"):
        _ = broken.package("nginx").is_installed


def test_a_file_behind_a_closed_door_is_not_absent() -> None:
    closed = host_that_answers(
        **{"test -e": (1, "", ""), "ls -d": (2, "", "ls: cannot access '/root/x': Permission denied")}
    )
    with pytest.raises(NotVerifiedError, match="/root/x"):
        _ = closed.file("/root/x").exists
    absent = host_that_answers(**{"test -e": (1, "", ""), "ls -d": (2, "", "ls: cannot access '/x': No such file")})
    assert absent.file("/x").exists is False


@pytest.mark.parametrize(
    "stderr",
    [
        "System has not been booted with systemd as init system (PID 1). Can't operate.",
        "Failed to connect to bus: No such file or directory",
    ],
)
def test_a_service_is_unknown_without_a_service_manager(stderr: str) -> None:
    host = host_that_answers(**{"systemctl is-active": (1, "", stderr)})
    with pytest.raises(NotVerifiedError, match="systemctl"):
        _ = host.service("ssh").is_running


@pytest.mark.parametrize("first_process", ["sshd", "tini", "offline", "", "python3"])
def test_a_service_is_unknown_where_nothing_manages_services(first_process: str) -> None:
    host = host_that_answers(**{"proc/1/comm": (0, first_process, ""), "service ssh status": (3, "", "")})
    with pytest.raises(NotVerifiedError, match="no service manager"):
        _ = host.service("ssh").is_running


@pytest.mark.parametrize(
    ("command", "status", "stderr", "sees"),
    [
        ("md5sum /etc/shadow | cut -d' ' -f1", 0, "md5sum: /etc/shadow: Permission denied", False),
        ("sha256sum /a | cut -d ' ' -f 1", 0, "", True),
        ("getent passwd nobody1", 2, "", True),
        ("getent passwd nobody1", 1, "", False),
        ("id nobody1", 1, "id: 'nobody1': no such user", True),
        ("id nobody1", 1, "id: cannot find name for user ID", False),
        ("pacman -Q x", 1, "error: package 'x' was not found", True),
        ("pacman -Q x", 1, "error: failed to initialize alpm library", False),
        ("apk -e info x", 1, "", True),
        ("apk -e info x", 99, "ERROR: Unable to read database", False),
        (
            "iptables -w 90 -S",
            4,
            "iptables v1.8.9 (nf_tables): Could not fetch: Permission denied (you must be root)",
            False,
        ),
        ("ss -tln", 255, "", False),
        ("command -v ss", 127, "", True),
    ],
)
def test_a_failure_to_look_is_told_from_a_no(command: str, status: int, stderr: str, *, sees: bool) -> None:
    module_host = host_that_answers(**{re.escape(command): (status, "", stderr)}).file("/x")._host
    if sees:
        assert module_host.run(command).rc == status
    else:
        with pytest.raises(NotVerifiedError):
            module_host.run(command)


def test_the_reason_says_what_to_grant_or_to_install() -> None:
    denied = host_that_answers(**{"stat -Lc": (1, "", "stat: cannot statx '/root/x': Permission denied")})
    with pytest.raises(NotVerifiedError, match=r"sudo -n stat -Lc %a /root/x"):
        _ = denied.file("/root/x").mode
    missing = host_that_answers(sysctl=(127, "", "sh: sysctl: not found"))
    with pytest.raises(NotVerifiedError, match=r"sysctl.*install"):
        missing.sysctl("vm.swappiness")


def test_a_stopped_service_is_an_answer() -> None:
    assert host_that_answers(**{"systemctl is-active": (3, "inactive", "")}).service("ssh").is_running is False


@pytest.mark.parametrize(("status", "word"), [(126, "may not be executed"), (127, "is not installed"), (2, "status 2")])
def test_output_that_must_come_and_does_not_is_no_verdict(status: int, word: str) -> None:
    host = host_that_answers(special=(status, "", "sh: special: oh"))
    with pytest.raises(NotVerifiedError, match=word):
        host.check_output("special")
    with pytest.raises(NotVerifiedError, match=word):
        host.run_test("special")
    assert host.run("special").rc == status


def test_a_module_that_has_a_second_way_may_miss_a_tool() -> None:
    assert host_that_answers(realpath=(127, "", "not found"), readlink=(0, "/b\n", "")).file("/a").linked_to == "/b"


def test_modules_work_for_real(here: CheckedHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert here.file(str(tmp_path / "a")).size == 1
    assert here.file(str(tmp_path / "b")).exists is False
    assert here.exists("sh")
    assert not here.exists("surely-no-such-tool")
    assert here.system_info.type == "linux"


def test_a_root_shell_is_refused(here: CheckedHost) -> None:
    with here.sudo(), pytest.raises(GuardError, match="not listed"):
        here.run("id -u")


def test_unknown_modules_are_attribute_errors(here: CheckedHost) -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = here.nonsense
