"""The list of commands that are known to read: what testinfra and our probes send is on it, what writes is not."""

from __future__ import annotations

import hashlib
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.probes.hosts import backup_files, facts, packages
from signoff.transport.ahead.read_only import Nature, nature

if TYPE_CHECKING:
    from pathlib import Path

STEADY = [
    "test -e /etc/passwd",
    "stat -Lc %U '/a b'",
    "ls -1 -q -- /etc",
    "ls -d -- '/it'\"'\"'s'",
    "sha256sum /x | cut -d ' ' -f 1",
    "grep -qs -- 'a$' /etc/x",
    "find -H src -name .git -prune -o -type f -print0",
    "find -H b -maxdepth 1 -type f -name '*.dump' -printf '%T@ %s %p\\n'",
    "head -c 64 -- f | od -An -v -tx1",
    "LC_ALL=C stat -L -c '%a %U' -- a && head -c 262145 -- a",
    "systemctl is-active nginx",
    "systemctl show --no-pager --property=LoadState,Restart -- x.service",
    'systemctl list-unit-files | grep -q "^nginx"',
    "dpkg-query -f '${Status}' -W nginx",
    "rpm -q --quiet x 2>&1",
    'rpm -q --queryformat="%{VERSION}" x',
    "apk -e info x",
    "/usr/bin/ss --numeric --listening --tcp",
    "netstat -n -l -t",
    "/usr/sbin/sysctl -n vm.swappiness",
    "/sbin/ip -f inet addr show eth0",
    "ip --json link show lo",
    "ip route ls",
    "command -v ss",
    "crontab -l",
    "getent passwd root",
    "id -nu",
    "{ test -s /var/lib/dpkg/status && command -v dpkg-query; } >/dev/null 2>&1",
    "rpm -q --qf '%{NAME}\\t%{EVR}\\n' a | sed '/is not installed$/d'",
]
FLEETING = [
    "date -u +%s",
    "date +%s; { echo; echo @@0; tail -n 200 -- /var/log/x; } 2>/dev/null",
    "env -0",
    "sudo -n cat /etc/shadow",
    "sudo -k -S -p '' /usr/bin/ss --numeric --listening",
]
APART = [
    "ps -Aww -o pid,comm",
    "ps -ww -p 13 -o lstart,user",
    "pgrep -f x",
    "ps -A | grep -q x",
]
UNKNOWN = [
    *(
        "",
        "  ",
        "rm x",
        "sudo cat x",
        "sudo -n rm x",
        "sudo -n",
        "sudo -n -u a cat x",
        "awk 1",
        "env rm",
        "command rm",
        "./cat x",
        "/tmp/cat x",
        "exit 3",
        "if true",
    ),
    *("cat x > y", "cat x >> y", "cat x 2>err", "cat <(rm x)", "cat $(rm x)", 'echo "$(rm x)"', "cat `rm x`"),
    *("echo hi & rm x", "cat x\nrm y", "cat x\\;rm y", "command -v x; rm y", "} rm x", "{ rm x; }", "cat ~/x", "cat *"),
    *("PATH=/tmp cat x", "LC_ALL=C rm x", "LC_ALL=C", "cat x | tee y", "cat x | sh", "test -e x || exit 3"),
    *("sysctl -w a=1", "sysctl -n a=1", "sysctl -p", "date -s 1", "date 0102", "hostname x", "mount /x", "crontab -r"),
    *("find / -delete", "find / -exec rm {} ;", "find . -fprint y", "uniq a b", "sort -o x y", "grep -f x y"),
    *("sed -i s/a/b/p x", "sed -n 'w x'", "sed -n 's/a/b/w f'", "sed -n 's/a/b/e'", "tail -f x", "crontab file"),
    *(
        "ss -K",
        "ss -D f",
        "ip link set lo down",
        "ip addr add 1 dev x",
        "ip netns exec a ip addr show",
        "ip -b f a show",
    ),
    *("dpkg-query -W x; dpkg -i y", "rpm -i x", "rpm -qp http://x", "rpm -e x", "systemctl restart x"),
    *("systemctl -H other is-active x", "systemctl show x; systemctl stop x", "systemctl daemon-reload"),
    *("cat /dev/sda", "cat /etc/../dev/sda", "cat /proc/kmsg", "cat /sys/kernel/debug/tracing/trace_pipe"),
]


