"""Root for listed commands only: refused here before anything is sent, allowed by sudoers over there."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import GuardError, NotVerifiedError, TimedOutError
from signoff.transport import HostPool
from signoff.transport.elevation import Elevation, mentions_a_way_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.transport.channel import Command
    from signoff.transport.host import CheckedHost

LISTED = ("/usr/sbin/nft -j list ruleset", "/usr/bin/stat *", "-u postgres /usr/bin/psql -l", "/usr/bin/id -u")
PASSWORD = "correct horse 'battery' $staple"


@pytest.mark.parametrize(
    "text",
    [
        "sudo -n /usr/sbin/nft -j list ruleset",
        "sudo -n nft -j list ruleset",
        "/usr/bin/sudo -n 'nft' -j  list ruleset",
        "sudo -n stat -c %a /etc/shadow",
        "sudo -n stat",
        "sudo -n -u postgres psql -l",
        "LC_ALL=C sudo -n id -u",
    ],
)
def test_listed_commands_may_be_sent(text: str) -> None:
    assert mentions_a_way_up(text)
    assert Elevation(name="web1", listed=LISTED).check(text)


@pytest.mark.parametrize(
    "text",
    [
        "sudo nft -j list ruleset",  # would ask for a password
        "sudo -n nft -j list ruleset; sudo -n rm -rf /",
        "sudo -n nft -j list ruleset && su -c id",
        "sudo -n nft -j list ruleset extra",
        "sudo -n nft",
        "sudo -n /tmp/nft -j list ruleset",
        "sudo -n -u root nft -j list ruleset",
        "sudo -n -i",
        "sudo -n sh -c 'nft -j list ruleset'",
        "sudo -n stat $(sudo -n id)",
        "sudo -n stat `touch /x`",
        "sudo -n stat /x > /etc/passwd",
        "sh -c 'sudo -n reboot'",
        "env sudo -n reboot",
        "timeout 5 sudo -n reboot",
        "find / -exec sudo -n rm {} ;",
        "xargs sudo -n rm",
        "eval 'sudo -n reboot'",
        "echo reboot | sudo -n sh",
        "su root -c id",
        "doas id",
        "pkexec id",
        "x=sudo; $x -n reboot",
        "sudo -n psql -l",
        "(sudo -n reboot)",
        "if true; then sudo -n reboot; fi",
        "sudo -S nft -j list ruleset",
        "sudo -n nft -j list ruleset | head -5",  # the status would be head's
        "sudo -n nft -j list ruleset 2>/dev/null",  # sudo's refusal would not be seen
        "sudo -n nft -j list ruleset && echo yes",
        "sudo -n -- nft -j list ruleset",
    ],
)
def test_everything_else_is_refused(text: str) -> None:
    assert mentions_a_way_up(text)
    with pytest.raises(GuardError, match="web1: root is for listed commands only"):
        Elevation(name="web1", listed=LISTED).check(text)


@pytest.mark.parametrize(
    "text",
    [
        "dpkg-query -f '${Status}' -W sudo",
        "command -v sudo",
        "test -e /usr/bin/sudo",
        "stat -Lc %a /usr/bin/su",
        "getent group sudo",
        "grep -c sudo /etc/group",
    ],
)
def test_looking_at_sudo_is_not_using_it(text: str) -> None:
    assert not Elevation(name="web1").check(text)


@pytest.mark.parametrize(
    "text", ["cat /etc/sudoers", "ls /etc/sudoers.d", "echo result", "stat /var/lib/sudoku", "sum x"]
)
def test_other_words_are_not_looked_at(text: str) -> None:
    assert not mentions_a_way_up(text)


def test_another_become_method_is_no_way_up() -> None:
    elevation = Elevation(name="web1", listed=LISTED, method="doas")
    with pytest.raises(NotVerifiedError, match="ansible_become_method 'doas'"):
        elevation.check("sudo -n id -u")


@pytest.fixture
def host(make_account: Any, ssh_server: Any) -> Iterator[Callable[..., CheckedHost]]:
    """Connect as an account with these lines in sudoers, and these commands in the inventory."""
    if shutil.which("sudo") is None:
        pytest.skip("no sudo on this machine; install sudo")
    rules: list[Path] = []
    pools: list[HostPool] = []

    def make(*allowed: str, listed: tuple[str, ...] = LISTED, password: str = "", given: str = "") -> CheckedHost:
        account = make_account(password=password)
        rule = Path("/etc/sudoers.d") / account.name
        rules.append(rule)
        rule.write_text("".join(f"{account.name} ALL=(root) {line}\n" for line in allowed))
        rule.chmod(0o440)
        subprocess.run(["visudo", "-cqf", str(rule)], check=True)
        address = replace(ssh_server.address_of(account), sudo=listed, become_password=given)
        pools.append(HostPool({"web1": address}))
        return pools[-1].connect("web1")

    yield make
    for pool in pools:
        pool.close()
    for rule in rules:
        rule.unlink(missing_ok=True)


def test_a_listed_command_runs_as_root_and_nothing_else_does(host: Any) -> None:
    web = host("NOPASSWD: /usr/bin/id -u, /usr/bin/stat *")
    assert web.check_output("id -u") != "0"
    assert web.check_output("sudo -n id -u") == "0"
    assert web.check_output("sudo -n stat -c %U /etc/shadow") == "root"
    with pytest.raises(GuardError, match="not listed"):
        web.run("sudo -n id -g")
    with pytest.raises(GuardError, match="not listed"):
        web.run("sudo -n touch /root/x")


def test_what_sudoers_does_not_allow_is_not_verified_and_names_the_right_to_grant(host: Any) -> None:
    web = host("NOPASSWD: /usr/bin/id -u")
    with pytest.raises(NotVerifiedError, match=r"grant it in sudoers: ACCOUNT ALL=\(root\) NOPASSWD: stat /etc/shadow"):
        web.run("sudo -n stat /etc/shadow")


def test_a_tool_that_root_does_not_have_is_not_verified(host: Any) -> None:
    web = host("NOPASSWD: ALL", listed=("surely-no-such-tool",))
    with pytest.raises(NotVerifiedError, match="install it"):
        web.run("sudo -n surely-no-such-tool")


def test_testinfras_own_sudo_runs_listed_commands_and_no_root_shell(host: Any) -> None:
    web = host("NOPASSWD: /usr/bin/stat *")
    with pytest.raises(NotVerifiedError, match="sudo -n"):
        web.file("/etc/shadow").sha256sum  # noqa: B018
    with web.sudo():
        assert web.file("/etc/shadow").mode == 0o640
        with pytest.raises(GuardError, match="not listed"):
            web.run("cat /etc/shadow")
        with pytest.raises(GuardError, match="single commands"):
            web.run("stat /etc/shadow; id")
        with web.sudo("root"), pytest.raises(GuardError):
            web.run("stat /etc/shadow")
    assert web.check_output("id -u") != "0"


def test_the_password_of_the_inventory_is_given_to_sudo_and_to_nobody_else(host: Any) -> None:
    web = host(
        "/usr/bin/id -u, /usr/bin/stat *, /usr/bin/ps *",
        password=PASSWORD,
        given=PASSWORD,
        listed=(*LISTED, "/usr/bin/ps -eww -o args"),
    )
    assert web.check_output("sudo -n id -u") == "0"
    shown = web.run("sudo -n ps -eww -o args")
    assert shown.rc == 0
    assert "ps -eww -o args" in shown.stdout
    assert "battery" not in shown.stdout + shown.stderr
    with pytest.raises(GuardError, match="by itself"):
        web.run("sudo -n id -u | head -1")
    assert web.run("cat").stdout == ""


def test_a_password_that_nobody_asks_for_goes_nowhere(host: Any) -> None:
    web = host("NOPASSWD: /usr/bin/cat", password=PASSWORD, given=PASSWORD, listed=("/usr/bin/cat",))
    result = web.run("sudo -n cat")
    assert (result.rc, result.stdout) == (0, "")


def test_a_wrong_password_is_tried_once_and_a_missing_one_is_named(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    web = host("/usr/bin/id -u", password=PASSWORD, given="wrong")
    sent: list[str] = []
    submit = web.backend.channel.submit

    def watch(command: Command) -> Any:
        sent.append(command.secret)
        return submit(command)

    monkeypatch.setattr(web.backend.channel, "submit", watch)
    for _ in range(3):
        with pytest.raises(NotVerifiedError, match="password"):
            web.run("sudo -n id -u", limit=30)
    assert sent == ["", "wrong", "", ""]
    with pytest.raises(NotVerifiedError, match="ansible_become_password"):
        host("/usr/bin/id -u", password=PASSWORD).run("sudo -n id -u")


def test_the_password_is_in_no_representation(ssh_server: Any) -> None:
    assert "battery" not in repr(replace(ssh_server.address, become_password=PASSWORD))


def test_a_command_of_root_that_hangs_gives_no_answer_and_holds_nobody_up(host: Any) -> None:
    duration = 1_000_000 + secrets.randbelow(10**9)
    web = host("NOPASSWD: /usr/bin/sleep *", listed=("/usr/bin/sleep *",))
    started = time.monotonic()
    with pytest.raises(TimedOutError, match="root"):
        web.run(f"sudo -n sleep {duration}", limit=1)
    assert time.monotonic() - started < 45
    assert web.run("echo still here").stdout == "still here\n"
    commands = ""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        commands = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
        if f"sleep {duration}" not in commands:
            break
        time.sleep(0.1)
    assert f"sleep {duration}" not in commands, "sudo passes the signal on"
