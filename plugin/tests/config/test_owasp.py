"""The OWASP Top 10 as a policy chooses it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from signoff.config.owasp import OwaspFile, categories

MAPPED = {"2021": [34, 30, 33, 40, 20, 3, 22, 10, 4, 1], "2025": [40, 16, 6, 32, 37, 39, 36, 14, 5, 24]}
"""How many weaknesses OWASP's own tables say each category has."""


@pytest.mark.parametrize("edition", MAPPED)
def test_an_edition_is_as_owasp_published_it(edition: str) -> None:
    found = categories(OwaspFile.model_validate({"edition": edition}))

    assert [one.key for one in found] == [f"A{number:02}" for number in range(1, 11)]
    assert [len(one.cwes) for one in found] == MAPPED[edition]
    assert [one.title.en for one in found if one.by_people] == ["Insecure Design"]


@pytest.mark.parametrize(("cwe", "of_2021", "of_2025"), [(89, "A03", "A05"), (918, "A10", "A01"), (1035, "A06", "A03")])
def test_a_weakness_moves_between_editions(cwe: int, of_2021: str, of_2025: str) -> None:
    for edition, key in (("2021", of_2021), ("2025", of_2025)):
        found = categories(OwaspFile.model_validate({"edition": edition}))
        assert [one.key for one in found if cwe in one.cwes] == [key]


def test_the_newest_edition_is_the_default_and_people_judge_what_the_policy_says() -> None:
    assert OwaspFile().edition == "2025"
    chosen = categories(OwaspFile(attested=("A06", "A09")))
    assert [one.key for one in chosen if one.by_people] == ["A06", "A09"]
    assert not any(one.by_people for one in categories(OwaspFile(attested=())))
    with pytest.raises(ValidationError, match="'2021' or '2025'"):
        OwaspFile.model_validate({"edition": "2017", "attested": []})