@pytest.mark.parametrize("text", STEADY)
def test_what_reads_is_known(text: str) -> None:
    assert nature(text) is Nature.STEADY


@pytest.mark.parametrize("text", FLEETING)
def test_what_is_another_answer_each_moment_is_told_apart(text: str) -> None:
    assert nature(text) is Nature.FLEETING


@pytest.mark.parametrize("text", APART)
def test_what_sees_itself_is_asked_by_itself(text: str) -> None:
    assert nature(text) is Nature.APART


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_may_write_is_not_on_the_list(text: str) -> None:
    assert nature(text) is Nature.UNKNOWN


class Recorder:
    """A host that keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, command: str, *args: str, **_: object) -> object:
        import shlex
        from types import SimpleNamespace

        self.asked.append(command % tuple(map(shlex.quote, args)) if args else command)
        return SimpleNamespace(rc=0, stdout="1 1 /x\n", stderr="")

    def check_output(self, command: str, *args: str, **_: object) -> str:
        return str(self.run(command, *args).stdout)  # type: ignore[attr-defined]


def test_questions_of_our_probes_are_known() -> None:
    host = Recorder()
    for ask in (
        lambda: facts.read_facts(host),
        lambda: backup_files.list_backups(host, "/var/backups", "*.dump"),
        lambda: backup_files.recorded_digest(host, "/x", "y"),
        lambda: packages.read_packages(host, {"openssl": ""}),
    ):
        with suppress(Exception):  # only the questions matter here, not what they make of the answers
            ask()
    assert len(host.asked) >= 4
    assert {text: nature(text) for text in host.asked} == dict.fromkeys(host.asked, Nature.STEADY)


WORDS = [
    *(
        "cat",
        "echo",
        "head",
        "find",
        "sort",
        "uniq",
        "sed",
        "grep",
        "printf",
        "test",
        "stat",
        "cut",
        "tr",
        "ls",
        "command",
    ),
    *(
        "touch",
        "rm",
        "tee",
        "cp",
        "sh",
        "env",
        "xargs",
        "eval",
        "exec",
        ".",
        "a",
        "b",
        "c",
        "-o",
        "-n",
        "-e",
        "-c",
        "-v",
    ),
    *(
        "-i",
        "-f",
        "-exec",
        "-delete",
        "-fprint",
        "--",
        "--output=c",
        "w c",
        "'w c'",
        "s/a/b/w c",
        "1w c",
        "'",
        '"',
        "\\",
    ),
    *(
        "|",
        "||",
        "&&",
        "&",
        ";",
        "\n",
        ">",
        ">>",
        "2>&1",
        ">/dev/null",
        "2>/dev/null",
        "<",
        "<<",
        "$(",
        "`",
        ")",
        "{",
        "}",
    ),
    *("$IFS", "${x}", "$((1))", "*", "~", "#", "!", "x=1", "LC_ALL=C", "if", "then", "fi", "for", "do", "done"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sandbox")
    (made / "a").write_text("a\nb\n")
    (made / "b").write_text("rm a\n")
    return made


def _state(folder: Path) -> str:
    files = sorted((path.name, path.read_bytes() if path.is_file() else b"") for path in folder.iterdir())
    return hashlib.sha256(repr(files).encode()).hexdigest()


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), glue=st.sampled_from([" ", " ", ""]))
def test_nothing_that_counts_as_reading_changes_a_file(folder: Path, words: list[str], glue: str) -> None:
    text = glue.join(words)
    if nature(text) is Nature.UNKNOWN:
        return
    before = _state(folder)
    subprocess.run(
        ["/bin/sh", "-c", text], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=60
    )
    assert _state(folder) == before, text
