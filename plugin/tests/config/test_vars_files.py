"""Variables beside the inventory, groups and their order, and mistakes where they stand."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.config.inventory import Inventory

HOSTS = "all:\n  children:\n    web: {hosts: {web1: , web2.example.com: }}\n    dbs: {hosts: {db1: }}\n"


@pytest.fixture
def beside(tmp_path: Path) -> Callable[..., None]:
    """Return the function `beside(name, text)` that writes a file below the inventory's folder."""

    def write(name: str, text: str) -> None:
        path = tmp_path / "inventory" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    return write


def test_files_add_variables_and_settings(load: Callable[..., Inventory], beside: Callable[..., None]) -> None:
    """Files or folders of files, with or without an ending, references replaced, settings merged from group to host."""
    beside("group_vars/all.yml", "site: seoul\nsignoff: {spec: {cpus: 2, disk_free: 0.3}}\n")
    beside("group_vars/web/10-users", "ansible_user: ${WEB_USER}\n")
    beside("group_vars/web/20-more.yaml", "signoff: {libraries: [/bin/a]}\n")
    beside("group_vars/web/.hidden.yml", "no: [yaml\n")
    beside("group_vars/README.md", "# words\n")
    beside("host_vars/web2.example.com.yml", "signoff: {spec: {cpus: 8}}\n")
    hosts = load({"hosts.yaml": HOSTS}, {"WEB_USER": "kim"}).hosts
    assert dict(hosts["web1"].variables) == {"site": "seoul", "ansible_user": "kim"}
    assert dict(hosts["db1"].variables) == {"site": "seoul"}
    first, second = hosts["web1"].settings, hosts["web2.example.com"].settings
    assert first.spec is not None
    assert second.spec is not None
    assert (first.spec.cpus, first.spec.disk_free, first.libraries) == (2, 0.3, ("/bin/a",))
    assert (second.spec.cpus, second.spec.disk_free, second.libraries) == (8, 0.3, ("/bin/a",))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("group_vars/wbe.yml", "a: 1\n", "group_vars/wbe.yml:1:1: no group is called 'wbe' (did you mean 'web'?)"),
        ("host_vars/db2", "a: 1\n", "host_vars/db2:1:1: no host is called 'db2' (did you mean 'db1'?)"),
        ("group_vars/web/a.yml", "signoff:\n  specs: {}\n", "group_vars/web/a.yml:2:3: signoff.specs: unknown key"),
        ("host_vars/db1.yml", "signoff: {spec: {cpus: x}}\n", "host_vars/db1.yml:1:18: signoff.spec.cpus: "),
        ("host_vars/db1.yml", "ansible_port: x\n", "host_vars/db1.yml:1:1: ansible_port: not a port"),
        ("group_vars/web.yml", "- a\n", "group_vars/web.yml:1:1: must be a mapping of names to values"),
        ("group_vars/web.yml", "a: [1\n", "group_vars/web.yml:2:1: not YAML"),
        ("group_vars/web.yml", "a: 1\na: 2\n", "group_vars/web.yml:2:1: a: stands twice"),
        ("group_vars/web.yml", "a: ${NONE}\n", "group_vars/web.yml:1:1: a: ${NONE} is not set"),
        ("group_vars/web.yml", "$ANSIBLE_VAULT;1.1;AES256\n6332\n", "group_vars/web.yml:1:1: is encrypted by Ansible"),
        ("group_vars/web.yml", "a: !vault |\n  $ANSIBLE_VAULT\n", "move the inventory into a folder hosts/"),
        ("group_vars/web.yml", "ansible_host: '{{ ip }}'\n", "group_vars/web.yml:1:1: ansible_host: is a template"),
        ("group_vars/web.yml", "signoff: {source: ['{{ app }}/x']}\n", "signoff.source.0: is a template"),
        ("group_vars/web.yml", "ansible_user: [a]\n", "ansible_user: must be a single value"),
    ],
)
def test_a_mistake_in_a_file_stands_where_it_was_made(
    refused: Callable[..., list[str]], beside: Callable[..., None], name: str, text: str, says: str
) -> None:
    """File, line and column, once."""
    beside(name, text)
    problems = refused({"hosts.yaml": HOSTS})
    assert len(problems) == 1, problems
    assert says in problems[0]


def test_two_files_for_one_group_are_refused(refused: Callable[..., list[str]], beside: Callable[..., None]) -> None:
    """Ansible reads one of them and says nothing."""
    beside("group_vars/web.yml", "a: 1\n")
    beside("group_vars/web/main.yml", "a: 2\n")
    (problem,) = refused({"hosts.yaml": HOSTS})
    assert "variables of group 'web' stand in web and web.yml (keep one of them)" in problem


