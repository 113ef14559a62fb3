"""`signoff restore-test` where it must not run: nothing is begun, and what it says names the reason."""

from __future__ import annotations

import socket
import stat
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.backups.restore.conftest import Source
    from tests.backups.restore.lab import Lab

SCRATCH_ALIAS = {"ansible_connection": "local", "ansible_host": "10.1.2.3"}


def _nothing(_: Lab) -> None:
    pass


def _without_window(lab: Lab) -> None:
    lab.policy["change_windows"] = []


def _window_for_something_else(lab: Lab) -> None:
    lab.policy["change_windows"][0]["purposes"] = ["load"]


def _longer_than_the_window(lab: Lab) -> None:
    lab.set(within="3h")


def _beside_a_database(lab: Lab) -> None:
    lab.set(host="db1")
    lab.services["shop-db"] |= {"host": "db1.test"}


def _at_a_databases_address(lab: Lab) -> None:
    lab.services["shop-db"] |= {"host": _own_address()}


def _own_address() -> str:
    """Return an address of this machine that a host of the network could have."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.connect(("192.0.2.1", 9))  # Nothing is sent.
        except OSError:
            pytest.skip("needs a network interface beside loopback")
        return str(one.getsockname()[0])


def _inside_a_data_directory(lab: Lab) -> None:
    (lab.folder / "PG_VERSION").write_text("17\n")


def _writable_by_others(lab: Lab) -> None:
    lab.scratch.chmod(0o777)


def _no_room(lab: Lab) -> None:
    lab.set(room=1e12)


def _no_server(lab: Lab) -> None:
    lab.set(programs="/nonexistent")


def _no_decryption(lab: Lab) -> None:
    lab.set(decrypt=["no-such-program", "-d"])


def _no_scratch(lab: Lab) -> None:
    del lab.backup["restore"]["scratch"]


def _no_contents(lab: Lab) -> None:
    (lab.backups / "shop-1.bin.json").unlink()


def _md5_only(lab: Lab) -> None:
    lab.backup["digest"] = "md5"


def _passphrase_as_a_word(lab: Lab) -> None:
    lab.set(decrypt=["gpg", "--batch", "--passphrase", "made-up", "--decrypt"])


def _name_that_is_a_command(lab: Lab) -> None:
    for one in lab.backups.iterdir():
        one.rename(one.with_name(one.name.replace("shop-1", "shop-$(reboot)")))


def _no_record(lab: Lab) -> None:
    (lab.folder / "file").write_text("")
    lab.backup["restore"]["record"] = str(lab.folder / "file" / "restore.json")


REFUSALS: dict[str, tuple[Callable[[Lab], None], dict[str, Any], str]] = {
    "not said": (_nothing, {"active": False}, "--allow-active"),
    "no window": (_without_window, {}, "no change window for restore"),
    "window for load": (_window_for_something_else, {}, "no change window for restore"),
    "window too short": (_longer_than_the_window, {}, "the change window closes"),
    "another host": (_nothing, {"host": "backup1"}, "not the scratch host"),
    "beside a database": (_beside_a_database, {"host": "db1"}, "shop-db answers on db1"),
    "a database's address": (_at_a_databases_address, {}, "the machine of the database shop-db"),
    "inside a data directory": (_inside_a_data_directory, {}, "data directory of a server"),
    "writable by others": (_writable_by_others, {}, "chmod go-w"),
    "no room": (_no_room, {}, "KiB are free"),
    "no server": (_no_server, {}, "/nonexistent/initdb is not there"),
    "wrong tool": (_no_decryption, {}, "no-such-program is not installed"),
    "no scratch host": (_no_scratch, {}, r"write restore.scratch"),
    "nothing to compare with": (_no_contents, {}, "No such file"),
    "md5 only": (_md5_only, {}, "md5 shows accidents only"),
    "a name in which commands hide": (_name_that_is_a_command, {}, "only backups whose names are letters"),
    "a secret in sight": (_passphrase_as_a_word, {}, "list of processes"),
    "no place for the record": (_no_record, {}, "cannot be written"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_nothing_is_begun_where_it_must_not_be(lab: Lab, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    lab.store(b"PGDMP", '{"name": "orders", "rows": 1, "digest": "ab"}')
    arrange, options, words = REFUSALS[case]
    arrange(lab)

    status, output = lab.run(monkeypatch, **options)

    assert status == 12, output
    assert words in output
    assert "made-up" not in output
    assert not (lab.folder / "restore.json").exists()
    assert lab.leftovers() == []


def _in_group(lab: Lab, group: str) -> None:
    lab.groups[group] = {"scratch1": lab.groups.pop("scratch")["scratch1"]}


def _in_no_group_of_its_own(lab: Lab) -> None:
    _in_group(lab, "tools")


def _used_by_a_service(lab: Lab) -> None:
    lab.services["cache"] = {"kind": "dependency", "sources": ["scratch1"], "host": "127.0.0.1", "port": 1}


def _in_a_used_group(lab: Lab) -> None:
    lab.groups["app"] = {"scratch1": None}
    lab.services["cache"] = {"kind": "dependency", "sources": ["backup1"], "host": "app", "port": 1}


def _at_a_services_url(lab: Lab) -> None:
    lab.groups["scratch"]["scratch1"] = SCRATCH_ALIAS
    lab.services["metrics"] = {
        "kind": "grafana",
        "url": "http://10.1.2.3:3000",
        "token": "made-up",
        "dashboards": ["x"],
    }


def _another_name_of_a_host(lab: Lab) -> None:
    lab.groups["scratch"]["scratch1"] = SCRATCH_ALIAS
    lab.groups["app"] = {"app1": {"ansible_host": "10.1.2.3"}}


def _at_a_hosts_own_address(lab: Lab) -> None:
    lab.groups["app"] = {"app1": {"ansible_host": _own_address()}}


def _where_the_backups_are(lab: Lab) -> None:
    lab.groups = {"scratch": lab.groups["backup"] | lab.groups["scratch"]}
    lab.backup["host"] = "scratch1"


PRODUCTION: dict[str, tuple[Callable[[Lab], None], str]] = {
    "not in the group": (_in_no_group_of_its_own, "scratch1 is none: in production, only a host of the group scratch"),
    "a service's host": (_used_by_a_service, "cache uses scratch1"),
    "in a used group": (_in_a_used_group, "cache uses scratch1 or one of its groups"),
    "a service's URL": (_at_a_services_url, "metrics uses scratch1"),
    "another name of a host": (_another_name_of_a_host, "the same machine as app1"),
    "a host's own address": (_at_a_hosts_own_address, "the machine of app1"),
    "where the backups are": (_where_the_backups_are, "its own backup uses scratch1"),
    "no window": (_without_window, "no change window"),
}


@pytest.mark.parametrize("case", PRODUCTION)
def test_in_production_only_a_host_that_nobody_uses_is_restored_on(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    lab.policy["production"] = True
    lab.store(b"PGDMP", '{"name": "orders", "rows": 1, "digest": "ab"}')
    arrange, words = PRODUCTION[case]
    arrange(lab)

    status, output = lab.run(monkeypatch)

    assert (status, words in output) == (12, True), output
    assert not (lab.folder / "restore.json").exists()


def test_in_production_a_host_of_the_group_that_nothing_uses_will_do(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, source: Source
) -> None:
    lab.policy["production"] = True
    lab.services["other-backup"] = lab.backup | {"pattern": "other-*.bin"}
    backup = lab.store(source.custom, source.contents)

    status, script = lab.run(monkeypatch, "--dry-run", active=False)

    assert (status, lab.leftovers()) == (0, [])
    assert "listen_addresses= " in script
    assert not (lab.folder / "restore.json").exists()

    assert lab.run(monkeypatch)[0] == 0
    assert (lab.record().backup, lab.record().passed) == (backup.name, True)
    assert stat.S_IMODE((lab.folder / "restore.json").stat().st_mode) == 0o644


def test_whoever_has_the_number_of_a_dead_server_lives_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that went down leaves a folder, and after its start the number may be a neighbour's."""
    old = lab.scratch / "restore-test.abcdefgh"
    (old / "data").mkdir(parents=True)
    elsewhere = lab.folder / "elsewhere"
    elsewhere.mkdir()
    (old / "socket").symlink_to(elsewhere)
    (old / "locked").mkdir(mode=0o500)
    lab.store(b"PGDMP", '{"name": "orders", "rows": 1, "digest": "ab"}')
    lab.set(decrypt=["false"])
    with subprocess.Popen(["sleep", "600"]) as neighbour:
        try:
            (old / "data" / "postmaster.pid").write_text(f"{neighbour.pid}\n{old}/data\n")

            status, output = lab.run(monkeypatch)

            alive = neighbour.poll() is None
        finally:
            neighbour.kill()
    assert (status, alive, elsewhere.exists(), lab.leftovers()) == (1, True, True, []), output
