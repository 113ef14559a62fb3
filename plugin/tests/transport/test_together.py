"""Questions that one process answers for many: each answer is that of the question by itself, or none at all."""

from __future__ import annotations

import os
import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError, UnreachableError
from signoff.transport.channel import Command, Completed
from signoff.transport.openssh import openssh_channel
from signoff.transport.process import local_channel
from signoff.transport.shell.carrier import Carrier
from signoff.transport.shell.channel import ShellChannel
from signoff.transport.shell.kinds import Accounts, Packages, Presence, Stat, System, Units
from signoff.transport.shell.together import put_together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from signoff.transport.channel import Channel

FIXED = [
    *(
        f"stat -Lc {form} {path}"
        for form in ("%a", "%U", "%s")
        for path in ("/etc/os-release", "/bin", "/nope", "/etc")
    ),
    *(f"stat -c '%n %F|%h' {path}" for path in ("/etc/os-release", "/bin", "/dev/null")),
    *(f"ls -d -- {path}" for path in ("/etc", "/nope", "/nope/too", "/bin")),
    *(f"realpath {path}" for path in ("/bin/sh", "/etc/os-release", "/nope/x")),
    *(f"readlink -f {path}" for path in ("/bin/sh", "/proc/self/fd/9999/x")),
    *(f"sha256sum {path}" for path in ("/etc/os-release", "/etc", "/etc/debian_version")),
    "md5sum /etc/os-release | cut -d' ' -f1",
    "md5sum /etc/debian_version | cut -d' ' -f1",
    *(f"id{form} {name}" for form in ("", " -u", " -g", " -nG") for name in ("root", "nobody", "surely-no-user")),
    *(f"getent passwd {name}" for name in ("root", "nobody")),
    *(f"getent group {name}{cut}" for name in ("root", "0") for cut in ("", " | cut -d':' -f3")),
    "getent group surely-no-group",
    "getent group surely-no-group | cut -d':' -f3",
    *(f"sysctl -n {name}" for name in ("kernel.ostype", "kernel.pid_max", "net.ipv4.ip_forward")),
    *(f"uname -{letter}" for letter in "rmsn"),
    *(f"test -{letter} {path}" for letter in "edL" for path in ("/bin", "/etc/os-release", "/nope")),
    "command -v sh",
    "command -v surely-no-tool",
    "ps -p 1 -o comm",
]
PACKAGES = [
    f"dpkg-query -f '{form}' -W {name}" for form in ("${Status}", "${Version}\\n") for name in ("dpkg", "no-x", "no-y")
]


def compare(channel: Channel, texts: Sequence[str]) -> int:
    """Return how many questions were answered together; none of the answers is another than by itself."""
    answered = 0
    for text, future in zip(texts, channel.submit_batch(texts, 60), strict=True):
        error = future.exception(90)
        assert error is None or isinstance(error, NotVerifiedError), text
        if error is None:
            assert future.result() == channel.submit(Command(text=text)).result(30), text
            answered += 1
    return answered


@pytest.fixture(scope="module")
def here() -> Iterator[Channel]:
    channel = local_channel("here")
    yield channel
    channel.close()


@pytest.fixture
def with_tools(tmp_path: Path) -> Iterator[Callable[[str], ShellChannel]]:
    """Give a channel whose PATH begins with a folder of the test's own programs."""
    channels: list[ShellChannel] = []

    def make(shell: str = "/bin/sh") -> ShellChannel:
        carrier = Carrier(
            name="here",
            argv=["env", f"PATH={tmp_path}:{os.environ['PATH']}", shell, "-s"],
            explain=lambda status, said: UnreachableError(f"{status} {said}"),
            connect_limit=5,
            grace=15,
        )
        channels.append(ShellChannel(carrier))
        return channels[-1]

    yield make
    for channel in channels:
        channel.close()


