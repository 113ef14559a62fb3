"""Brings settings, decision and records together: one call for each channel, and one probe for each vendor."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import PublishError
from signoff.publish import slack, tracker, webhook, wiki
from signoff.publish.confluence import Draft, Publisher
from signoff.publish.confluence_body import render_day, render_signoff
from signoff.publish.content import day_digest, decision_digest
from signoff.publish.http import File, Http
from signoff.publish.jira import Issues
from signoff.publish.record import Outcome, Publications
from signoff.publish.tracker import Tracker
from signoff.publish.wiki_cloud import CloudWiki
from signoff.publish.wiki_data_center import DataCenterWiki
from signoff.reports.messages import Messages
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from signoff.config.publishing import AtlassianFile, Channel, Publishing
    from signoff.config.redaction import Redactor
    from signoff.model import Signoff
    from signoff.publish.wiki import Wiki
    from signoff.reports.background import Background
    from signoff.reports.daily_markdown import Day
    from signoff.store.base import Store

SIGN_OFF = "sign-off"
_SHOWN = 12
_TITLE = 230
"""Confluence takes titles of 255 characters."""
_PROOFS = 20
"""Checkpoints of journals that a page's property keeps; the ledger remembers them all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """How requests go out."""

    publishing: Publishing
    redact: Redactor
    show: Callable[[str], None] | None = None
    """Takes the text of each request in a dry run; None: everything is sent."""
    sleep: Callable[[float], None] | None = None
    """Waits between tries; None: really."""

    def atlassian(self, name: str, settings: AtlassianFile, hints: Mapping[int, str]) -> Http:
        """Return the way to an Atlassian site."""
        return self._http(name, settings.url, _credentials(settings), hints, settings.ca_file)

    def wiki(self) -> Wiki:
        """Return the Confluence space; the settings must have one."""
        settings = self.publishing.file.confluence
        assert settings is not None
        http = self.atlassian("Confluence", settings, wiki.HINTS)
        kind = CloudWiki if settings.flavour == "cloud" else DataCenterWiki
        return kind(http, settings.space)

    def tracker(self) -> Tracker:
        """Return the Jira project; the settings must have one."""
        settings = self.publishing.file.jira
        assert settings is not None
        http = self.atlassian("Jira", settings, tracker.HINTS)
        return Tracker(http, settings.project, cloud=settings.flavour == "cloud")

    def chat(self) -> slack.Chat:
        """Return the Slack channel; the settings must have one."""
        settings = self.publishing.file.slack
        assert settings is not None
        if settings.webhook is not None:
            address = settings.webhook.get_secret_value()
            return slack.Chat(http=self._http("Slack", address, {}, slack.HINTS, secret=True))
        assert settings.token is not None
        bearer = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
        return slack.Chat(http=self._http("Slack", settings.api, bearer, slack.HINTS), channel=settings.channel)

    def hook(self) -> Http:
        """Return the way to the service that takes JSON; the settings must have one."""
        settings = self.publishing.file.webhook
        assert settings is not None
        token = settings.token.get_secret_value() if settings.token else ""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        address = settings.url.get_secret_value()
        return self._http("Webhook", address, bearer, webhook.HINTS, settings.ca_file, secret=True)

    def _http(  # noqa: PLR0913, PLR0917 - passed on to where they are explained
        self,
        name: str,
        base: str,
        credentials: Mapping[str, str],
        hints: Mapping[int, str],
        ca_file: str = "",
        secret: bool = False,
    ) -> Http:
        waiting = {} if self.sleep is None else {"sleep": self.sleep}
        return Http(
            name=name,
            base=base,
            credentials=credentials,
            redact=self.redact,
            hints=hints,
            ca_file=self.publishing.ca_file(ca_file),
            show=self.show,
            secret_base=secret,
            **waiting,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Matter:
    """What is published."""

    signoff: Signoff
    background: Background
    store: Store
    clock: Callable[[], datetime]
    by: str
    """The account that publishes."""
    files: Sequence[tuple[File, str]] = ()
    """Evidence to attach, each with its label's message key."""
    day: Day | None = None
    """Today, for the daily page; None: no daily page."""
    ending: tuple[tuple[str, str], ...] = ()
    """Id and item of each waiver that ends soon."""
    adopt: bool = False

    def known(self, channel: Channel, way: Way) -> Publications:
        """Return what was published by the channel before; PublishError if nobody can tell."""
        return Publications(
            self.store,
            channel,
            environment=self.signoff.environment,
            release=self.signoff.release,
            clock=self.clock,
            by=self.by,
            dry=way.show is not None,
        )


def publish(channel: Channel, way: Way, matter: Matter) -> Iterator[Outcome]:
    """Publish by one channel, and yield what became of each thing.

    Raises:
        PublishError: nothing more can be published by it; the decision is as it was.
    """
    match channel:
        case "confluence":
            yield from _confluence(way, matter)
        case "jira":
            yield from _jira(way, matter)
        case "slack":
            yield from _slack(way, matter)
        case "webhook":
            settings = way.publishing.file.webhook
            key = settings.signing_key.get_secret_value() if settings and settings.signing_key else ""
            yield webhook.publish(way.hook(), matter.known("webhook", way), matter.signoff, key)


def _confluence(way: Way, matter: Matter) -> Iterator[Outcome]:
    settings, signoff = way.publishing.file.confluence, matter.signoff
    assert settings is not None
    names = {"product": signoff.product, "release": signoff.release, "environment": signoff.environment}
    m = Messages(settings.language)
    publisher = Publisher(way.wiki(), matter.known("confluence", way), names, adopt=matter.adopt)
    listed = [(file.name, label) for file, label in matter.files]
    leaking = [file.name for file, _ in matter.files if way.redact.betrays(file.content.decode("utf-8", "replace"))]
    if leaking:
        raise PublishError(
            f"{', '.join(leaking)} holds a known secret; nothing was published. Remove it, and change it"
        )
    page = Draft(
        subject=SIGN_OFF,
        title=one_line(settings.title.format(**names), _TITLE),
        body=way.redact(render_signoff(signoff, settings.language, matter.background, listed)),
        digest=decision_digest(signoff, settings.language),
        message=m("publish.version", verdict=signoff.verdict.value, digest=signoff.digest[:_SHOWN]),
        files=[file for file, _ in matter.files],
        proof=_proof(signoff),
    )
    outcome = publisher.publish(page, settings.parent)
    yield outcome
    day = matter.day
    if settings.daily and day is not None:
        date = day.date.isoformat()
        about = {"product": f"{signoff.product} {signoff.release}", "environment": signoff.environment}
        child = Draft(
            subject=f"daily {date}",
            title=one_line(m("publish.daily_title", date=date, **about), _TITLE),
            body=way.redact(render_day(day, settings.language, matter.background)),
            digest=day_digest(day, settings.language),
            message=page.message,
        )
        yield publisher.publish(child, outcome.place)


def _proof(signoff: Signoff) -> dict[str, object]:
    return {
        "evidence_digest": signoff.digest,
        "checkpoints": [[each.run, each.seq, each.sha256] for each in signoff.checkpoints[-_PROOFS:]],
        "ledgers": [[each.ledger, each.seq, each.sha256] for each in signoff.ledgers],
    }


def _jira(way: Way, matter: Matter) -> Iterator[Outcome]:
    settings = way.publishing.file.jira
    assert settings is not None
    issues = Issues(
        way.tracker(),
        matter.known("jira", way),
        settings=settings,
        signoff=matter.signoff,
        messages=Messages(settings.language),
        now=matter.clock(),
        redact=way.redact,
    )
    yield from issues.publish()


def _slack(way: Way, matter: Matter) -> Iterator[Outcome]:
    settings = way.publishing.file.slack
    assert settings is not None
    page = settings.page
    if not page:
        shown = matter.known("confluence", way).last(SIGN_OFF)
        page = shown.url if shown else ""
    yield from slack.publish(
        way.chat(),
        matter.known("slack", way),
        settings=settings,
        signoff=matter.signoff,
        ending=matter.ending,
        messages=Messages(settings.language),
        page=page,
        now=matter.clock(),
    )


def _credentials(settings: AtlassianFile) -> dict[str, str]:
    token = settings.token.get_secret_value()
    if settings.flavour == "data-center":
        return {"Authorization": f"Bearer {token}"}
    pair = base64.b64encode(f"{settings.user}:{token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}
