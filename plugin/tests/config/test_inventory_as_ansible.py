"""The native reader against `ansible-inventory` itself: the same hosts, groups and variables from the same files."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signoff.config.ansible import read_native
from signoff.config.host_source import read_hosts
from signoff.config.yamlfile import raise_problems, read_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.config.ansible import HostsRead

PROGRAM = Path(sys.executable).with_name("ansible-inventory")
GROUPS = [f"g{number}" for number in range(7)]
HOSTS = ["a1", "a2", "a3", "b1", "b2", "lone", "w[01:03]", "p1:2222", "x[a:c]-y"]
NAMES = ["colour", "size", "site", "ansible_shell_type", "extra"]
VALUES = st.one_of(
    st.integers(0, 99),
    st.sampled_from(["red", "green", "two words", ""]),
    st.booleans(),
    st.none(),
    st.lists(st.integers(0, 3), max_size=2),
    st.dictionaries(st.sampled_from(["k", "l"]), st.integers(0, 3), max_size=2),
)
VARIABLES = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=3)


@st.composite
def group_bodies(draw: st.DrawFn, above: int) -> dict[str, Any]:
    """Return the body of a group; its children have greater numbers, so that no group contains itself."""
    body: dict[str, Any] = {}
    for key in draw(st.permutations(["vars", "hosts", "children"])):
        if key == "vars" and draw(st.booleans()):
            body["vars"] = draw(VARIABLES)
            if above >= 0 and draw(st.booleans()):
                body["vars"]["ansible_group_priority"] = draw(st.integers(1, 4))
        elif key == "hosts" and draw(st.booleans()):
            body["hosts"] = draw(st.dictionaries(st.sampled_from(HOSTS), st.none() | VARIABLES, max_size=3))
        elif key == "children" and draw(st.booleans()):
            names = draw(st.lists(st.sampled_from(GROUPS[above + 1 :] or [""]), unique=True, max_size=2))
            body["children"] = {name: draw(group_bodies(GROUPS.index(name))) for name in names if name}
    return body


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, Any]:
    """Return an inventory with at least one host, in any order of its groups."""
    data: dict[str, Any] = {"all": {**draw(group_bodies(-1))}}
    for name in draw(st.lists(st.sampled_from(GROUPS), unique=True, max_size=4)):
        data[name] = draw(group_bodies(GROUPS.index(name)))
    if draw(st.booleans()):
        data["ungrouped"] = {"hosts": {"u1": None, "a1": {"colour": "grey"}}, "vars": draw(VARIABLES)}
    data["all"].setdefault("hosts", {})["always"] = draw(VARIABLES)
    return {name: data[name] for name in draw(st.permutations(list(data)))}


@st.composite
def files(draw: st.DrawFn) -> dict[str, Any]:
    """Return files of variables: name below the inventory's folder to content."""
    found: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(["all", "g1", "g2", "g3"]), unique=True, max_size=3)):
        place = draw(st.sampled_from([f"{name}", f"{name}.yml", f"{name}.yaml", f"{name}/b.yml", f"{name}/c/d"]))
        found[f"group_vars/{place}"] = draw(VARIABLES)
        if place.startswith(f"{name}/"):
            found[f"group_vars/{name}/a.yaml"] = draw(VARIABLES)
    for name in draw(st.lists(st.sampled_from(["always", "a1"]), unique=True, max_size=2)):
        found[f"host_vars/{name}.yml"] = draw(VARIABLES)
    return found