def program(path: Path, text: str) -> None:
    """Write a shell script of this name."""
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox", "ksh", "mksh", "zsh"])
def test_every_shell_answers_as_by_itself(with_tools: Any, shell: str, tmp_path: Path) -> None:
    found = shutil.which(shell)
    if found is None:
        pytest.skip(f"no {shell} on this machine; install it")
    (tmp_path / "sh").symlink_to(found)
    assert compare(with_tools(str(tmp_path / "sh")), FIXED) >= len(FIXED) - 1


@pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="no dpkg on this machine; any Debian has it")
def test_packages_are_asked_about_once_those_that_are_not_there_too(with_tools: Any, tmp_path: Path) -> None:
    real = shutil.which("dpkg-query")
    program(tmp_path / "dpkg-query", f'echo once >> {tmp_path}/calls; exec {real} "$@"')
    answers = [future.result(30) for future in with_tools().submit_batch(PACKAGES, 20)]
    assert (tmp_path / "calls").read_text() == "once\n"
    (tmp_path / "dpkg-query").unlink()
    assert answers == [with_tools().submit(Command(text=text)).result(30) for text in PACKAGES]


def test_busybox_as_every_tool_answers_as_by_itself(with_tools: Any, tmp_path: Path) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("no busybox on this machine; install it")
    for name in (
        "stat",
        "ls",
        "realpath",
        "readlink",
        "sha256sum",
        "md5sum",
        "id",
        "uname",
        "cut",
        "sysctl",
        "timeout",
    ):
        (tmp_path / name).symlink_to(busybox)
    (tmp_path / "sh").symlink_to(busybox)
    assert compare(with_tools(str(tmp_path / "sh")), FIXED) >= len(FIXED) - 1


@pytest.mark.parametrize("shell", ["zsh", "fish", "ksh", "dash", "bash"])
def test_over_ssh_and_every_login_shell(make_account: Any, ssh_server: Any, shell: str) -> None:
    found = shutil.which(shell)
    if found is None or shutil.which("ssh") is None:
        pytest.skip(f"no {shell} or no OpenSSH client on this machine; install {shell} and openssh-client")
    channel = openssh_channel(ssh_server.address_of(make_account(found)))
    try:
        assert compare(channel, FIXED) >= len(FIXED) - 1
    finally:
        channel.close()


# --- files of any name ----------------------------------------------------------------------------------------------

hostile = st.text(st.characters(min_codepoint=1, max_codepoint=0x17F, exclude_characters="/"), min_size=1, max_size=8)
plain = st.sampled_from(["a", "b.conf", "c-1", "d@2", "e=f", "g,h", "i+j", "k:l"])
names = st.one_of(plain, hostile.filter(lambda name: name not in {".", ".."}))
contents = st.sampled_from(["file", "folder", "link", "dangling", "unreadable", "nothing"])
about_files = st.sampled_from(
    [
        *("stat -Lc %a", "stat -c %N", "stat -L -c '%s|%F'", "stat -Lc %n --", "ls -d --", "realpath", "readlink -f"),
        *("sha256sum", "md5sum --", "test -e", "test -L", "test -d", "cat --"),
    ]
)


@settings(max_examples=20, deadline=None)
@given(
    tree=st.dictionaries(names, contents, min_size=1, max_size=5),
    asked=st.lists(st.tuples(about_files, st.integers(0, 4)), min_size=2, max_size=10),
    cut=st.booleans(),
)
def test_any_tree_of_files(
    here: Channel,
    tmp_path_factory: pytest.TempPathFactory,
    tree: dict[str, str],
    asked: list[tuple[str, int]],
    cut: bool,
) -> None:
    folder = tmp_path_factory.mktemp("t")
    for name, kind in tree.items():
        grow(folder / name, kind)
    listed = list(tree)
    texts = [f"{question} {shlex.quote(str(folder / listed[place % len(listed)]))}" for question, place in asked]
    compare(here, [f"{text} | cut -d' ' -f1" if cut and "sum" in text else text for text in dict.fromkeys(texts)])


