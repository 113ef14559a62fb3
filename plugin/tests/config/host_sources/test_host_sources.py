"""Other sources of hosts: which there are, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.config.ansible_json import is_dynamic
from signoff.errors import ConfigError
from tests.config.host_sources.conftest import INI, SCRIPT, script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory


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
    script(folder, SCRIPT)
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


def test_a_mistake_of_a_group_is_told_once(folder: Path, read: Callable[..., Inventory]) -> None:
    """With the group that has it."""
    (folder / "hosts.ini").write_text(INI.replace('"cpus"', '"cpu"'))
    with pytest.raises(ConfigError) as caught:
        read()
    (problem,) = caught.value.problems
    assert str(problem).endswith("hosts.ini:1:1: web.signoff.spec.cpu: unknown key (did you mean 'cpus'?)")


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
