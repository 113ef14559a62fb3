"""testinfra's own ssh backend and ours, asked the same on the same server: the same answers, or a named difference.

The questions are those of testinfra's documentation, module by module, on things that every test machine has.
"""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import testinfra

from signoff.errors import NotVerifiedError
from signoff.transport import HostPool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """Things on the server to ask about."""

    folder: Path
    port: int

    def __truediv__(self, name: str) -> str:
        """Return the path of one of them."""
        return str(self.folder / name)


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory, ssh_server: Any) -> Iterator[Sample]:
    folder = tmp_path_factory.mktemp("sample", numbered=True)
    (folder / "text").write_text("first line\ncafé 서울\n")
    (folder / "text").chmod(0o640)
    (folder / "bytes").write_bytes(bytes(range(1, 256)))
    (folder / "empty").touch()
    (folder / "a name with 'quotes' and $HOME").write_text("odd")
    (folder / "program").write_text("#!/bin/sh\nexit 3\n")
    (folder / "program").chmod(0o4755)
    (folder / "folder").mkdir()
    (folder / "link").symlink_to("text")
    (folder / "dangling").symlink_to("nothing")
    os.mkfifo(folder / "pipe")
    os.utime(folder / "text", (1_600_000_000, 1_600_000_000))
    # A socket's path must be short, and pytest's folders are not.
    listener = socket.socket(socket.AF_UNIX)
    here = os.open(folder, os.O_PATH)
    listener.bind(f"/proc/self/fd/{here}/socket")
    os.close(here)
    listener.listen()
    yield Sample(folder, ssh_server.port)
    listener.close()


@dataclass(frozen=True)
class Pair:
    """The same server through testinfra's own backend and through ours."""

    theirs: Any
    ours: Any


@contextmanager
def _pair(server: Any, folder: Path) -> Iterator[Pair]:
    # One shared connection for testinfra too, or its side would take minutes; a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="ti-", dir="/tmp") as sockets:
        config = folder / "config"
        config.write_text(
            f"Host web1\nHostName 127.0.0.1\nPort {server.port}\nUser {server.user}\n"
            f"IdentityFile {server.folder / 'id'}\nUserKnownHostsFile {server.folder / 'known_hosts'}\n"
            f"ControlPath {sockets}/c\n"
        )
        theirs = testinfra.get_host("ssh://web1", ssh_config=str(config))
        assert theirs.run("true").rc == 0
        try:
            with HostPool({"web1": server.address}) as pool:
                yield Pair(theirs, pool.connect("web1"))
        finally:
            subprocess.run(["ssh", "-F", str(config), "-O", "exit", "web1"], check=False, stderr=subprocess.DEVNULL)


