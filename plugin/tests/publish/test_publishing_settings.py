"""publish.yaml: strict, without secrets in it, and only what is wanted now must be complete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.config.publishing import configured, load_publishing
from signoff.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

WHOLE = """
schema_version: 1
confluence: {url: https://example.atlassian.net, user: bot@example.com, token: "${WIKI_TOKEN}", space: OPS}
jira: {flavour: data-center, url: https://jira.example.com, token: "${JIRA_TOKEN}", project: OPS}
slack: {webhook: "${SLACK_WEBHOOK}"}
"""
VALUES = {
    "WIKI_TOKEN": "wiki-token-value",
    "JIRA_TOKEN": "jira-token-value",
    "SLACK_WEBHOOK": "https://hooks.slack.com/services/T/B/secret",
}


def load(folder: Path, text: str, *wanted: str, without: str = "") -> object:
    (folder / "publish.yaml").write_text(text, encoding="utf-8")
    values = {name: value for name, value in VALUES.items() if name != without}
    return load_publishing(folder, frozenset(wanted), values.get)


def test_secrets_are_resolved_and_known(tmp_path: Path) -> None:
    publishing = load(tmp_path, WHOLE, "confluence", "jira", "slack")
    assert publishing.secrets == frozenset(VALUES.values())  # type: ignore[attr-defined]
    assert all(value not in repr(publishing.file) for value in VALUES.values())  # type: ignore[attr-defined]
    assert configured(tmp_path) == ("confluence", "jira", "slack")


def test_a_channel_that_is_not_wanted_may_lack_its_secret(tmp_path: Path) -> None:
    publishing = load(tmp_path, WHOLE, "jira", without="WIKI_TOKEN")
    assert publishing.secrets == {VALUES["JIRA_TOKEN"], VALUES["SLACK_WEBHOOK"]}  # type: ignore[attr-defined]
    with pytest.raises(ConfigError, match=r"publish\.yaml:3.*WIKI_TOKEN.* is not set"):
        load(tmp_path, WHOLE, "confluence", without="WIKI_TOKEN")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("space: OPS", "spaces: OPS", "did you mean 'space'"),
        ("slack:", "slak:", "did you mean 'slack'"),
        ('"${WIKI_TOKEN}"', "wiki-token-value", "is written out"),
        ('"${SLACK_WEBHOOK}"', "https://hooks.slack.com/services/T/B/secret", "is written out"),
        ("https://example", "http://example", "not encrypted"),
        ("https://jira.example.com", "https://me:pw@jira.example.com", "is no address"),
        ("user: bot@example.com, ", "", "Cloud needs user"),
        ("https://example.atlassian.net", "https://example.atlassian.net/wiki", "without it"),
        ("project: OPS", "project: ops", "pattern"),
        ("space: OPS", "space: OPS, title: '{name}'", "other names in braces"),
        ("space: OPS", "space: OPS, ca_file: none.pem", "the file does not exist"),
        ('webhook: "${SLACK_WEBHOOK}"', 'channel: "C1"', "one way in"),
        ("schema_version: 1", "schema_version: 2", "schema_version"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_without_a_secret(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in WHOLE
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, WHOLE.replace(old, new, 1), "confluence")
    text = str(caught.value)
    assert message in text
    assert text.startswith("publish.yaml:") or "publish.yaml:" in text
    assert not any(value in text for value in VALUES.values())


def test_a_wanted_channel_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no webhook"):
        load(tmp_path, WHOLE, "webhook")
    (tmp_path / "publish.yaml").unlink()
    with pytest.raises(ConfigError, match="does not exist"):
        load_publishing(tmp_path, frozenset({"jira"}), VALUES.get)
    assert configured(tmp_path) == ()


def test_the_example_of_the_documentation_is_valid(tmp_path: Path) -> None:
    from pathlib import Path as RealPath

    page = (RealPath(__file__).parents[3] / "docs/publishing.md").read_text(encoding="utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    names = ("CONFLUENCE_TOKEN", "JIRA_TOKEN", "RELEASE_HOOK_TOKEN", "RELEASE_HOOK_KEY")
    values = {name: f"{name.lower()}-value" for name in names}
    values |= dict.fromkeys(("SLACK_WEBHOOK", "RELEASE_HOOK"), "https://hooks.example.com/x")
    (tmp_path / "publish.yaml").write_text(example, encoding="utf-8")
    wanted = frozenset({"confluence", "jira", "slack", "webhook"})
    assert load_publishing(tmp_path, wanted, values.get).file.webhook is not None
