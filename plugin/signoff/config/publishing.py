"""Load publish.yaml: where the decision is told beside the reports, and with whose credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from signoff.config.kinds.base import Strict
from signoff.config.validation import validate
from signoff.config.yamlfile import did_you_mean, raise_problems, read_yaml
from signoff.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.config.yamlfile import Document, Path_

FILE = "publish.yaml"
Channel = Literal["confluence", "jira", "slack", "webhook"]
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRETS: tuple[tuple[str, str], ...] = (
    ("confluence", "token"),
    ("jira", "token"),
    ("slack", "webhook"),
    ("slack", "token"),
    ("webhook", "token"),
    ("webhook", "signing_key"),
)


def _address(url: str) -> str:
    """Refuse what would send a credential in clear text, or a credential where it does not belong."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("is not encrypted; write an https:// address")
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("is no address; write https://host without user and password")
    return url.rstrip("/")


def _base(url: str) -> str:
    if urlsplit(url).query or urlsplit(url).fragment:
        raise ValueError("has a query; write the site's address alone")
    return _address(url)


def _secret_address(url: SecretStr) -> SecretStr:
    _address(url.get_secret_value())
    return url


BaseUrl = Annotated[str, AfterValidator(_base)]
SecretUrl = Annotated[SecretStr, AfterValidator(_secret_address)]
Token = Annotated[SecretStr, Field(min_length=8)]
Name = Annotated[str, Field(min_length=1)]


class AtlassianFile(Strict):
    """An Atlassian site and the account that writes there."""

    flavour: Literal["cloud", "data-center"] = "cloud"
    url: BaseUrl = Field(description="The site, without /wiki; for a scoped token https://api.atlassian.com/ex/….")
    user: str = Field(default="", description="Cloud: e-mail address of the account. Data Center: leave it out.")
    token: Token = Field(description="Cloud: API token; Data Center: personal access token. Write ${NAME}.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority, beside this file.")
    language: Literal["ko", "en"] = "ko"

    @model_validator(mode="after")
    def _account(self) -> AtlassianFile:
        if (self.flavour == "cloud") != bool(self.user):
            raise ValueError("flavour and user do not fit; Cloud needs user: and token:, Data Center token: alone")
        if self.flavour == "cloud" and self.url.endswith("/wiki"):
            raise ValueError("url ends in /wiki; write the site without it")
        return self


class ConfluenceFile(AtlassianFile):
    """One page for the decision, with evidence attached, and a child page for each day."""

    space: str = Field(pattern=r"^~?[\w.-]+$", description="Key of the space.")
    parent: str = Field(default="", pattern=r"^\d*$", description="Id of the page to create it under; empty: the root.")
    title: str = Field(
        default="Sign-off: {product} {release} ({environment})",
        description="Title of a new page; {product}, {release} and {environment} are replaced.",
    )
    daily: bool = Field(default=True, description="Whether each day gets a child page.")
    pdf: bool = Field(default=False, description="Whether the page is attached as PDF too; needs a browser.")

    @model_validator(mode="after")
    def _title_names(self) -> ConfluenceFile:
        try:
            self.title.format(product="", release="", environment="")
        except (KeyError, IndexError, ValueError):
            raise ValueError("title has other names in braces; use {product}, {release} and {environment}") from None
        return self


class JiraFile(AtlassianFile):
    """One issue for each entry of the register."""

    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]+$", description="Key of the project.")
    issue_type: Name = Field(default="Bug", description="Name of the issue type, as the project has it.")
    labels: tuple[Annotated[str, Field(pattern=r"^\S+$")], ...] = Field(default=(), description="For every issue.")
    priorities: dict[Severity, Name] = Field(default={}, description="Severity to the name of a priority.")
    assignees: dict[str, Name] = Field(
        default={}, description="Owner to an account: Cloud its account id, Data Center its user name."
    )


class SlackFile(Strict):
    """One message for each change, and one a day."""

    webhook: SecretUrl | None = Field(default=None, description="Incoming webhook. Write ${NAME}.")
    token: Token | None = Field(default=None, description="Bot token (chat:write), instead of a webhook.")
    channel: str = Field(default="", description="For a bot token: id of the channel.")
    api: BaseUrl = "https://slack.com/api"
    language: Literal["ko", "en"] = "ko"
    digest: str = Field(
        default="", pattern=r"^(|[01]\d:[0-5]\d|2[0-3]:[0-5]\d)$", description="Time of the daily message; empty: none."
    )
    page: str = Field(default="", description="Address of the page to link to; empty: the published Confluence page.")

    @model_validator(mode="after")
    def _one_way(self) -> SlackFile:
        if (self.webhook is None) == (self.token is None) or bool(self.token) != bool(self.channel):
            raise ValueError("needs one way in; write webhook:, or token: and channel:")
        return self


