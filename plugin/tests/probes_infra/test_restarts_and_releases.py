"""Pending restarts and the end of a release's support, from real answers and recorded ones."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts import sections
from signoff.probes.hosts.os_release import SUPPORT_ENDS, TABLE_OF, parse_os_release, read_os_release
from signoff.probes.hosts.restarts import parse_restarts, read_restarts

QUIET = (
    "NEEDRESTART-VER: 3.6\nNEEDRESTART-KCUR: 6.1.0-30-amd64\nNEEDRESTART-KEXP: 6.1.0-30-amd64\nNEEDRESTART-KSTA: 1\n"
)
KERNELS = "6.1.0-18-amd64\n6.1.0-30-amd64\n6.1.0-30-cloud-amd64\n"


def answers(
    *, running: str = "6.1.0-30-amd64", installed: str = KERNELS, required: str = "", container: int = 1, tool: int = 1
) -> dict[str, sections.Section]:
    return {
        "required": sections.Section(text=required, status=0),
        "running": sections.Section(text=f"{running}\n", status=0),
        "installed": sections.Section(text=installed, status=0),
        "container": sections.Section(text="", status=container),
        "needrestart": sections.Section(text="/usr/sbin/needrestart" if tool == 0 else "", status=tool),
    }


@pytest.mark.parametrize(
    ("given", "newest", "waits"),
    [
        (answers(), "6.1.0-30-amd64", False),
        (answers(running="6.1.0-18-amd64"), "6.1.0-30-amd64", True),
        (answers(running="6.1.0-30-cloud-amd64"), "6.1.0-30-cloud-amd64", False),
        (answers(running="6.9.1-own"), "6.1.0-30-cloud-amd64", True),
        (answers(running="5.14.0-427.el9.x86_64", installed="5.14.0-503.el9.x86_64\n"), "5.14.0-503.el9.x86_64", True),
        (answers(running="6.9.1-own", container=0), "", False),
        (answers(installed=""), "", False),
    ],
)
def test_the_running_kernel_is_compared_with_its_own_kind(given: Any, newest: str, waits: bool) -> None:
    found = parse_restarts(given, None)
    assert (found.newest_kernel, found.kernel_waits, found.services) == (newest, waits, None)


def test_a_reboot_is_named_with_what_asks_for_it() -> None:
    assert parse_restarts(answers(required="required\nlibc6\nlinux-base\n"), None).reboot_required == (
        "libc6",
        "linux-base",
    )
    assert parse_restarts(answers(required="required\n"), None).reboot_required == ("required",)


def test_needrestart_names_services_and_its_silence_is_no_answer() -> None:
    busy = f"{QUIET}NEEDRESTART-SVC: nginx.service\nNEEDRESTART-SVC: cron.service\n"
    assert parse_restarts(answers(), busy).services == ("nginx.service", "cron.service")
    assert parse_restarts(answers(), QUIET).services == ()
    with pytest.raises(NotVerifiedError, match="no answer that is understood"):
        parse_restarts(answers(), "")


def test_needrestart_without_the_right_to_ask_says_what_to_grant(scripted_host: Any) -> None:
    said = "".join(f"@@{name}\n{one.text}\n@@end {one.status}\n" for name, one in answers(tool=0).items())
    with pytest.raises(NotVerifiedError, match=r"NOPASSWD: /usr/sbin/needrestart -b -r l"):
        read_restarts(scripted_host({"uname": (0, said, "")}), sudo=())
    with pytest.raises(NotVerifiedError, match="did not say: container, "):
        read_restarts(scripted_host({"uname": (0, said.partition("@@container")[0], "")}), sudo=())


def test_this_machine_answers(here: Any) -> None:
    assert read_restarts(here, sudo=["needrestart -b -r l"]).running_kernel
    assert read_os_release(here).id


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ('ID=debian\nVERSION_ID="12"\n', date(2028, 6, 30)),
        ('ID=ubuntu\nVERSION_ID="22.04"\nPRETTY_NAME="Ubuntu 22.04.4 LTS"\n', date(2027, 4, 30)),
        ('ID="rhel"\nVERSION_ID="9.4"\n', date(2032, 5, 31)),
        ("ID=alpine\nVERSION_ID=3.20.3\n", date(2026, 4, 1)),
        ("# rolling\nID=arch\n", None),
        ("ID=debian\n", None),
        ("ID=ubuntu\nVERSION_ID=23.10\n", None),
    ],
)
def test_the_most_exact_entry_of_the_table_counts(text: str, ends: date | None) -> None:
    assert parse_os_release(text).support_ends(SUPPORT_ENDS) == ends


@pytest.mark.parametrize("text", ["", "NAME=x\n", 'ID="unclosed\n'])
def test_what_is_no_os_release_tells_nothing(text: str) -> None:
    with pytest.raises(NotVerifiedError):
        parse_os_release(text)


def test_the_table_is_no_older_than_it_says() -> None:
    assert date(2027, 11, 1) > TABLE_OF, "compare the table with the distributions' announcements, and date it anew"
