"""Tells a Slack channel what changed since the last message, and once a day how things stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from signoff.canonical import digest
from signoff.errors import PublishError
from signoff.publish.content import told_of
from signoff.publish.http import Request, payload
from signoff.publish.record import Outcome
from signoff.publish.slack_text import message

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from signoff.config.publishing import SlackFile
    from signoff.model import Signoff
    from signoff.publish.http import Http
    from signoff.publish.record import Publications
    from signoff.reports.messages import Messages

SUBJECT = "change"
HINTS: Mapping[int, str] = {
    403: "the webhook was revoked or its channel is archived; make a new one and set it",
    404: "there is no such webhook any more; make a new one and set it",
    410: "the webhook's channel is gone; make a new one and set it",
    429: "Slack takes about one message a second; run it again later",
}
_ERRORS: Mapping[str, str] = {
    "invalid_auth": "the bot token is wrong; set the one of the app",
    "not_authed": "the bot token is empty",
    "token_expired": "the bot token has expired; rotate it and set the new one",
    "token_revoked": "the bot token was revoked; install the app again",
    "account_inactive": "the bot was removed from the workspace; install the app again",
    "missing_scope": "the app lacks the scope chat:write; add it and install the app again",
    "not_in_channel": "the bot is no member of the channel; invite it",
    "channel_not_found": "no such channel, or a private one that the bot was not invited to; use the channel's id",
    "is_archived": "the channel is archived; name another one",
    "msg_blocks_too_long": "the message is too long for Slack",
    "rate_limited": "Slack asks for fewer messages; run it again later",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """A channel, by incoming webhook or by bot token."""

    http: Http
    channel: str = ""
    """For a bot token; empty: the webhook knows its channel."""

    def say(self, blocks: list[dict[str, Any]], text: str) -> str:
        """Post the message, and return its timestamp if Slack tells it.

        Raises:
            PublishError: Slack refuses; the message says what to do.
        """
        body: dict[str, Any] = {"text": text, "blocks": blocks}
        if not self.channel:
            self.http.send(Request(method="POST", path="", json=body))
            return ""
        quiet = {"unfurl_links": False, "unfurl_media": False}
        request = Request(method="POST", path="/chat.postMessage", json={"channel": self.channel, **body, **quiet})
        return str(checked(payload(self.http.send(request)), dry=self.http.dry).get("ts", ""))


def checked(answer: Any, *, dry: bool = False) -> Mapping[str, Any]:
    """Return the answer of a method; Slack says no with status 200.

    Raises:
        PublishError: it says no; the message says why and what to do.
    """
    if not isinstance(answer, dict) or not (answer.get("ok") or dry):
        error = str(answer.get("error", "")) if isinstance(answer, dict) else ""
        raise PublishError(f"Slack: {error or 'no answer'} ({_ERRORS.get(error, 'see api.slack.com/methods')})")
    return answer


def publish(  # noqa: PLR0913 - a decision, its readers, and the instant
    chat: Chat,
    known: Publications,
    *,
    settings: SlackFile,
    signoff: Signoff,
    ending: tuple[tuple[str, str], ...],
    messages: Messages,
    page: str,
    now: datetime,
) -> Iterator[Outcome]:
    """Tell what is new, or the day's decision if that is due; yield what was told.

    Args:
        chat: the channel.
        known: what was published before.
        settings: when the daily message is due.
        signoff: the decision.
        ending: id and item of each waiver that ends soon.
        messages: in the language of the channel.
        page: address to link to; empty: none.
        now: when this publishing began.
    """
    facts = told_of(signoff, ending)
    before = known.last(SUBJECT)
    earlier = () if before is None else before.told
    today = _digest_due(settings, signoff, now)
    daily = f"digest {today}" if today and known.last(f"digest {today}") is None else ""
    if not daily and set(facts) == set(earlier):
        yield Outcome(subject=SUBJECT, what="unchanged")
        return
    blocks, text = message(signoff, messages, facts=facts, earlier=earlier, page=page, daily=bool(daily))
    place = chat.say(blocks, text)
    content = digest(list(facts))
    known.note(SUBJECT, place=place, digest=content, told=facts)
    if daily:
        known.note(daily, place=place, digest=content)
    yield Outcome(subject=daily or SUBJECT, what="told", place=place)


def _digest_due(settings: SlackFile, signoff: Signoff, now: datetime) -> str:
    """Return today's date where the project is, if the daily message's time has come."""
    local = now.astimezone(ZoneInfo(signoff.timezone))
    if not settings.digest or local.time() < time.fromisoformat(settings.digest):
        return ""
    return local.date().isoformat()
