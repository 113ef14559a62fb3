"""Packages and shared libraries, on this machine and on scripted ones of other distributions."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.libraries import read_programs
from signoff.probes.hosts.packages import PackageFact, read_packages

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-query") is None, reason="not a Debian system; runs on one")


@needs_dpkg
def test_debian_packages_are_found_and_compared_by_dpkg(here: Any) -> None:
    wanted = {"bash": "3.0", "coreutils": "99:1", "dpkg": "", "surely-no-such-package": "1"}
    facts = {fact.name: fact for fact in read_packages(here, wanted)}
    assert list(facts) == list(wanted)
    assert facts["bash"].version
    assert facts["bash"].new_enough is True
    assert facts["coreutils"].new_enough is False
    assert facts["dpkg"].new_enough is None
    assert facts["surely-no-such-package"].version == ""


@needs_dpkg
def test_a_tilde_sorts_before_the_release_as_debian_has_it(here: Any) -> None:
    installed = read_packages(here, {"bash": ""})[0].version
    assert read_packages(here, {"bash": f"{installed}~"})[0].new_enough is True
    assert read_packages(here, {"bash": f"{installed}+b9"})[0].new_enough is False


def test_red_hat_packages_are_compared_by_rpm(scripted_host: Any) -> None:
    host = scripted_host(
        {
            "command -v rpm": (0, "", ""),
            r"rpm -q --qf": (0, "bash\t5.1.8-9.el9\nopenssl\t1:3.0.7-27.el9\n", ""),
            "rpm --eval": (0, "0\n1\n", ""),
        }
    )
    assert read_packages(host, {"bash": "5.0", "openssl": "1:3.2", "nginx": ""}) == (
        PackageFact(name="bash", version="5.1.8-9.el9", new_enough=True),
        PackageFact(name="openssl", version="1:3.0.7-27.el9", new_enough=False),
        PackageFact(name="nginx", version="", new_enough=None),
    )


def test_alpine_packages_are_compared_by_apk(scripted_host: Any) -> None:
    host = scripted_host(
        {
            "command -v apk": (0, "", ""),
            "apk info": (0, "musl\t1.2.4-r2\n", ""),
            "apk version": (0, "0\n", ""),
        }
    )
    assert read_packages(host, {"musl": "1.2.3"}) == (PackageFact(name="musl", version="1.2.4-r2", new_enough=True),)


def test_a_package_manager_that_cannot_answer_is_no_evidence(scripted_host: Any) -> None:
    with pytest.raises(NotVerifiedError, match="no known package manager"):
        read_packages(scripted_host({}), {"bash": ""})
    broken = scripted_host(
        {
            "test -s /var/lib/dpkg/status": (0, "", ""),
            "dpkg-query": (2, "", "dpkg-query: error: failed to open package info file\n"),
        }
    )
    with pytest.raises(NotVerifiedError, match="failed to open"):
        read_packages(broken, {"bash": ""})
    mute = scripted_host(
        {
            "test -s /var/lib/dpkg/status": (0, "", ""),
            "dpkg-query": (0, "bash\t5.2\n", ""),
            "compare-versions": (0, "2\n", ""),
        }
    )
    with pytest.raises(NotVerifiedError, match="compare versions"):
        read_packages(mute, {"bash": "what?"})


def test_programs_of_this_machine_resolve(here: Any) -> None:
    shell, absent = read_programs(here, ("/bin/sh", "/surely/not/there"))
    assert (shell.exists, shell.missing) == (True, ())
    assert shell.libraries > 0
    assert not absent.exists


def test_a_library_that_is_gone_is_missing(here: Any, tmp_path: Path) -> None:
    # The interpreter's needed library is renamed within a copy: same length, no such file.
    data = Path(sys.executable).resolve().read_bytes()
    broken = tmp_path / "broken"
    broken.write_bytes(data.replace(b"libc.so.6\0", b"libc.so.9\0"))
    broken.chmod(0o755)
    assert read_programs(here, (str(broken),))[0].missing == ("libc.so.9",)


def test_a_script_is_no_program_with_libraries(here: Any, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n")
    with pytest.raises(NotVerifiedError, match="interpreter"):
        read_programs(here, (str(script),))


@pytest.mark.parametrize(
    ("output", "libraries", "missing"),
    [
        ("\tlibm.so.6 => /lib/libm.so.6 (0x7f)\n\tlibx.so.1 => not found\n", 1, ("libx.so.1",)),
        ("\tstatically linked\n", 0, ()),
        (
            "Error loading shared library libpq.so.5: No such file or directory (needed by /srv/app)\n",
            0,
            ("libpq.so.5",),
        ),
    ],
)
def test_loaders_are_read_as_they_speak(
    scripted_host: Any, output: str, libraries: int, missing: tuple[str, ...]
) -> None:
    host = scripted_host({"command -v ldd": (0, "", ""), "ldd": (0, output, "")})
    fact = read_programs(host, ("/srv/app",))[0]
    assert (fact.libraries, fact.missing) == (libraries, missing)


def test_without_ldd_nothing_is_concluded(scripted_host: Any) -> None:
    with pytest.raises(NotVerifiedError, match="ldd is not installed"):
        read_programs(scripted_host({}), ("/bin/sh",))
    mute = scripted_host({"command -v ldd": (0, "", ""), "ldd": (1, "ldd: exited with unknown exit code", "")})
    with pytest.raises(NotVerifiedError, match="nothing that can be read"):
        read_programs(mute, ("/bin/sh",))
