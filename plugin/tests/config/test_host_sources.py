"""Other sources of hosts: read by `ansible-inventory`, strictly, with nothing of ours in its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config import ansible_program
from signoff.config.ansible_json import is_dynamic
from signoff.config.inventory import load_inventory
from signoff.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist

BIN = Path(sys.executable).parent
PATH = f"{BIN}:/usr/bin:/bin"
INI = """\
[web]
web[1:2] ansible_user=${SSH_USER} app_port=8080 db_password=open-sesame
[web:vars]
signoff={"spec": {"cpus": 2}}
[dbs]
db1 ansible_port=2222
"""
SCRIPT = """\
#!/bin/sh
cat <<'END'
{"_meta": {"hostvars": {"w1": {"ansible_host": "192.0.2.1", "started": "SINCE", "note": "${HOME}"}}}, "web": ["w1"]}
END
"""


@pytest.fixture
def folder(tmp_path: Path, load: Callable[..., Inventory]) -> Path:
    """Return an environment's folder without hosts."""
    load()
    (tmp_path / "inventory" / "hosts.yaml").unlink()
    return tmp_path / "inventory"


@pytest.fixture
def read(folder: Path, checklist: Checklist) -> Callable[..., Inventory]:
    """Return the function `read(environ, answered="")` that loads the environment."""

    def read_(environ: Mapping[str, str] | None = None, *, answered: str = "") -> Inventory:
        given = {"PATH": PATH, "HOME": str(folder), "SSH_USER": "kim", **(environ or {})}
        return load_inventory(folder, checklist, given, answered=answered)

    return read_