def test_files_are_part_of_the_digests(load: Callable[..., Inventory], beside: Callable[..., None]) -> None:
    """Of the hosts that they are about, and of the environment; a changed value of a reference is no change."""
    bare = load({"hosts.yaml": HOSTS})
    beside("group_vars/web.yml", "ansible_port: ${PORT}\n")
    one, other = (load({"hosts.yaml": HOSTS}, {"PORT": port}) for port in ("1001", "1002"))
    assert one.hosts["web1"].address != other.hosts["web1"].address
    assert one.hosts["web1"].sha256 == other.hosts["web1"].sha256 != bare.hosts["web1"].sha256
    assert one.hosts["db1"].sha256 == bare.hosts["db1"].sha256
    assert one.sha256 == other.sha256 != bare.sha256


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: {vars: {ansible_group_priority: high}, hosts: {x: }}\n", "ansible_group_priority: not a whole number"),
        ("a: {children: {all: {hosts: {x: }}}}\n", "group 'all' contains itself"),
        ("a: {children: {ungrouped: {hosts: {x: }}}}\n", "ungrouped has no groups below it or above it"),
        ("ungrouped: {children: {a: {hosts: {x: }}}}\n", "ungrouped has no groups below it or above it"),
        ("all: {hosts: {'${NAME}': {a: 1}}}\n", "stands below a name that is a reference"),
        ("all: {hosts: {'w[1:9999]x[1:9999]': }}\n", "a range of more than 10000 hosts"),
        ("all: {hosts: {'w[01:9]': }}\n", "ends of different length"),
        ("all: {hosts: {'w[1:99999999999999999999]': }}\n", "not a host range"),
    ],
)
def test_what_ansible_would_misread_is_refused(refused: Callable[..., list[str]], text: str, says: str) -> None:
    """With place and hint."""
    problems = refused({"hosts.yaml": text}, {"NAME": "x"})
    assert any(says in problem for problem in problems), problems


def test_ports_may_stand_behind_names(load: Callable[..., Inventory]) -> None:
    """Of ranges too; a variable wins, and an address of IPv6 has no port."""
    text = "all: {hosts: {'w[1:2]:2222': , 'x:2222': {ansible_port: 22}, '::1': }}\n"
    hosts = load({"hosts.yaml": text}).hosts
    assert {name: host.variables.get("ansible_port") for name, host in hosts.items()} == {
        "w1": 2222,
        "w2": 2222,
        "x": 22,
        "::1": None,
    }


def test_ungrouped_hosts_have_a_group_of_their_own(load: Callable[..., Inventory]) -> None:
    """As in Ansible: not those that are in another group as well."""
    text = "all: {hosts: {a: , b: }}\nungrouped: {hosts: {c: , b: }, vars: {v: 1}}\nweb: {hosts: {b: }}\n"
    loaded = load({"hosts.yaml": text})
    assert loaded.groups["ungrouped"] == ("c", "a")
    assert [host.name for host in loaded.group("web")] == ["b"]
    assert loaded.hosts["b"].variables == {}
    assert loaded.hosts["a"].variables == {"v": 1}
    assert loaded.groups["all"] == ("a", "b", "c")


def test_five_thousand_hosts_are_read_in_no_time(load: Callable[..., Inventory]) -> None:
    """As a range, and each with variables and settings of its own."""
    lines = [f"    web{n}: {{ansible_host: h{n}, signoff: {{spec: {{cpus: {n % 8 + 1}}}}}}}" for n in range(5_000)]
    for text in ("all: {hosts: {'web[0001:5000]': }}\n", "\n".join(["all:", "  hosts:", *lines, ""])):
        started = time.process_time()
        inventory = load({"hosts.yaml": text})
        assert time.process_time() - started < 8
        assert len(inventory.group("all")) == 5_000


SECRET_NAMES = ["db_password", "ansible_become_pass", "token", "api-key", "app_secret", "signing_key", "PASSWORD"]
OPEN_NAMES = ["ssh_public_key", "ansible_ssh_private_key_file", "keyboard", "passage", "tokens"]


def test_values_under_the_names_of_secrets_are_known(load: Callable[..., Inventory]) -> None:
    """At whatever depth; they are what every artifact is searched for."""
    entries = {name: f"value-of-{name}" for name in (*SECRET_NAMES, *OPEN_NAMES)}
    nested: dict[str, Any] = {"outer": [{"db_password": "nested-value"}], **entries}
    text = "all: {hosts: {a: " + str(nested).replace("'", '"') + "}}\n"
    inventory = load({"hosts.yaml": text})
    assert inventory.secrets == {"nested-value", *(f"value-of-{name}" for name in SECRET_NAMES)}
