"""Asks each vendor, without changing anything, whether publishing would work: the token, the place, and the rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import PublishError
from signoff.publish.http import Request, payload
from signoff.publish.slack import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.publishing import Channel
    from signoff.publish.channels import Way


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was asked, and what came of it."""

    ok: bool
    text: str


def probe(channel: Channel, way: Way) -> Iterator[Finding]:
    """Yield what was found; the first thing that is wrong ends it, since the rest depends on it."""
    steps: dict[Channel, Callable[[Way], Iterator[str]]] = {
        "confluence": _confluence,
        "jira": _jira,
        "slack": _slack,
        "webhook": _webhook,
    }
    try:
        for text in steps[channel](way):
            yield Finding(ok=True, text=text)
    except PublishError as error:
        yield Finding(ok=False, text=str(error))


def _confluence(way: Way) -> Iterator[str]:
    settings = way.publishing.file.confluence
    assert settings is not None
    wiki = way.wiki()
    yield f"the token is good: {wiki.account() or 'an account without a name'}"
    allowed = wiki.may_create()
    if allowed is False:
        raise PublishError(f"the account may not add pages to the space {settings.space}; give it that right")
    yield f"the space {settings.space} is there" + ("" if allowed is None else ", and pages may be added")
    if settings.parent:
        parent = wiki.page(settings.parent)
        if parent is None:
            raise PublishError(f"the parent page {settings.parent} is not there, or hidden from the account")
        yield f"the parent page is there: {parent.title}"
    if allowed is None:
        yield "the site does not tell whether pages may be added: the first publication will show it"


def _jira(way: Way) -> Iterator[str]:
    settings = way.publishing.file.jira
    assert settings is not None
    tracker = way.tracker()
    yield f"the token is good: {tracker.account() or 'an account without a name'}"
    types = tracker.issue_types()
    yield f"the project {settings.project} is there"
    if settings.issue_type not in types:
        raise PublishError(f"the project has no issue type {settings.issue_type!r}; it has {', '.join(types)}")
    yield f"it has the issue type {settings.issue_type}"
    lacking = tracker.lacking()
    if lacking:
        raise PublishError(f"the account lacks rights in the project: {', '.join(lacking)}; ask its administrator")
    yield "the account may browse, create, edit, comment and transition"


def _slack(way: Way) -> Iterator[str]:
    chat = way.chat()
    if not chat.channel:
        yield "an incoming webhook cannot be asked without posting; its address is well formed"
        return
    answer = checked(payload(chat.http.send(Request(method="POST", path="/auth.test", json={}, reads=True))))
    yield f"the token is good: {answer.get('user', '')} in {answer.get('team', '')}"
    yield f"whether the bot may post in {chat.channel} is seen with the first message"


def _webhook(way: Way) -> Iterator[str]:
    way.hook()
    yield "a webhook cannot be asked without posting; its address is well formed"