@pytest.fixture
def program(tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Return the function `program(text)`: an environment in which `ansible-inventory` is that shell script."""

    def write(text: str) -> dict[str, str]:
        path = tmp_path / "bin" / "ansible-inventory"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return {"PATH": f"{path.parent}:/usr/bin:/bin"}

    return write


def _script(folder: Path, text: str, name: str = "hosts.sh") -> Path:
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", ["hosts.ini", "hosts", "hosts/servers"])
def test_an_ini_inventory_is_read(folder: Path, read: Callable[..., Inventory], name: str) -> None:
    """Under whatever name Ansible's users give it; settings and references work as in YAML."""
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(INI)
    inventory = read()
    assert list(inventory.hosts) == ["web1", "web2", "db1"]
    assert inventory.groups["web"] == ("web1", "web2")
    first = inventory.hosts["web1"]
    assert first.settings.spec is not None
    assert (first.settings.spec.cpus, first.variables["ansible_user"]) == (2, "kim")
    assert first.groups == ("all", "web")
    assert inventory.hosts["db1"].address == "db1:2222"
    assert inventory.secrets == {"open-sesame"}


def test_folders_of_variables_are_read_with_other_sources_too(folder: Path, read: Callable[..., Inventory]) -> None:
    """By Ansible itself."""
    (folder / "hosts.ini").write_text(INI)
    (folder / "group_vars").mkdir()
    (folder / "group_vars" / "web.yml").write_text("site: seoul\nsignoff: {spec: {disk_free: 0.4}}\n")
    spec = read().hosts["web2"].settings.spec
    assert spec is not None
    assert spec.disk_free == 0.4
    assert read().hosts["web2"].variables["site"] == "seoul"


def test_a_program_is_asked(folder: Path, read: Callable[..., Inventory]) -> None:
    """Its values are data: a reference in a variable that is not ours stays as it is."""
    _script(folder, SCRIPT)
    host = read().hosts["w1"]
    assert host.address == "192.0.2.1"
    assert host.variables["note"] == "${HOME}"


@pytest.mark.parametrize("name", ["hosts.generator.yml", "hosts.yml", "hosts.yaml"])
def test_a_plugin_is_configured_by_a_file(folder: Path, read: Callable[..., Inventory], name: str) -> None:
    """Ansible's own names for such files; `plugin:` tells them from an inventory."""
    text = (
        "plugin: ansible.builtin.generator\nhosts: {name: 'n-{{ z }}', parents: [{name: made}]}\nlayers: {z: [a, b]}\n"
    )
    (folder / name).write_text(text)
    assert read().groups["made"] == ("n-a", "n-b")


def test_the_native_form_has_two_names(folder: Path, read: Callable[..., Inventory]) -> None:
    """Both are read here: no program is asked."""
    (folder / "hosts.yml").write_text("all: {hosts: {a: }}\n")
    inventory = read({"PATH": ""})
    assert (list(inventory.hosts), inventory.answered) == (["a"], "")


def test_two_sources_are_refused(folder: Path, read: Callable[..., Inventory]) -> None:
    """Which one counts would be a guess; samples and copies are no sources."""
    (folder / "hosts.ini").write_text(INI)
    (folder / "hosts.yaml.example").write_text("")
    (folder / "hosts.ini~").write_text("")
    read()
    (folder / "hosts.yaml").write_text("all: {hosts: {a: }}\n")
    with pytest.raises(ConfigError, match=r"several sources of hosts: hosts\.ini, hosts\.yaml \(keep one"):
        read()


def test_without_any_source_the_native_one_is_missing(read: Callable[..., Inventory]) -> None:
    """With what to do."""
    with pytest.raises(ConfigError, match=r"hosts\.yaml:1:1: the file does not exist"):
        read()


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


def test_a_mistake_of_a_group_is_told_once(folder: Path, read: Callable[..., Inventory]) -> None:
    """With the group that has it."""
    (folder / "hosts.ini").write_text(INI.replace('"cpus"', '"cpu"'))
    with pytest.raises(ConfigError) as caught:
        read()
    (problem,) = caught.value.problems
    assert str(problem).endswith("hosts.ini:1:1: web.signoff.spec.cpu: unknown key (did you mean 'cpus'?)")


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
    folder: Path, read: Callable[..., Inventory], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With everything that it started."""
    monkeypatch.setattr(ansible_program, "LIMIT", 3)
    _script(folder, f"#!/bin/sh\necho $$ > {folder}/number\nsleep 60\n")
    with pytest.raises(ConfigError, match="did not answer within 3 s"):
        read()
    number = int((folder / "number").read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{number}").exists() and time.monotonic() < deadline:
        if "\nState:\tZ" in Path(f"/proc/{number}/status").read_text():
            break
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{number}").exists()


# --- digests -----------------------------------------------------------------------------------------------------


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
    _script(folder, SCRIPT)
    before = read().hosts["w1"].sha256
    _script(folder, SCRIPT.replace("SINCE", "today"))
    assert read().hosts["w1"].sha256 == before
    _script(folder, SCRIPT.replace("192.0.2.1", "192.0.2.9"))
    assert read().hosts["w1"].sha256 != before


def test_dynamic_sources_are_told_from_static_ones(tmp_path: Path) -> None:
    """Programs and configurations of plugins, alone or in a folder."""
    (tmp_path / "a.ini").write_text("x\n")
    (tmp_path / "b.yml").write_text("all: {hosts: {a: !vault x}}\n")
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "all.yml").write_text("plugin: not one\n")
    assert not is_dynamic(tmp_path)
    (tmp_path / "c.yml").write_text("plugin: amazon.aws.aws_ec2\n")
    assert is_dynamic(tmp_path / "c.yml")
    assert is_dynamic(tmp_path)


# --- vault -------------------------------------------------------------------------------------------------------


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


# --- one answer for all processes --------------------------------------------------------------------------------


def test_an_answer_that_is_there_is_not_asked_for_again(folder: Path, read: Callable[..., Inventory]) -> None:
    """Other processes of one run take the first one's."""
    path = _script(folder, SCRIPT)
    first = read()
    path.write_text("#!/bin/sh\nexit 1\n")
    again = read(answered=first.answered)
    assert again.hosts == first.hosts
    assert again.sha256 == first.sha256
    assert os.access(path, os.X_OK)
