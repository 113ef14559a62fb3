"""Questions that one process answers for many: any tree of files and any states of units."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.transport.channel import Completed
from signoff.transport.process import local_channel
from signoff.transport.shell.together import put_together
from tests.transport.shell.conftest import compare, program, shell_channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from signoff.transport.channel import Channel
    from signoff.transport.shell.channel import ShellChannel


@pytest.fixture(scope="module")
def here() -> Iterator[Channel]:
    channel = local_channel("here")
    yield channel
    channel.close()


hostile = st.text(st.characters(min_codepoint=1, max_codepoint=0x17F, exclude_characters="/"), min_size=1, max_size=8)
plain = st.sampled_from(["a", "b.conf", "c-1", "d@2", "e=f", "g,h", "i+j", "k:l"])
names = st.one_of(plain, hostile.filter(lambda name: name not in {".", ".."}))
contents = st.sampled_from(["file", "folder", "link", "dangling", "unreadable", "nothing"])
about_files = st.sampled_from(
    [
        *("stat -Lc %a", "stat -c %N", "stat -L -c '%s|%F'", "stat -Lc %n --", "ls -d --", "realpath", "readlink -f"),
        *("sha256sum", "md5sum --", "test -e", "test -L", "test -d", "cat --"),
    ]
)


@settings(max_examples=20, deadline=None)
@given(
    tree=st.dictionaries(names, contents, min_size=1, max_size=5),
    asked=st.lists(st.tuples(about_files, st.integers(0, 4)), min_size=2, max_size=10),
    cut=st.booleans(),
)
def test_any_tree_of_files(
    here: Channel,
    tmp_path_factory: pytest.TempPathFactory,
    tree: dict[str, str],
    asked: list[tuple[str, int]],
    cut: bool,
) -> None:
    folder = tmp_path_factory.mktemp("t")
    for name, kind in tree.items():
        grow(folder / name, kind)
    listed = list(tree)
    texts = [f"{question} {shlex.quote(str(folder / listed[place % len(listed)]))}" for question, place in asked]
    compare(here, [f"{text} | cut -d' ' -f1" if cut and "sum" in text else text for text in dict.fromkeys(texts)])


def grow(path: Path, kind: str) -> None:
    """Make the file; what this system cannot name is left out."""
    try:
        match kind:
            case "file" | "unreadable":
                path.write_text(f"in {path.name}")
                path.chmod(0o644 if kind == "file" else 0)
            case "folder":
                path.mkdir()
            case "link":
                path.symlink_to("/etc/passwd")
            case "dangling":
                path.symlink_to("/no\nwhere")
            case _:
                assert kind == "nothing"
    except (OSError, ValueError):
        pass


def test_names_that_could_be_taken_in_two_ways_are_asked_by_themselves() -> None:
    for operand in ("'a b'", "-x", "'*'", "'a\tb'", "'é'", "'%n'", "'~'", "''", '"a"', "a\\b", "$HOME"):
        texts = {place: f"stat -c {form} {operand}" for place, form in enumerate(("%a", "%U"))}
        assert put_together(texts) == [], operand
    for text in ("stat -c '%5a' /x", "stat -c '%%' /x", "stat -f -c %a /x", "id -z x", "sysctl -n a=b", "uname -a"):
        assert put_together({0: text, 1: text.replace("x", "y")}) == [], text


SYSTEMCTL = """
verb=$1; shift; first=yes; worst=3
for unit; do
    test -f {folder}/$unit || {{ echo "no $unit" >&2; continue; }}
    case $verb in
    show) test $first || echo; first=; cat {folder}/$unit; worst=0 ;;
    *) read -r state < {folder}/$unit; echo "$state"; test "$state" != active -a "$state" != enabled || worst=0 ;;
    esac
done
exit $worst
"""
states = st.sampled_from(["active", "active", "inactive", "failed", "enabled", "enabled", "disabled", ""])
blocks = st.sampled_from(
    ["Id={}.service\nNames={}\n", "Id={}.service\n\nId=b.service\n", "Names={}\n", "Id=other\n", "", "Id={}\nX=\n\n"]
)


@settings(max_examples=12, deadline=None)
@given(
    units=st.lists(st.tuples(states, blocks), min_size=2, max_size=4), verb=st.sampled_from(["is-active", "is-enabled"])
)
def test_any_states_of_units(units: list[tuple[str, str]], verb: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("u")
    channel = _with_systemctl(folder)
    try:
        for (state, _), name in zip(units, "abcd", strict=False):
            (folder / name).write_text(f"{state}\n")
        listed = "abcd"[: len(units)]
        answered = compare(channel, [f"systemctl {verb} {name}" for name in listed])
        assert answered == len(units)
        for (_, block), name in zip(units, "abcd", strict=False):
            (folder / name).write_text(block.replace("{}", name))
        assert compare(channel, [f"systemctl show {name}" for name in listed]) == len(units)
    finally:
        channel.close()


def _with_systemctl(folder: Path) -> ShellChannel:
    tools = folder / "tools"
    tools.mkdir()
    program(tools / "systemctl", SYSTEMCTL.format(folder=folder))
    return shell_channel("env", f"PATH={tools}:{os.environ['PATH']}", "/bin/sh", "-s")


def test_units_that_are_well_cost_one_process(with_tools: Any, tmp_path: Path) -> None:
    program(
        tmp_path / "systemctl",
        f"echo once >> {tmp_path}/calls; for unit in $*; do test $unit = is-active || echo active; done",
    )
    texts = [f"systemctl is-active {name}" for name in ("nginx", "sshd", "cron.service")]
    answers = [future.result(60) for future in with_tools().submit_batch(texts, 30)]
    assert answers == [Completed(status=0, stdout=b"active\n", stderr=b"")] * 3
    assert (tmp_path / "calls").read_text() == "once\n"
