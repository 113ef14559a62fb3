"""Real programs with secrets on their command lines, and without."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.process_secrets import _judge, scan

if TYPE_CHECKING:
    from collections.abc import Iterator

MARK = f"signoff-sample-program-{os.getpid()}"
"""Of this run alone: every process of the machine is looked at."""
SECRET = "Tr0ub4dor-3x"


@contextmanager
def running(*arguments: str) -> Iterator[None]:
    line = [sys.executable, "-c", "import sys, time; print(flush=True); time.sleep(600)", MARK, *arguments]
    with subprocess.Popen(line, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


def test_a_secret_on_a_real_command_line_is_seen_and_never_told(shell: Any) -> None:
    with running("--port", "8000"):
        clean = scan(shell, match=[f"*{MARK}*"])
        with running(f"--db-password={SECRET}"):
            found = scan(shell, match=[f"*{MARK}*"])

    assert (clean.programs, clean.shown) == (1, ())
    assert found.programs == 2
    assert [str(one) for one in found.shown] == [f"{sys.executable.rpartition('/')[2]} (argument)"]
    assert SECRET not in repr(found)


def test_nothing_to_look_at_is_no_answer(shell: Any) -> None:
    with pytest.raises(NotVerifiedError, match="no command line"):
        scan(shell, match=["no such program at all"])


class _Host:
    """Answers as a host with systemd does."""

    def __init__(self, text: str) -> None:
        self._text = text

    def run_expect(self, _expected: list[int], command: str, **_: Any) -> SimpleNamespace:
        assert command.startswith("ps ")
        return SimpleNamespace(stdout=self._text)


def test_what_a_unit_sets_is_readable_by_all() -> None:
    text = (
        "root /sbin/init\nroot ps axww -o user=,args=\n@@units\n"
        f"Id=shop.service\nEnvironment=SHOP_PORT=8000 SHOP_DB_PASSWORD={SECRET}\n\n"
        "Id=ssh.service\nEnvironment=SSHD_OPTS=\n\nId=cron.service\nEnvironment=\n"
    )

    found = scan(_Host(text))

    assert (found.programs, found.units) == (1, 3)
    assert [str(one) for one in found.shown] == ["shop.service (Environment= of a unit)"]


@pytest.mark.parametrize(
    "line",
    [
        f"/usr/bin/app --password {SECRET}",
        f"/usr/bin/app --api-key={SECRET}",
        f"app -secret {SECRET} --verbose",
        f"env PGPASSWORD={SECRET} psql",
        f"/bin/sh -c TOKEN={SECRET} run",
        f"redis_exporter -redis.addr redis://user:{SECRET}@cache1:6379",
        f"redis-cli -h cache1 -a {SECRET}",
        f"mysqldump -u root -p{SECRET} shop",
        f"curl -s -u admin:{SECRET} https://x",
        f"sshpass -p {SECRET} ssh x",
        f"openssl enc -pass pass:{SECRET}",
        "aws --id AKIAQ7DKX2M4TZVLJ3WP",
    ],
)
def test_a_secret_is_seen(line: str) -> None:
    assert _judge(line)


@pytest.mark.parametrize(
    "line",
    [
        "/usr/sbin/nginx -g daemon on; master_process on;",
        "app --password-file /etc/app/password",
        "app --token-ttl=3600 --secret-name shop/db",
        "app --password /run/secrets/db",
        "app --password @/run/secrets/db --token=$TOKEN",
        "app --password=env:DB_PASSWORD --api-key file:/x",
        "mysqld --password=xxxxxxxxx",
        "app --tokens 4096 --password true",
        "vault agent -config=/etc/vault.hcl",
        "ssh -p 2222 host",
        "mysql -p shop",
        "curl -u admin https://example.test:8443/token",
        "postgres: shop shop 10.0.0.1(5000) idle",
        "sshd: signoff@notty",
        "python -m http.server 8000 --directory /srv/secret",
    ],
)
def test_what_is_no_secret_is_left_alone(line: str) -> None:
    assert not _judge(line)
