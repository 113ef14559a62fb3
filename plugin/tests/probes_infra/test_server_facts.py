"""Size and space of servers, as Linux distributions and other systems print them."""

from __future__ import annotations

import os
import shutil
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.facts import parse_facts, read_facts

LINUX = """\
@@os
Linux 6.1.0-18-amd64
@@cpus
8
@@memory
MemTotal:       16384000 kB
MemFree:          123456 kB
@@mounts
proc /proc proc rw 0 0
/dev/sda1 / ext4 rw 0 0
tmpfs /run tmpfs rw 0 0
/dev/sdb1 /srv/my\\040data xfs rw 0 0
/dev/loop0 /snap/core/1 squashfs ro 0 0
/dev/sdc1 /btr btrfs rw 0 0
overlay /var/lib/docker/overlay2/x/merged overlay rw 0 0
@@space
Filesystem     1024-blocks    Used Available Capacity Mounted on
/dev/sda1          1000000  700000    200000      78% /
tmpfs               500000       0    500000       0% /run
/dev/sdb1          2000000  200000   1800000      10% /srv/my data
/dev/loop0           60000   60000         0     100% /snap/core/1
/dev/sdc1          1000000  100000    900000      10% /btr
overlay            1000000  700000    200000      78% /var/lib/docker/overlay2/x/merged
@@inodes
Filesystem      Inodes   IUsed    IFree IUse% Mounted on
/dev/sda1        65536   60000     5536   92% /
/dev/sdb1       100000       0   100000    0% /srv/my data
/dev/sdc1            0       0        0     - /btr
"""
DARWIN = """\
@@os
Darwin 23.4.0
@@cpus
10
@@memory
17179869184
@@mounts
/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
@@space
Filesystem     1024-blocks      Used Available Capacity  Mounted on
/dev/disk3s1s1   971350180   9478640 500000000     2%    /
devfs                  205       205         0   100%    /dev
@@inodes
Filesystem     512-blocks     Used Available Capacity iused ifree %iused  Mounted on
/dev/disk3s1s1 1942700360 18957280 1000000000     2%   403755 4294563524    0%   /
"""


def test_this_machine_is_described(here: Any) -> None:
    facts = read_facts(here)
    assert facts.cpus == os.cpu_count()
    root = next(disk for disk in facts.file_systems if disk.mount == "/")
    usage = shutil.disk_usage("/")
    assert root.free == pytest.approx(usage.free / (usage.free + usage.used), abs=0.02)
    assert facts.memory > 2**28


def test_linux_reports_storage_only() -> None:
    facts = parse_facts(LINUX)
    assert (facts.system, facts.cpus, facts.memory) == ("Linux 6.1.0-18-amd64", 8, 16_384_000 * 1024)
    disks = {disk.mount: disk for disk in facts.file_systems}
    assert disks.keys() == {"/", "/srv/my data", "/btr"}
    assert disks["/"].free == pytest.approx(200 / 900)
    assert disks["/"].inodes_free == pytest.approx(5536 / 65536)
    assert disks["/btr"].inodes_free is None
    assert disks["/srv/my data"].type == "xfs"


def test_a_mount_that_was_asked_for_is_reported_whatever_its_type() -> None:
    assert "/run" in {disk.mount for disk in parse_facts(LINUX, mounts=("/run",)).file_systems}


def test_other_systems_have_unknown_inodes() -> None:
    facts = parse_facts(DARWIN)
    assert (facts.cpus, facts.memory) == (10, 16 * 2**30)
    assert [(disk.mount, disk.inodes_free) for disk in facts.file_systems] == [("/", None)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no file system seen"),
        (LINUX.replace("/dev/sd", "/dev/").partition("@@space")[0] + "@@space\nsh: df: not found\n", "df: not found"),
        (LINUX.replace("\n8\n", "\nsh: getconf: not found\n"), "cpus could not be read: sh: getconf"),
        (LINUX.replace("MemTotal", "Permission denied"), "memory could not be read"),
    ],
)
def test_a_missing_number_is_no_evidence(text: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        parse_facts(text)