def grow(path: Path, kind: str) -> None:
    """Make the file; what this system cannot name is left out."""
    try:
        match kind:
            case "file" | "unreadable":
                path.write_text(f"in {path.name}")
                path.chmod(0o644 if kind == "file" else 0)
            case "folder":
                path.mkdir()
            case "link":
                path.symlink_to("/etc/passwd")
            case "dangling":
                path.symlink_to("/no\nwhere")
            case _:
                assert kind == "nothing"
    except (OSError, ValueError):
        pass


def test_names_that_could_be_taken_in_two_ways_are_asked_by_themselves() -> None:
    for operand in ("'a b'", "-x", "'*'", "'a\tb'", "'é'", "'%n'", "'~'", "''", '"a"', "a\\b", "$HOME"):
        texts = {place: f"stat -c {form} {operand}" for place, form in enumerate(("%a", "%U"))}
        assert put_together(texts) == [], operand
    for text in ("stat -c '%5a' /x", "stat -c '%%' /x", "stat -f -c %a /x", "id -z x", "sysctl -n a=b", "uname -a"):
        assert put_together({0: text, 1: text.replace("x", "y")}) == [], text


# --- units ----------------------------------------------------------------------------------------------------------

SYSTEMCTL = """
verb=$1; shift; first=yes; worst=3
for unit; do
    test -f {folder}/$unit || {{ echo "no $unit" >&2; continue; }}
    case $verb in
    show) test $first || echo; first=; cat {folder}/$unit; worst=0 ;;
    *) read -r state < {folder}/$unit; echo "$state"; test "$state" != active -a "$state" != enabled || worst=0 ;;
    esac
done
exit $worst
"""
states = st.sampled_from(["active", "active", "inactive", "failed", "enabled", "enabled", "disabled", ""])
blocks = st.sampled_from(
    ["Id={}.service\nNames={}\n", "Id={}.service\n\nId=b.service\n", "Names={}\n", "Id=other\n", "", "Id={}\nX=\n\n"]
)


