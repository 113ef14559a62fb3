"""Digests and secrets of other sources of hosts: what a change is, and what Ansible Vault keeps."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from signoff.errors import ConfigError
from tests.config.host_sources.conftest import BIN, INI, PATH, SCRIPT, script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory


def test_a_changed_definition_changes_the_digest(folder: Path, read: Callable[..., Inventory]) -> None:
    """Of that host; not a changed secret, nor a changed value of a reference."""
    path = folder / "hosts.ini"
    path.write_text(INI)
    before = read().hosts
    path.write_text(INI.replace("open-sesame", "another-one"))
    assert read({"SSH_USER": "lee"}).hosts["web1"].sha256 == before["web1"].sha256
    path.write_text(INI.replace("8080", "8081"))
    after = read().hosts
    assert after["web1"].sha256 != before["web1"].sha256
    assert after["db1"].sha256 == before["db1"].sha256
    path.write_text(INI.replace('"cpus": 2', '"cpus": 4'))
    assert read().hosts["web1"].sha256 != before["web1"].sha256


def test_no_digest_holds_a_secret(folder: Path, read: Callable[..., Inventory]) -> None:
    """At whatever depth: it could be guessed from it."""
    (folder / "hosts.ini").write_text("a\n")

    def digest(**variables: object) -> str:
        listed = {"_meta": {"hostvars": {"a": variables}}, "web": {"hosts": ["a"]}}
        return read(answered=json.dumps({"listed": listed, "by_group": None})).hosts["a"].sha256

    assert digest(db=[{"password": "one"}]) == digest(db=[{"password": "two"}])
    assert digest(db=[{"port": 1}]) != digest(db=[{"port": 2}])


def test_what_a_cloud_changes_by_itself_is_no_changed_definition(folder: Path, read: Callable[..., Inventory]) -> None:
    """Of a dynamic source, only how to connect and what is asked count."""
    script(folder, SCRIPT)
    before = read().hosts["w1"].sha256
    script(folder, SCRIPT.replace("SINCE", "today"))
    assert read().hosts["w1"].sha256 == before
    script(folder, SCRIPT.replace("192.0.2.1", "192.0.2.9"))
    assert read().hosts["w1"].sha256 != before


def _vault(folder: Path, *arguments: str) -> str:
    command = [str(BIN / "ansible-vault"), *arguments, "--vault-password-file", str(folder / "key.txt")]
    environ = {"PATH": PATH, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout


def test_encrypted_files_are_read_with_the_vaults_password(folder: Path, read: Callable[..., Inventory]) -> None:
    """Ansible decrypts them; the values are known as secrets, and no digest holds them."""
    (folder / "key.txt").write_text("vault-key\n")
    (folder / "hosts.ini").write_text("[web]\nw1\n")
    (folder / "group_vars").mkdir()
    path = folder / "group_vars" / "web.yml"
    path.write_text("ansible_password: deep-secret\nsite: seoul\n")
    _vault(folder, "encrypt", str(path))
    with pytest.raises(ConfigError, match="no vault secrets found"):
        read()
    inventory = read({"ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "key.txt")})
    assert inventory.hosts["w1"].variables["ansible_password"] == "deep-secret"
    assert inventory.secrets == {"deep-secret"}
    assert "deep-secret" not in repr(inventory)


def test_a_single_encrypted_value_cannot_be_used_for_a_connection(folder: Path, read: Callable[..., Inventory]) -> None:
    """`ansible-inventory` does not decrypt it: said clearly, where it is needed; elsewhere it does not matter."""
    (folder / "key.txt").write_text("vault-key\n")
    text = _vault(folder, "encrypt_string", "deep-secret", "--name", "NAME")
    (folder / "hosts").mkdir()
    path = folder / "hosts" / "servers.yml"
    for name, says in (("db_password", ""), ("ansible_password", "w1.ansible_password: is encrypted by Ansible Vault")):
        inner = "\n".join(f"        {line}" for line in text.replace("NAME", name).splitlines())
        path.write_text(f"web:\n  hosts:\n    w1:\n{inner}\n")
        if not says:
            assert list(read({"ANSIBLE_VAULT_PASSWORD_FILE": str(folder / "key.txt")}).hosts) == ["w1"]
            continue
        with pytest.raises(ConfigError) as caught:
            read()
        assert says in str(caught.value)
