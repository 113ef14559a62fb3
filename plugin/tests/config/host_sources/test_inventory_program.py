"""`ansible-inventory`: asked with nothing of ours in its environment, bounded, and read strictly."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config import ansible_program
from signoff.errors import ConfigError
from tests.config.host_sources.conftest import INI, SCRIPT, script

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.inventory import Inventory


def test_a_missing_program_is_named(
    folder: Path, read: Callable[..., Inventory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    (folder / "hosts.ini").write_text(INI)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ConfigError) as caught:
        read({"PATH": "/usr/bin:/bin"})
    assert "hosts.ini:1:1: is read by ansible-inventory, which is not installed" in str(caught.value)
    assert "pip install 'pytest-signoff[ansible]'" in str(caught.value)


def test_a_broken_source_shows_what_ansible_says(folder: Path, read: Callable[..., Inventory]) -> None:
    """Ansible itself would warn, and go on without those hosts."""
    (folder / "hosts").mkdir()
    (folder / "hosts" / "good.ini").write_text("[web]\nw1\n")
    (folder / "hosts" / "bad.yml").write_text("web: {hosts: [1\n")
    with pytest.raises(ConfigError, match="ansible-inventory ended with status 1") as caught:
        read()
    assert "bad.yml" in str(caught.value)


def test_no_secret_is_in_what_is_shown(
    folder: Path, read: Callable[..., Inventory], program: Callable[[str], dict[str, str]]
) -> None:
    """Neither one of ours nor what looks like one."""
    (folder / "hosts.ini").write_text(INI)
    (folder / ".env").write_text("MAIL=kept-secret\n")
    environ = program("echo 'at line 3: kept-secret, password: hunter2222' >&2; exit 3")
    with pytest.raises(ConfigError, match="status 3") as caught:
        read(environ)
    assert "kept-secret" not in str(caught.value)
    assert "hunter2222" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("hello", "did not answer in JSON"),
        ("", "did not answer in JSON"),
        ('{"_meta": {"hostvars": {"a": {"x": NaN}}}}', "did not answer in JSON"),
        ("[]", "something that is no inventory"),
        ('{"web": {"hosts": ["a"]}}', "something that is no inventory (at listed._meta)"),
        ('{"_meta": {"hostvars": {}}, "web": {"hosts": "a"}}', "no inventory (at listed.web.hosts"),
        ('{"_meta": {"hostvars": {}}, "web": {"hosts": [1]}}', "no inventory (at listed.web.hosts"),
        ('{"_meta": {"hostvars": {}}, "web": {"host": ["a"]}}', "no inventory (at listed.web.host"),
        ('{"_meta": {"hostvars": {}}}', "names no host"),
        ('{"_meta": {"hostvars": {"a": {"ansible_port": 0}}}, "web": {"hosts": ["a"]}}', "a.ansible_port: not a port"),
        ('{"_meta": {"hostvars": {"a": {"ansible_user": "${NONE}"}}}, "web": {"hosts": ["a"]}}', "${NONE} is not set"),
        (
            '{"_meta": {"hostvars": {"a": {"ansible_password": {"__ansible_vault": "x"}}}}, "web": {"hosts": ["a"]}}',
            "a.ansible_password: is encrypted by Ansible Vault",
        ),
    ],
)
def test_an_answer_is_read_strictly(
    folder: Path, read: Callable[..., Inventory], program: Callable[[str], dict[str, str]], answer: str, says: str
) -> None:
    """What is no inventory is a mistake, not an empty one."""
    (folder / "hosts.ini").write_text("x\n")
    with pytest.raises(ConfigError) as caught:
        read(program(f"cat <<'END'\n{answer}\nEND"))
    assert says in str(caught.value)


def test_the_program_sees_its_own_settings_only(
    folder: Path, read: Callable[..., Inventory], program: Callable[[str], dict[str, str]]
) -> None:
    """Secrets of the release are not its business; credentials of clouds are."""
    (folder / "hosts.ini").write_text("x\n")
    answer = '{"_meta": {"hostvars": {}}, "web": {"hosts": ["a"]}}'
    environ = program(f"env > {folder}/seen; echo '{answer}'")
    read(
        {
            **environ,
            "PROD_DB_PASSWORD": "secret",
            "AWS_PROFILE": "prod",
            "https_proxy": "http://p",
            "ANSIBLE_CONFIG": "c",
        }
    )
    seen = dict(line.partition("=")[::2] for line in (folder / "seen").read_text().splitlines())
    assert {"AWS_PROFILE", "https_proxy", "ANSIBLE_CONFIG", "HOME"} <= seen.keys()
    assert {"PROD_DB_PASSWORD", "SSH_USER"} & seen.keys() == set()
    assert seen["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"] == "1"


def test_a_program_that_does_not_end_is_ended(
    folder: Path,
    read: Callable[..., Inventory],
    program: Callable[[str], dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With everything that it started."""
    (folder / "hosts.ini").write_text("x\n")
    environ = program(f"sleep 600 & echo $! > {folder}/number; wait")
    monkeypatch.setattr(ansible_program, "LIMIT", 10)  # enough for a shell to begin, however busy the machine
    with pytest.raises(ConfigError, match="did not answer within 10 s"):
        read(environ)
    number = int((folder / "number").read_text())
    deadline = time.monotonic() + 30
    while _lives(number):
        assert time.monotonic() < deadline, "what it started goes on"
        time.sleep(0.05)


def _lives(number: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_an_answer_that_is_there_is_not_asked_for_again(folder: Path, read: Callable[..., Inventory]) -> None:
    """Other processes of one run take the first one's."""
    path = script(folder, SCRIPT)
    first = read()
    path.write_text("#!/bin/sh\nexit 1\n")
    again = read(answered=first.answered)
    assert again.hosts == first.hosts
    assert again.sha256 == first.sha256
    assert os.access(path, os.X_OK)