def _write(folder: Path, inventory: Mapping[str, Any], beside: Mapping[str, Any]) -> Path:
    """Write the files; those about groups and hosts that do not exist would be refused, so they are left out."""
    path = folder / "hosts.yaml"
    path.write_text(yaml.safe_dump(dict(inventory), sort_keys=False), encoding="utf-8")
    known = read_native(read_yaml(path), read_yaml(path).data, folder)
    for name, content in beside.items():
        kind, _, inner = name.partition("/")
        about = inner.partition("/")[0].partition(".")[0]
        if about in (known.groups if kind == "group_vars" else known.hosts):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def ask_ansible(path: Path) -> dict[str, Any]:
    """Return what the real program says of the inventory."""
    done = subprocess.run(
        [PROGRAM, "-i", path, "--list"],
        env={"PATH": "/usr/bin:/bin", "HOME": str(path.parent), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _members(answer: Mapping[str, Any], name: str) -> set[str]:
    entry = answer.get(name, {})
    inner = [_members(answer, child) for child in entry.get("children", [])]
    return set(entry.get("hosts", [])).union(*inner)


def _same(read: HostsRead, answer: Mapping[str, Any]) -> None:
    told = answer["_meta"]["hostvars"]
    assert set(read.hosts) == _members(answer, "all")
    assert {name: dict(host.variables) for name, host in read.hosts.items()} == {
        name: told.get(name, {}) for name in read.hosts
    }
    assert {name: set(hosts) for name, hosts in read.groups.items()} == {
        name: _members(answer, name) for name in read.groups
    }
    assert {name for name in answer if name != "_meta"} <= set(read.groups)


def check(inventory: Mapping[str, Any], beside: Mapping[str, Any]) -> None:
    """Compare both readers on one inventory."""
    with tempfile.TemporaryDirectory() as name:
        path = _write(Path(name), inventory, beside)
        read = read_native(read_yaml(path), read_yaml(path).data, path.parent)
        raise_problems(read.documents)
        _same(read, ask_ansible(path))


@given(inventory=inventories(), beside=files())
@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_inventory_reads_as_ansible_reads_it(inventory: dict[str, Any], beside: dict[str, Any]) -> None:
    """Few examples, because the program takes a second for each; all of them are large."""
    check(inventory, beside)


PRECEDENCE = {
    "all": {
        "vars": {"v1": "all", "v2": "all", "v3": "all", "v4": "all", "v5": "all", "v6": "all", "v7": "all"},
        "hosts": {"w1": {"v6": "host", "v7": "host"}},
        "children": {
            "outer": {
                "vars": dict.fromkeys(("v2", "v3", "v4", "v5", "v6", "v7"), "outer"),
                "children": {"inner": {"hosts": {"w1": None}, "vars": {"v3": "inner", "v5": "inner"}}},
            },
            "a_first": {
                "hosts": {"w1": None},
                "vars": {"tie": "a_first", "rank": "a_first", "ansible_group_priority": 5},
            },
            "b_second": {"hosts": {"w1": None}, "vars": {"tie": "b_second", "v3": "b_second"}},
        },
    }
}
FILES = {
    "group_vars/all.yml": {"v4": "file of all", "v5": "file of all"},
    "group_vars/inner/one.yml": {"v5": "file of inner"},
    "group_vars/outer": {"v5": "file of outer"},
    "host_vars/w1.yaml": {"v7": "file of host"},
}


def test_precedence_is_ansibles(tmp_path: Path) -> None:
    """Inventory before files, outer before inner groups, then priority, then name; the host and its file last."""
    path = _write(tmp_path, PRECEDENCE, FILES)
    read = read_native(read_yaml(path), read_yaml(path).data, tmp_path)
    raise_problems(read.documents)
    assert dict(read.hosts["w1"].variables) == {
        "v1": "all",
        "v2": "outer",
        "v3": "inner",
        "v4": "file of all",
        "v5": "file of inner",
        "v6": "host",
        "v7": "file of host",
        "tie": "a_first",
        "rank": "a_first",
    }
    _same(read, ask_ansible(path))


def test_a_folder_of_the_same_file_reads_the_same(tmp_path: Path) -> None:
    """The way through the program and the native one agree, settings included."""
    inventory = {
        "all": {
            "vars": {"signoff": {"spec": {"cpus": 2, "disk_free": 0.3}}, "ansible_user": "${USER_NAME}"},
            "children": {
                "web": {"hosts": {"w[1:2]": {"signoff": {"spec": {"cpus": 8}}}, "w3": None}, "vars": {"v": 1}}
            },
        }
    }
    native, folder = tmp_path / "native", tmp_path / "folder"
    (folder / "hosts").mkdir(parents=True)
    native.mkdir()
    path = _write(native, inventory, {})
    shutil.copy(path, folder / "hosts" / "servers.yaml")
    one = read_hosts(native, Values(), {})
    other = read_hosts(folder, Values(), {"PATH": "/usr/bin:/bin"})
    raise_problems([*one.documents, *other.documents])
    assert list(one.hosts) == list(other.hosts) == ["w1", "w2", "w3"]
    for name, host in one.hosts.items():
        assert other.hosts[name].settings == host.settings
        assert dict(other.hosts[name].variables) == dict(host.variables)
        assert other.hosts[name].groups == host.groups
    spec = other.hosts["w1"].settings.spec
    assert spec is not None
    assert (spec.cpus, spec.disk_free) == (8, 0.3)
    assert one.groups == other.groups


class Values:
    """Values of `${NAME}`."""

    known = frozenset[str]()

    def __call__(self, name: str) -> str | None:
        return {"USER_NAME": "kim"}.get(name)


@pytest.mark.parametrize("name", ["meta", "groups", "model_config", "copy", "hosts"])
def test_any_name_may_be_a_groups(tmp_path: Path, name: str) -> None:
    """Also one that the reader itself uses."""
    (tmp_path / "hosts.ini").write_text(f"[{name}]\nw1\n")
    read = read_hosts(tmp_path, Values(), {"PATH": "/usr/bin:/bin"})
    assert read.groups[name] == ("w1",)
