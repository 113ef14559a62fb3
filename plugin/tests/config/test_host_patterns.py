"""Host patterns: what they select is what `ansible-playbook` selects, and a typing error selects nothing."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.config.ansible import read_native
from signoff.config.patterns import PatternError, Patterns, split
from signoff.config.yamlfile import read_yaml

if TYPE_CHECKING:
    import random

PROGRAM = Path(sys.executable).with_name("ansible-playbook")
INVENTORY = """\
all:
  hosts: {lone: , 192.0.2.7: , '2001:db8::1': , 'db': }
  children:
    site:
      children:
        web: {hosts: {'web[1:4]': , web-admin.example.com: }}
        dbs: {hosts: {db1: , db2: , web4: }}
    old: {hosts: {web4: , db2: }}
    staging: {hosts: {web2: , lone: }}
    webbing: {hosts: {loom: }}
    empty: {}
"""
PATTERNS = """\
all | * | web | dbs | site | old | staging | lone | web1 | db | ungrouped | 192.0.2.7
2001:db8::1 | web-admin.example.com | web* | web? | *b*
db[12]* | w*b1 | *.example.com | *.com | lo* | [wd]* | *ing | un* | al* | st*ging
~web | ~web\\d$ | ~(web|db)[12]$ | ~^l | ~.*example | ~.*\\.example\\.com$ | ~db | ~.
web[0] | web[1] | web[-1] | web[0:1] | web[1:] | web[2:3] | dbs[1:] | web[-2] | web*[0] | old[0:0] | site[0] | web[0:99]
web,dbs | web:dbs | dbs,web | web dbs | lone,web,lone | web1,web2 | web, dbs ,lone | old,web1
web,&old | web:&old | web:!old | web,!web1,!web2 | !web | &old | &old,!db2 | !old:&web | site:&old:!web4 | all:!web
all,!~web | web:dbs:&old:!web4 | web*:!*.com | web:!web[0] | web,!web[0:1] | !lone:web | &staging:web:dbs
web:&old:&dbs | all:&web:&old | ~web:!staging | site,!old,lone | *,!web* | web1:web2:!web1 | all,!ungrouped
staging:!lone | lone:staging | web:!web-admin.example.com | webbing | web?:&old | *:&dbs:!old
"""
SAME = [pattern for line in PATTERNS.splitlines() for pattern in line.split(" | ")]


@pytest.fixture(scope="module")
def patterns(tmp_path_factory: pytest.TempPathFactory) -> Patterns:
    """Return the patterns of the inventory above."""
    path = tmp_path_factory.mktemp("inventory") / "hosts.yaml"
    path.write_text(INVENTORY)
    read = read_native(read_yaml(path), read_yaml(path).data, path.parent)
    assert not read.documents[0].problems
    return Patterns(read.hosts, read.groups)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """Return what Ansible selects for every pattern: one play for each, in one call."""
    folder = tmp_path_factory.mktemp("ansible")
    (folder / "hosts.yaml").write_text(INVENTORY)
    plays = [{"name": f"play {number}", "hosts": text, "gather_facts": False} for number, text in enumerate(SAME)]
    (folder / "plays.yml").write_text(json.dumps(plays))
    done = subprocess.run(
        [PROGRAM, "-i", "hosts.yaml", "plays.yml", "--list-hosts"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = {}
    for block in done.stdout.split("  play #")[1:]:
        number = re.search(r"play (\d+)\b", block.partition("(")[2])
        assert number is not None
        found[SAME[int(number[1])]] = set(re.findall(r"^      (\S+)$", block, re.MULTILINE))
    assert len(found) == len(SAME) > 60
    return found


@pytest.mark.parametrize("pattern", SAME)
def test_a_pattern_selects_what_ansible_selects(patterns: Patterns, told: dict[str, set[str]], pattern: str) -> None:
    """The same hosts; the program shows them in no order, and subscripts tell that the order is the same too."""
    assert set(patterns.select(pattern)) == told[pattern]


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("wbe", "'wbe' matches no host (did you mean 'web'?)"),
        ("web,sit", "did you mean 'site'?"),
        ("web:!wbe4", "did you mean 'web4'?"),
        ("web:&odl", "did you mean 'old'?"),
        ("empty", "'empty' matches no host: the group is there, and empty"),
        ("localhost", "'localhost' matches no host"),
        ("zz*", "'zz*' matches no host"),
        ("~zz", "matches no host"),
        ("web[9]", "'web[9]' matches no host: 'web' has 5"),
        ("web[7:9]", "'web' has 5"),
        ("web[0-2]", "write web[0:2], ends included"),
        ("web:!site", "leaves no host"),
        ("web:&webbing", "leaves no host"),
        ("~web(", "no regular expression"),
        ("", "empty pattern"),
        (" , ", "empty pattern"),
        ("!", "matches no host"),
        ("a:b,web", "by commas, or all of them by colons"),
        ("ssh://web1,web2", "is no host pattern, but a URL"),
    ],
)
def test_a_pattern_that_selects_nothing_is_a_mistake(patterns: Patterns, pattern: str, says: str) -> None:
    """In what is left out, too: a typing error there would ask too many."""
    with pytest.raises(PatternError) as caught:
        patterns.select(pattern)
    assert says in str(caught.value)


WORDS = st.sampled_from(["web", "dbs", "site", "old", "staging", "web1", "lone", "web*", "~db", "web[0:1]", "all"])
PARTS = st.lists(st.tuples(st.sampled_from(["", "!", "&"]), WORDS), min_size=1, max_size=5)


@given(parts=PARTS, shuffled=st.randoms(use_true_random=False))
def test_order_of_kinds_does_not_matter(
    patterns: Patterns, parts: list[tuple[str, str]], shuffled: random.Random
) -> None:
    """Unions first, then intersections, then exclusions, wherever they stand: as sets of each part alone."""

    def one(word: str) -> set[str]:
        return set(patterns.select(word))

    unions = [one(word) for sign, word in parts if not sign] or [one("all")]
    expected = set.union(*unions)
    for sign, word in parts:
        expected = expected & one(word) if sign == "&" else expected
    for sign, word in parts:
        expected = expected - one(word) if sign == "!" else expected
    texts = [sign + word for sign, word in parts]
    shuffled.shuffle(texts)
    if expected:
        assert set(patterns.select(",".join(texts))) == expected
    else:
        with pytest.raises(PatternError, match="leaves no host"):
            patterns.select(",".join(texts))


@given(st.text(max_size=30))
def test_any_text_selects_hosts_or_is_refused(patterns: Patterns, text: str) -> None:
    """Nothing else."""
    with contextlib.suppress(PatternError):
        assert patterns.select(text)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a,b:c", ["a", "b:c"]),
        ("a:b[1:2]:!c", ["a", "b[1:2]", "!c"]),
        ("::1", ["::1"]),
        ("web:22", ["web:22"]),
        ("a , ,b", ["a", "b"]),
        ("a:&b", ["a", "&b"]),
    ],
)
def test_parts_are_told_apart(text: str, parts: list[str]) -> None:
    """By commas; where there are none, by colons outside of brackets and addresses."""
    assert split(text) == parts