class WebhookFile(Strict):
    """A service of yours that gets the decision as JSON whenever it changes."""

    url: SecretUrl = Field(description="Where to POST; ${NAME} if the address itself is a secret.")
    token: Token | None = Field(default=None, description="Sent as Authorization: Bearer. Write ${NAME}.")
    signing_key: Token | None = Field(default=None, description="Signs the body (HMAC-SHA256). Write ${NAME}.")
    ca_file: str = ""


class PublishingFile(Strict):
    """The publish file of an environment; a channel that is not written is not used."""

    schema_version: Literal[1]
    confluence: ConfluenceFile | None = None
    jira: JiraFile | None = None
    slack: SlackFile | None = None
    webhook: WebhookFile | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Publishing:
    """The settings of the channels that are wanted now, and what must reach no request's text."""

    file: PublishingFile
    folder: Path
    secrets: frozenset[str]

    def ca_file(self, name: str) -> str:
        """Return the certificate authority's file, found beside publish.yaml; empty: the public ones."""
        return str(self.folder / name) if name else ""


def load_publishing(folder: Path, wanted: frozenset[str], lookup: Callable[[str], str | None]) -> Publishing:
    """Return the settings of the wanted channels of the environment in the folder.

    A channel that is not wanted may lack its secrets; its keys are checked all the same.

    Raises:
        ConfigError: all mistakes at once, also a secret that is written out instead of named.
    """
    path = folder / FILE
    missing: set[str] = set()

    def tolerant(name: str) -> str | None:
        value = lookup(name)
        missing.update(() if value else {name})
        return value or f"https://{name.lower().replace('_', '-')}.invalid"

    document, raw = read_yaml(path, tolerant), read_yaml(path).data
    data = dict(document.data) if isinstance(document.data, dict) else document.data
    if isinstance(data, dict) and isinstance(raw, dict):
        for section in PublishingFile.model_fields:
            _check_references(document, raw.get(section), section, missing if section in wanted else set())
        _refuse_plain(document, raw)
    parsed = validate(document, data, PublishingFile) if data is not None or not document.problems else None
    if parsed is not None:
        configured = {name for name in PublishingFile.model_fields if isinstance(getattr(parsed, name), Strict)}
        for channel in sorted(wanted - configured):
            document.add((), f"has no {channel}", did_you_mean(channel, configured) or f"add {channel}:")
        _check_files(document, parsed, folder)
    raise_problems([document])
    assert parsed is not None
    return Publishing(file=parsed, folder=folder, secrets=frozenset(_values(parsed, missing)))


def configured(folder: Path) -> tuple[str, ...]:
    """Return the channels that the environment's publish.yaml names, unchecked; none if there is no such file."""
    path = folder / FILE
    data = read_yaml(path).data if path.is_file() else None
    return tuple(name for name in PublishingFile.model_fields if name != "schema_version" and name in (data or {}))


def _check_references(document: Document, value: Any, section: str, missing: set[str]) -> None:
    for path, text in _texts(value, (section,)):
        for name in _REFERENCE.findall(text):
            if name in missing:
                document.add(path, f"${{{name}}} is not set", f"set {name} in the environment or in .env")


def _texts(value: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(inner, (*path, key))


def _refuse_plain(document: Document, raw: dict[str, Any]) -> None:
    for section, key in _SECRETS:
        inner = raw.get(section)
        written = inner.get(key) if isinstance(inner, dict) else None
        if written is not None and not _REFERENCE.search(str(written)):
            document.add((section, key), "is written out", "write ${NAME} and keep the value elsewhere")


def _check_files(document: Document, parsed: PublishingFile, folder: Path) -> None:
    for name in ("confluence", "jira", "webhook"):
        section = getattr(parsed, name)
        if section is not None and section.ca_file and not (folder / section.ca_file).is_file():
            document.add((name, "ca_file"), "the file does not exist", f"put {section.ca_file} beside {FILE}")


def _values(parsed: PublishingFile, missing: set[str]) -> Iterator[str]:
    for name in ("confluence", "jira", "slack", "webhook"):
        section = getattr(parsed, name)
        for key in type(section).model_fields if section is not None else ():
            value = getattr(section, key)
            if isinstance(value, SecretStr) and not (missing and value.get_secret_value().endswith(".invalid")):
                yield value.get_secret_value()
