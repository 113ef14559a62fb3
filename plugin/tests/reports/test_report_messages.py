"""The catalogue is whole: both languages, same parameters, a name for every machine name."""

from __future__ import annotations

import re
import string
from importlib import resources
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest

from signoff import model
from signoff.model import (
    ApprovalStatus,
    Change,
    IssueStatus,
    Language,
    Method,
    Severity,
    State,
    Verdict,
)
from signoff.reports.messages import Messages, catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = resources.files("signoff.reports")


def sentences(key: str, language: Language) -> list[str]:
    entry = catalogue()[key][language]
    return [entry] if isinstance(entry, str) else list(entry.values())


def parameters(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def names() -> Iterator[str]:
    yield from (f"state.{state}" for state in State)
    yield from (f"state_means.{state}" for state in State)
    yield from (f"{kind}.{verdict}" for kind in ("verdict", "verdict_means") for verdict in Verdict)
    yield from (f"partial.{verdict}" for verdict in Verdict if verdict not in {Verdict.GO, Verdict.READY})
    yield from (f"severity.{severity}" for severity in Severity)
    yield from (f"method.{method}" for method in Method)
    yield from (f"approval.{status}" for status in ApprovalStatus)
    yield from (f"issue.{status}" for status in IssueStatus)
    yield from (f"cause.{cause}" for cause in get_args(get_type_hints(Change, localns=vars(model))["cause"]))


@pytest.mark.parametrize("key", sorted(catalogue()))
def test_a_message_has_both_languages_and_the_same_parameters(key: str) -> None:
    korean, english = sentences(key, "ko"), sentences(key, "en")
    assert set(catalogue()[key]) == {"ko", "en"}
    assert all(sentence.strip() for sentence in korean + english)
    assert parameters("".join(korean)) == parameters("".join(english)) or (
        # A plural such as "reopened once" may leave its number out.
        parameters("".join(korean)) == parameters("".join(english)) | {"n"}
    )


@pytest.mark.parametrize("key", sorted(names()))
def test_every_machine_name_has_a_name(key: str) -> None:
    assert key in catalogue()


def test_no_key_is_written_twice() -> None:
    text = PACKAGE.joinpath("catalogue.yaml").read_text(encoding="utf-8")
    keys = re.findall(r"^([^#\s].*?):(?:\s|$)", text, re.MULTILINE)
    assert sorted(keys) == sorted(set(keys))


def test_korean_is_korean() -> None:
    """A sentence that was forgotten would still be the English one."""
    same = [key for key in catalogue() if catalogue()[key]["ko"] == catalogue()[key]["en"]]
    assert same == []


def test_plurals_are_chosen_by_n() -> None:
    messages = Messages("en")
    assert messages("word.targets", n=1) == "1 target"
    assert messages("word.targets", n=2) == "2 targets"


def test_a_parameter_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError, match="total"):
        Messages("ko")("word.of_targets", n=1)


def test_a_name_from_outside_falls_back_to_itself() -> None:
    assert Messages("ko").name("role", "tech") == "기술 팀"
    assert Messages("ko").name("role", "auditor") == "auditor"
