"""A real apt with a folder of its own and a repository of real packages; recorded answers for dnf and apk."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.sections import Section
from signoff.probes.hosts.updates import apk as updates_apk
from signoff.probes.hosts.updates import apt as updates_apt
from signoff.probes.hosts.updates import dnf as updates_dnf
from signoff.probes.hosts.updates.waiting import UpdateFacts, facts, read_updates

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

needs_apt = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs apt and dpkg-deb (Debian or Ubuntu)")
WEEK = timedelta(days=7)
INSTALLED = (
    "Package: {}\nStatus: {} ok installed\nMaintainer: x <x@x>\nArchitecture: all\nVersion: {}\nDescription: x\n\n"
)


@dataclass(frozen=True)
class Apt:
    """An apt that knows nothing of this machine's packages."""

    folder: Path

    def build(self, name: str, version: str, *, depends: str = "") -> None:
        """Add a real package to the repository."""
        tree = self.folder / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        needs = f"Depends: {depends}\n" if depends else ""
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: x <x@x>\n{needs}Description: x\n"
        )
        (tree / "DEBIAN" / "control").write_text(control)
        package = self.folder / "repository" / f"{name}_{version}_all.deb"
        subprocess.run(["dpkg-deb", "-b", tree, package], check=True, capture_output=True)
        shutil.rmtree(tree)

    def publish(self, *, label: str = "Debian-Security", suite: str = "stable-security") -> None:
        """Write the repository's index as its owner, and fetch it as the host."""
        repository = self.folder / "repository"
        entries = []
        for package in sorted(repository.glob("*.deb")):
            fields = subprocess.run(["dpkg-deb", "-f", package], check=True, capture_output=True, text=True).stdout
            digest = hashlib.sha256(package.read_bytes()).hexdigest()
            entries.append(f"{fields}Filename: ./{package.name}\nSize: {package.stat().st_size}\nSHA256: {digest}\n")
        index = "\n".join(entries).encode()
        (repository / "Packages").write_bytes(index)
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S UTC")
        digest = hashlib.sha256(index).hexdigest()
        (repository / "Release").write_text(
            f"Origin: Debian\nLabel: {label}\nSuite: {suite}\nCodename: bookworm\nDate: {date}\n"
            f"SHA256:\n {digest} {len(index)} Packages\n"
        )
        subprocess.run(["apt-get", "-q", "update"], check=True, capture_output=True)

    def install(self, name: str, version: str, *, held: bool = False) -> None:
        """Write the package into the database as installed."""
        with (self.folder / "status").open("a") as status:
            status.write(INSTALLED.format(name, "hold" if held else "install", version))

    def upgraded(self, command: str, days_ago: float) -> None:
        """Write a finished run of apt into its history."""
        end = (datetime.now().astimezone() - timedelta(days=days_ago)).strftime("%Y-%m-%d  %H:%M:%S")
        with (self.folder / "log" / "history.log").open("a") as history:
            history.write(f"\nStart-Date: {end}\nCommandline: {command}\nUpgrade: x:all (1, 2)\nEnd-Date: {end}\n")

    def age(self, hours: float) -> None:
        """Make the last fetch look older."""
        then = datetime.now(UTC).timestamp() - hours * 3600
        for path in (self.folder / "lists", self.folder / "lists" / "partial"):
            os.utime(path, (then, then))


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apt:
    for name in ("repository", "lists/partial", "cache/archives/partial", "log", "etc/preferences.d", "nothing.d"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "status").touch()
    (tmp_path / "etc" / "sources.list").write_text(f"deb [trusted=yes] file:{tmp_path}/repository ./\n")
    (tmp_path / "apt.conf").write_text(
        f'Dir::State "{tmp_path}"; Dir::State::lists "{tmp_path}/lists"; Dir::State::status "{tmp_path}/status";\n'
        f'Dir::Cache "{tmp_path}/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";\n'
        f'Dir::Etc "{tmp_path}/etc"; Dir::Log "{tmp_path}/log";\n'
        f'Dir::Etc::main "none"; Dir::Etc::parts "{tmp_path}/nothing.d"; APT::Sandbox::User "root";\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    return Apt(tmp_path)


@pytest.fixture
def look(apt: Apt, here: Any) -> Callable[[], UpdateFacts]:
    """Give a function that reads the facts now; `apt` comes first, so that its settings hold for the host's shell."""
    assert apt.folder.is_dir()
    return lambda: read_updates(here)


def names(found: UpdateFacts) -> list[str]:
    return [f"{one}" for one in found.pending]


@needs_apt
def test_a_security_update_that_waits_is_seen_and_installing_it_ends_that(apt: Apt, look: Any) -> None:
    apt.build("openssl-x", "3.0.2")
    apt.install("openssl-x", "3.0.1")
    apt.publish()
    found = look()
    assert (found.manager, names(found), len(found.sources)) == ("apt", ["openssl-x 3.0.2"], 1)
    assert "Debian-Security" in found.pending[0].source
    assert datetime.now(UTC) - found.listed_at < timedelta(minutes=5)
    (apt.folder / "status").write_text("")
    apt.install("openssl-x", "3.0.2")
    assert names(look()) == []


@needs_apt
def test_an_update_that_is_none_of_security_does_not_count(apt: Apt, look: Any) -> None:
    apt.build("editor-x", "2")
    apt.install("editor-x", "1")
    apt.publish(label="Debian", suite="stable")
    found = look()
    assert (names(found), found.sources) == ([], ()), "and without a source of security updates none can ever show"


@needs_apt
def test_ubuntus_security_pocket_counts(apt: Apt, look: Any) -> None:
    apt.build("openssl-x", "2")
    apt.install("openssl-x", "1")
    apt.publish(label="Ubuntu", suite="jammy-security")
    assert (names(look()), len(look().sources)) == (["openssl-x 2"], 1)


@needs_apt
def test_a_hold_and_an_update_that_cannot_be_installed_excuse_nothing(apt: Apt, look: Any) -> None:
    apt.build("held-x", "2")
    apt.build("stuck-x", "2", depends="nowhere-x")
    apt.build("kernel-x", "2", depends="kernel-x-2")
    apt.build("kernel-x-2", "2")
    apt.install("held-x", "1", held=True)
    apt.install("stuck-x", "1")
    apt.install("kernel-x", "1")
    apt.publish()
    found = look()
    assert {one.name for one in found.pending} == {"held-x", "stuck-x", "kernel-x", "kernel-x-2"}
    assert {one.source for one in found.pending if one.name == "stuck-x"} == {"kept back"}


@needs_apt
def test_grace_must_be_proven_by_a_whole_upgrade(apt: Apt, look: Any) -> None:
    apt.build("openssl-x", "2")
    apt.install("openssl-x", "1")
    apt.publish()
    excused = {("apt-get -y dist-upgrade", 2), ("/usr/bin/unattended-upgrade", 2)}
    others = {("apt full-upgrade", 8), ("apt-get install --only-upgrade curl", 2), ("apt-get upgrade", 2)}
    assert look().overdue(datetime.now(UTC), WEEK), "nothing is known of its age"
    for command, days in sorted(excused | others):
        (apt.folder / "log" / "history.log").unlink(missing_ok=True)
        apt.upgraded(command, days)
        assert (not look().overdue(datetime.now(UTC), WEEK)) == ((command, days) in excused), command


@needs_apt
def test_the_age_of_the_lists_is_that_of_the_last_fetch(apt: Apt, look: Any) -> None:
    apt.build("openssl-x", "2")
    apt.publish()
    apt.age(hours=72)
    assert timedelta(hours=71) < datetime.now(UTC) - look().listed_at < timedelta(hours=73)


@needs_apt
def test_lists_that_were_never_fetched_tell_nothing(look: Any) -> None:
    with pytest.raises(NotVerifiedError, match="no list of packages was ever fetched"):
        look()


@needs_apt
def test_a_database_that_apt_cannot_work_with_tells_nothing(apt: Apt, look: Any) -> None:
    apt.build("openssl-x", "2")
    apt.publish()
    (apt.folder / "status").write_text("Package: broken\nStatus: nonsense\n")
    with pytest.raises(NotVerifiedError, match="could not simulate an upgrade"):
        look()


def answered(**texts: str) -> dict[str, Section]:
    return {name: Section(text=text, status=0) for name, text in texts.items()}


PENDING = "RHSA-2024:1239 Important/Sec. openssl-libs-1:3.0.7-25.el9_3.x86_64\n"
DETAILS = """\
===============================================================================
  Important: openssl security update
===============================================================================
  Update ID: RHSA-2024:1239
       Type: security
    Updated: 2024-03-05 10:12:11
       CVEs: CVE-2023-2975
Description: openssl
   Severity: Important
"""
DNF = {"pending": PENDING, "details": DETAILS, "known": "412\n", "listed": "1710000000\n1709990000\n"}


def test_dnf_names_the_advisory_and_its_date() -> None:
    found = facts("dnf", updates_dnf.parse, answered(**DNF))
    (update,) = found.pending
    assert (update.name, update.source) == ("openssl-libs-1:3.0.7-25.el9_3.x86_64", "RHSA-2024:1239")
    assert update.since == datetime(2024, 3, 5, 10, 12, 11, tzinfo=UTC)
    assert found.listed_at == datetime.fromtimestamp(1_709_990_000, UTC), "the oldest repository counts"
    assert found.overdue(datetime(2024, 3, 10, tzinfo=UTC), WEEK) == ()
    assert found.overdue(datetime(2024, 3, 20, tzinfo=UTC), WEEK) == (update,)


def test_dnf_with_nothing_pending_is_well_only_if_it_knows_advisories() -> None:
    assert facts("dnf", updates_dnf.parse, answered(**DNF | {"pending": "", "details": ""})).pending == ()
    with pytest.raises(NotVerifiedError, match="publish no security advisories"):
        facts("dnf", updates_dnf.parse, answered(**DNF | {"pending": "", "details": "", "known": "0"}))


@pytest.mark.parametrize("name", ["pending", "details"])
def test_dnf_without_its_cache_tells_nothing(name: str) -> None:
    missing = Section(text="Error: Cache-only enabled but no cache for 'baseos'\n", status=1)
    with pytest.raises(NotVerifiedError, match=r"no cache for 'baseos'; run dnf makecache"):
        updates_dnf.parse(answered(**DNF) | {name: missing})


def test_apk_counts_every_update_of_the_branch() -> None:
    text = "Installed:    Available:\nopenssl-3.1.4-r5     < 3.1.4-r6\nlibc-utils-0.7.2-r5  < 0.7.2-r6\n"
    answers = answered(pending=text, repositories="https://dl/v3.19/main\n", listed="1710000000\n")
    found = facts("apk", updates_apk.parse, answers)
    assert names(found) == ["openssl 3.1.4-r6", "libc-utils 0.7.2-r6"]
    assert found.overdue(found.listed_at, WEEK) == found.pending, "their age is unknown"
    with pytest.raises(NotVerifiedError, match="ever fetched"):
        facts("apk", updates_apk.parse, answers | {"listed": Section(text="", status=1)})


def test_a_system_without_a_known_manager_and_a_cut_answer_tell_nothing(scripted_host: Any) -> None:
    with pytest.raises(NotVerifiedError, match="no known package manager"):
        read_updates(scripted_host({}))
    with pytest.raises(NotVerifiedError, match="no answer"):
        updates_apt.parse({})