@pytest.fixture(scope="module")
def pair(ssh_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with _pair(ssh_server, tmp_path_factory.mktemp("pair")) as pair:
        yield pair


@pytest.fixture(scope="module")
def broken_pair(ssh_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Start a server on which tools are there and cannot look."""
    folder = tmp_path_factory.mktemp("broken")
    for tool, (status, words) in _BROKEN.items():
        (folder / tool).write_text(f"#!/bin/sh\necho {shlex.quote(words)} >&2\nexit {status}\n")
        (folder / tool).chmod(0o755)
    server = type(ssh_server)(folder, options=(f"SetEnv PATH={folder}:/usr/bin:/bin:/usr/sbin:/sbin",))
    server.start()
    try:
        with _pair(server, folder) as pair:
            yield pair
    finally:
        server.stop()


_BROKEN = {
    "ss": (1, "Cannot open netlink socket: Operation not permitted"),
    "dpkg-query": (1, "dpkg-query: error: failed to open package info file '/var/lib/dpkg/status': Permission denied"),
    "systemctl": (1, "System has not been booted with systemd as init system (PID 1). Can't operate."),
}


def ran(result: Any) -> tuple[int, str, str]:
    """Return what a command did, in a form that can be compared."""
    return result.rc, result.stdout, result.stderr


def processes(found: Any) -> list[tuple[Any, ...]]:
    return sorted((each.pid, each.ppid, each.user, each.comm, each.args) for each in found)


def mounts(found: Any) -> list[tuple[Any, ...]]:
    return [(each.path, each.device, each.filesystem, each.options) for each in found]


PROPERTIES = {
    "host.file(at / '{}')": (
        "text program folder link dangling pipe socket nothing",
        "exists is_file is_directory is_symlink is_pipe is_socket is_executable linked_to user group mode size mtime",
    ),
    "host.file(at / '{}') ": ("text empty program link", "content content_string md5sum sha256sum"),
    "host.user('{}')": (
        "root no-such-user",
        "exists uid gid group gids groups home shell gecos expiration_date password_max_days password_min_days",
    ),
    "host.group('{}')": ("root no-such-group", "exists gid members"),
    "host.package('{}')": ("bash coreutils no-such-package", "is_installed version release"),
    "host.interface('{}')": ("lo no-such0", "exists speed addresses link"),
    "host.mount_point('{}')": ("/ /proc /no/mount", "exists device filesystem options"),
    "host.addr('{}')": (
        "localhost no-such-name.invalid",
        "is_resolvable ip_addresses ipv4_addresses ipv6_addresses namespace_exists",
    ),
    "host.system_info": ("-", "type distribution release codename arch"),
    "host.user()": ("-", "name get_all_users get_local_users"),
    "host.group('any')": ("-", "get_all_groups get_local_groups"),
}
"""Objects of testinfra's documentation: names, and what is asked of each."""
OBJECTS = {
    pattern.format(name): properties.split()
    for pattern, (names, properties) in PROPERTIES.items()
    for name in names.split()
}
EXPRESSIONS = r"""
host.file('/etc/passwd').contains('root')
host.file('/etc/passwd').contains('^no such pattern$')
host.file('/etc/passwd').mode == 0o644
host.file('/var/lock').linked_to
host.file(at / 'bytes').content
host.file(at / 'text') == host.file(at / 'text')
host.file(at / "a name with 'quotes' and $HOME").content_string
sorted(host.file(at / 'folder/..').listdir())
processes(host.process.filter(comm='sshd', ppid=1))
processes(host.process.filter(user='root', pid=1))
processes(host.process.filter(comm='no-such-program'))
host.process.get(pid=1).comm
host.socket(f'tcp://127.0.0.1:{at.port}').is_listening
host.socket(f'tcp://127.0.0.2:{at.port}').is_listening
host.socket(f'tcp://{at.port}').is_listening
host.socket(f'tcp://:::{at.port}').is_listening
host.socket('tcp://127.0.0.1:9').is_listening
host.socket('tcp://127.0.0.1:9').clients
host.socket('unix:///no/such.sock').is_listening
f'tcp://127.0.0.1:{at.port}' in host.socket.get_listening_sockets()
host.interface('lo', 'inet').addresses
host.interface('lo').routes()
host.interface.names()
str(host.interface.default())
mounts(host.mount_point.get_mountpoints())
host.sysctl('kernel.ostype')
host.sysctl('kernel.pid_max')
[host.environment().get(name) for name in ('HOME', 'USER', 'SHELL')]
ran(host.run('ls /; echo words >&2; exit 7'))
ran(host.run("printf '%%s|' %s %s", 'a b', "c'd$e\n"))
ran(host.run('true'))
ran(host.run('printf %s', '서울'))
ran(host.run("printf '\\n\\nx\\n\\n'"))
ran(host.run("echo a b c | cut -d' ' -f2; false"))
ran(host.run('x=1; export x; cd /proc')) and ran(host.run('echo $x; pwd'))
ran(host.run("head -c 3000000 /dev/zero | tr '\\0' x"))
ran(host.command('echo %s', 'x'))
host.run('no-such-program').rc
host.run('exit 254').exit_status
(host.run('true').succeeded, host.run('false').failed)
host.run_expect([3], 'exit 3').rc
(host.run_test('true').rc, host.run_test('false').rc)
host.check_output('echo %s; echo', 'a')
(host.exists('sh'), host.exists('no-such-program'))
host.find_command('sh')
""".strip().splitlines()
WITHOUT_ANSWER = r"""
host.file(at / 'folder').content
host.file(at / 'nothing').content
host.file(at / 'nothing').listdir()
host.process.get(comm='no-such-program')
host.socket('carrier-pigeon://1').is_listening
host.sysctl('no.such.key')
host.block_device('/dev/no-such-disk').size
host.run_expect([0, 1], 'exit 3')
host.run_test('exit 2')
host.check_output('false')
host.pip.get_packages(pip_path='/no/such/pip')
host.supervisor('nothing', '/no/such/supervisorctl').is_running
host.ansible('setup')
""".strip().splitlines()
_NO_ANSWER = (AssertionError, RuntimeError, NotVerifiedError)
"""How testinfra and we say that a question has no answer; theirs is an assertion, which reads as a failed check."""


def outcome(question: str, host: Any, sample: Sample) -> tuple[str, Any]:
    """Return the answer, or the class of failure."""
    names = {"host": host, "at": sample, "ran": ran, "processes": processes, "mounts": mounts}
    try:
        return "answer", eval(question, names)
    except (*_NO_ANSWER, KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, _NO_ANSWER) and not isinstance(error, NotImplementedError):
            return "no answer", ""
        return "error", type(error).__name__


@pytest.mark.parametrize("about", OBJECTS)
def test_every_property_is_testinfras_own(about: str, pair: Pair, sample: Sample) -> None:
    questions = [f"{about}.{each}" for each in OBJECTS[about]]
    theirs = {question: outcome(question, pair.theirs, sample) for question in questions}
    assert "answer" in {kind for kind, _ in theirs.values()}
    assert {question: outcome(question, pair.ours, sample) for question in questions} == theirs


@pytest.mark.parametrize("question", EXPRESSIONS)
def test_the_answer_is_testinfras_own(question: str, pair: Pair, sample: Sample) -> None:
    expected = outcome(question, pair.theirs, sample)
    assert expected[0] == "answer"
    assert outcome(question, pair.ours, sample) == expected


@pytest.mark.parametrize("question", WITHOUT_ANSWER)
def test_what_testinfra_cannot_answer_is_no_answer_of_ours(question: str, pair: Pair, sample: Sample) -> None:
    expected = outcome(question, pair.theirs, sample)
    assert expected[0] != "answer"
    assert outcome(question, pair.ours, sample) == expected


def test_the_questions_are_many() -> None:
    assert sum(map(len, OBJECTS.values())) + len(EXPRESSIONS) > 200


@dataclass(frozen=True)
class Difference:
    """Where we answer otherwise on purpose."""

    question: str
    theirs: tuple[str, Any]
    ours: tuple[str, Any]
    reason: str


DIFFERENCES = {
    "a command that exits 255": Difference(
        'host.run("exit 255").rc',
        ("no answer", ""),
        ("answer", 255),
        "ssh answers 255 for a lost connection too; testinfra takes the one for the other",
    ),
    "a command that is killed": Difference(
        'host.run("kill -9 $$").rc',
        ("no answer", ""),
        ("answer", 137),
        "the same: the command's end is not the connection's",
    ),
    "the language of messages": Difference(
        'host.environment().get("LC_ALL", "")',
        ("answer", ""),
        ("answer", "C"),
        "output is parsed: it must not depend on the account's language",
    ),
    "text that is not UTF-8": Difference(
        'host.file(at / "bytes").content_string[-8:]',
        ("error", "UnicodeDecodeError"),
        ("answer", "\\xfe\\xff"),
        "bytes that are no text stay visible; `content` has them as they are",
    ),
    "the digest of a file that is not there": Difference(
        'host.file(at / "nothing").md5sum',
        ("answer", ""),
        ("no answer", ""),
        "testinfra reads the digest from the end of a pipe, whatever happened at its beginning",
    ),
    "a tool that is not there": Difference(
        'host.find_command("no-such-program")',
        ("error", "ValueError"),
        ("no answer", ""),
        "what cannot be asked for want of a tool is not verified, and the tool is named",
    ),
    "endless output": Difference(
        'len(host.run("head -c 17000000 /dev/zero").stdout)',
        ("answer", 17_000_000),
        ("no answer", ""),
        "an answer is bounded, so that no host can fill the memory of the machine that asks",
    ),
}
WITH_BROKEN_TOOLS = {
    "packages that cannot be looked up": Difference(
        'host.package("bash").is_installed',
        ("answer", False),
        ("no answer", ""),
        "a package database that cannot be read is not a package that is absent",
    ),
    "ports that cannot be listed": Difference(
        'host.socket(f"tcp://127.0.0.1:{at.port}").is_listening',
        ("answer", False),
        ("no answer", ""),
        "`ss` failed and listed nothing; nothing listed is not nothing listening",
    ),
    "a service without a service manager": Difference(
        'host.service("ssh").is_running',
        ("answer", False),
        ("no answer", ""),
        "systemctl says that it cannot look; that is not a stopped service",
    ),
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_difference_is_deliberate(name: str, pair: Pair, sample: Sample) -> None:
    _compare(DIFFERENCES[name], pair, sample)


@pytest.mark.parametrize("name", WITH_BROKEN_TOOLS)
def test_what_could_not_look_is_no_answer(name: str, broken_pair: Pair, sample: Sample) -> None:
    _compare(WITH_BROKEN_TOOLS[name], broken_pair, sample)


def _compare(difference: Difference, pair: Pair, sample: Sample) -> None:
    assert outcome(difference.question, pair.theirs, sample) == difference.theirs, difference.reason
    assert outcome(difference.question, pair.ours, sample) == difference.ours, difference.reason
