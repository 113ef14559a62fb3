"""Hosts: Ansible's groups, ranges and variables, and the one mapping of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.config.inventory import Inventory


def _hosts(load: Callable[..., Inventory], text: str) -> Inventory:
    return load({"hosts.yaml": text})


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("web[01:03]", ["web01", "web02", "web03"]),
        ("db[a:c].example", ["dba.example", "dbb.example", "dbc.example"]),
        ("n[1:9:4]", ["n1", "n5", "n9"]),
        ("r[1:2]h[a:b]", ["r1ha", "r1hb", "r2ha", "r2hb"]),
        ("w[9:11]", ["w9", "w10", "w11"]),
    ],
)
def test_ranges_stand_for_hosts(load: Callable[..., Inventory], pattern: str, names: list[str]) -> None:
    """As in Ansible, ends included."""
    assert list(_hosts(load, f"all:\n  hosts:\n    '{pattern}':\n").hosts) == names


@pytest.mark.parametrize("pattern", ["w[3:1]", "w[a:3]", "w[1:]", "w[1", "w[1:99999999]", "w[1:9:0]"])
def test_a_range_that_is_none_is_refused(refused: Callable[..., list[str]], pattern: str) -> None:
    """With its place."""
    (problem,) = refused({"hosts.yaml": f"all:\n  hosts:\n    '{pattern}':\n"})
    assert problem.startswith("hosts.yaml:3:5: ")
    assert "range" in problem


PRECEDENCE = """\
all:
  vars: {who: all, only_all: 1}
  children:
    site:
      vars: {who: site}
      children:
        web: {hosts: {w1: , w2: {who: host}, w3: }}
    b_zone: {vars: {who: b}, hosts: {w1: }}
    a_zone: {vars: {who: a}, hosts: {w1: }}
web: {vars: {color: blue}}
"""


def test_inner_groups_win_over_outer_ones_and_the_host_over_all(load: Callable[..., Inventory]) -> None:
    """At equal depth the later name wins, as in Ansible; a group may stand in two places."""
    hosts = _hosts(load, PRECEDENCE).hosts
    assert hosts["w3"].variables["who"] == "site"
    assert hosts["w1"].variables["who"] == "site"  # `web` is deeper than the zones, and inherits from `site`: depth 1
    assert hosts["w2"].variables["who"] == "host"
    assert {host.variables["color"] for host in hosts.values()} == {"blue"}
    assert {host.variables["only_all"] for host in hosts.values()} == {1}
    assert set(hosts["w1"].groups) == {"all", "site", "web", "a_zone", "b_zone"}


def test_groups_select_hosts_of_their_children_too(load: Callable[..., Inventory]) -> None:
    """`hosts:site` means every host below it."""
    loaded = _hosts(load, PRECEDENCE)
    assert {host.name for host in loaded.group("site")} == {"w1", "w2", "w3"}
    assert loaded.group("nobody") == ()


SETTINGS = """\
all:
  vars:
    signoff: {spec: {cpus: 2, disk_free: 0.3}, libraries: [/bin/a]}
  hosts:
    w1: {signoff: {spec: {cpus: 8}}}
    w2: {signoff: {libraries: [/bin/b]}}
"""


def test_settings_are_merged_from_group_to_host(load: Callable[..., Inventory]) -> None:
    """Mappings are merged to their depth, lists are replaced."""
    hosts = _hosts(load, SETTINGS).hosts
    first, second = hosts["w1"].settings, hosts["w2"].settings
    assert first.spec is not None
    assert (first.spec.cpus, first.spec.disk_free, first.libraries) == (8, 0.3, ("/bin/a",))
    assert second.spec is not None
    assert (second.spec.cpus, second.libraries) == (2, ("/bin/b",))


def test_a_mistake_in_a_group_stands_once_and_where_it_was_made(refused: Callable[..., list[str]]) -> None:
    """Not once for each host of the group."""
    text = SETTINGS.replace("cpus: 2", "cpu: 2").replace("libraries: [/bin/b]", "librarie: [/bin/b]")
    problems = refused({"hosts.yaml": text})
    assert problems == [
        "hosts.yaml:3:22: all.vars.signoff.spec.cpu: unknown key (did you mean 'cpus'?)",
        "hosts.yaml:6:20: all.hosts.w2.signoff.librarie: unknown key (did you mean 'libraries'?)",
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("all:\n  hots: {a: }\n", "hosts.yaml:2:3: all.hots: unknown key of a group (did you mean 'hosts'?)"),
        ("a:\n  children:\n    a: {hosts: {x: }}\n", "hosts.yaml:3:5: a.children.a: group 'a' contains itself"),
        ("a: {children: {b: }}\nb: {children: {a: }}\n", "group 'a' contains itself"),
        ("all: [x]\n", "hosts.yaml:1:1: all: must be a mapping"),
        ("all: {hosts: {a: {ansible_port: abc}}}\n", "not a port"),
        ("all: {hosts: {a: {ansible_port: 70000}}}\n", "not a port"),
        ("all: {hosts: {a: {signoff: [1]}}}\n", "must be a mapping"),
        ("all: {hosts: {cache: }}\n", "'cache' is also a host"),
    ],
)
def test_what_is_no_inventory_is_refused(refused: Callable[..., list[str]], text: str, says: str) -> None:
    """With place and hint."""
    problems = refused({"hosts.yaml": text})
    assert any(says in problem for problem in problems), problems


def test_groups_may_be_called_like_keys(load: Callable[..., Inventory]) -> None:
    """`hosts` and `children` are names like others."""
    loaded = _hosts(load, "all:\n  children:\n    hosts:\n      children: {children: {hosts: {x: }}}\n")
    assert loaded.hosts["x"].groups == ("all", "hosts", "children")


def test_digests_are_over_what_is_written(load: Callable[..., Inventory]) -> None:
    """Another port of a disposable environment is no other definition; another reference is."""
    text = "all: {hosts: {a: {ansible_port: '${PORT}'}, b: {ansible_port: 22}}}\n"
    one = load({"hosts.yaml": text}, {"PORT": "1001"}).hosts
    other = load({"hosts.yaml": text}, {"PORT": "1002"}).hosts
    assert one["a"].address != other["a"].address
    assert one["a"].sha256 == other["a"].sha256
    assert load({"hosts.yaml": text.replace("22", "23")}, {"PORT": "1"}).hosts["b"].sha256 != one["b"].sha256