@settings(max_examples=12, deadline=None)
@given(
    units=st.lists(st.tuples(states, blocks), min_size=2, max_size=4), verb=st.sampled_from(["is-active", "is-enabled"])
)
def test_any_states_of_units(units: list[tuple[str, str]], verb: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("u")
    channel = _with_systemctl(folder)
    try:
        for (state, _), name in zip(units, "abcd", strict=False):
            (folder / name).write_text(f"{state}\n")
        listed = "abcd"[: len(units)]
        answered = compare(channel, [f"systemctl {verb} {name}" for name in listed])
        assert answered == len(units)
        for (_, block), name in zip(units, "abcd", strict=False):
            (folder / name).write_text(block.replace("{}", name))
        assert compare(channel, [f"systemctl show {name}" for name in listed]) == len(units)
    finally:
        channel.close()


def _with_systemctl(folder: Path) -> ShellChannel:
    tools = folder / "tools"
    tools.mkdir()
    program(tools / "systemctl", SYSTEMCTL.format(folder=folder))
    return ShellChannel(
        Carrier(
            name="here",
            argv=["env", f"PATH={tools}:{os.environ['PATH']}", "/bin/sh", "-s"],
            explain=lambda status, said: UnreachableError(f"{status} {said}"),
            connect_limit=5,
            grace=15,
        )
    )


def test_units_that_are_well_cost_one_process(with_tools: Any, tmp_path: Path) -> None:
    program(
        tmp_path / "systemctl",
        f"echo once >> {tmp_path}/calls; for unit in $*; do test $unit = is-active || echo active; done",
    )
    texts = [f"systemctl is-active {name}" for name in ("nginx", "sshd", "cron.service")]
    answers = [future.result(20) for future in with_tools().submit_batch(texts, 20)]
    assert answers == [Completed(status=0, stdout=b"active\n", stderr=b"")] * 3
    assert (tmp_path / "calls").read_text() == "once\n"


# --- answers that are not as they must be -----------------------------------------------------------------------------

WORD = b"w0rd"
PACKAGE = b"w0rdaw0rd1w0rd\n"


def answer(stdout: bytes, stderr: bytes = b"", status: int = 0) -> Completed:
    return Completed(status=status, stdout=stdout, stderr=stderr)


@pytest.mark.parametrize(
    ("kind", "forms", "good", "bad"),
    [
        (
            Stat(),
            ["%a", "%U"],
            answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n"),
            [
                answer(b"644w0rdrootw0rd\n"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n1w0rd1w0rd\n"),
                answer(b"644w0rdrootw0rd755w0rdbinw0rd\n"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n", b"stat: what?"),
                answer(b"644w0rdrootw0rd\n755w0rdbinw0rd\n", status=1),
            ],
        ),
        (
            Packages(),
            ["${Version}"],
            answer(PACKAGE, b"dpkg-query: no packages found matching b\n", 1),
            [
                answer(PACKAGE),
                answer(PACKAGE, status=1),
                answer(PACKAGE, b"dpkg-query: no packages found matching c\n", 1),
                answer(PACKAGE, b"dpkg-query: no packages found matching b\n"),
                answer(PACKAGE * 2, b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE + PACKAGE.replace(b"a", b"c"), b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE[:-1], b"dpkg-query: no packages found matching b\n", 1),
                answer(PACKAGE, b"dpkg-query: error: cannot open\n", 2),
                answer(b"x" + PACKAGE, b"dpkg-query: no packages found matching b\n", 1),
            ],
        ),
        (
            Presence(),
            [""],
            answer(b"a\n", b"ls: cannot access 'b': No such file or directory\n", 2),
            [
                answer(b"a\n"),
                answer(b"a\n", b"ls: cannot access 'b': Permission denied\n", 2),
                answer(b"a\n", b"ls: cannot access 'b': No such file or directory\n"),
                answer(b"a\nb\n", b"ls: cannot access 'b': No such file or directory\n", 2),
                answer(b"a\nc\n", b"ls: cannot access 'b': No such file or directory\n", 2),
            ],
        ),
        (
            Accounts(),
            ["", "-u"],
            answer(b"uid=1(a) gid=1(a) groups=1(a)\nuid=2(b) gid=2(b)\n"),
            [
                answer(b"uid=1(a) gid=1(a) groups=1(a)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2 gid=2(b)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2(b b) gid=2(b)\n"),
                answer(b"uid=1(a) gid=1(a)\nuid=2(b) gid=2(b)\n", b"id: x"),
            ],
        ),
        (
            System(),
            [""],
            None,
            [
                answer(b"Linux\n"),
                answer(b"a b c\n"),
                answer(b"a  b\n"),
                answer(b"a b\nc\n"),
                answer(b"a b\n", status=1),
            ],
        ),
        (
            Units(),
            [""],
            answer(b"Id=a.service\nX=1\n\nId=b\n"),
            [
                answer(b"Id=a.service\n\nX=1\n\nId=b\n"),
                answer(b"Id=b\n\nId=a\n"),
                answer(b"Id=a\n\nX=1\n"),
                answer(b"Id=a\nId=a\n\nId=b\n"),
                answer(b"Id=a\n\nId=b"),
                answer(b"Id=a\nX=\n\n\nId=b\n"),
                answer(b"Id=a\n\nId=b\nX=\n\n"),
                answer(b"Id=a\n\nId=b\n", status=1),
            ],
        ),
    ],
    ids=lambda value: type(value).__name__ if hasattr(value, "recognise") else "",
)
def test_an_answer_that_is_not_beyond_doubt_answers_nothing(
    kind: Any, forms: list[str], good: Completed | None, bad: list[Completed]
) -> None:
    operands = ["-s", "-m"] if isinstance(kind, System) else ["a", "b"]
    assert good is None or len(kind.read(operands, forms, WORD, good)) == 2 * len(forms)
    for each in bad:
        assert kind.read(operands, forms, WORD, each) == {}, each
