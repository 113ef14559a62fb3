"""Vendors on this machine, decisions, and a ledger, for tests of publishing."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.publishing import Publishing, PublishingFile
from signoff.config.redaction import Redactor
from signoff.model import Publication
from signoff.publish.channels import Matter, Way, publish
from signoff.reports.background import Background
from signoff.store.files import FileStore
from tests.publish import vendor_fakes as fakes
from tests.publish import vendor_server as server
from tests.reports import conftest as factories

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.model import Signoff

NOW = datetime(2025, 6, 23, 5, 0, tzinfo=UTC)
TOKEN = "canary-token-4f1a9b7c"
CANARIES = frozenset({TOKEN, "canary-database-password", "T0SECRET/B0SECRET/canarywebhook"})


class DiedError(BaseException):
    """The process was killed."""


@dataclass
class Desk:
    """One environment that publishes: its ledger stays from night to night."""

    folder: Path
    settings: dict[str, Any]
    now: datetime = NOW
    shown: list[str] | None = None
    slept: list[float] = field(default_factory=list)
    files: Any = ()
    day: Any = None

    @property
    def way(self) -> Way:
        file = PublishingFile.model_validate({"schema_version": 1, **self.settings})
        publishing = Publishing(file=file, folder=self.folder, secrets=CANARIES)
        show = None if self.shown is None else self.shown.append
        return Way(publishing=publishing, redact=Redactor(CANARIES), show=show, sleep=self.slept.append)

    def publish(self, channel: Any, signoff: Signoff, **fields: Any) -> list[Any]:
        """Publish, and return what became of each thing; the clock goes on with every look at it."""
        matter = Matter(
            signoff=signoff,
            background=Background(),
            store=FileStore(self.folder),
            clock=self.tick,
            by="ci@controller",
            **{"files": self.files, "day": self.day, **fields},
        )
        return list(publish(channel, self.way, matter))

    def tick(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def records(self) -> list[Publication]:
        return list(FileStore(self.folder).ledger().of(Publication))


@pytest.fixture
def running() -> Iterator[Callable[[Any], Any]]:
    """Start a vendor; every request that it saw must keep the contract and carry no secret."""
    started = []

    def start(vendor: Any) -> Any:
        started.append(server.Running(vendor))
        return started[-1]

    yield start
    for one in started:
        one.stop()
        assert one.vendor.violations == []
        assert [
            seen.text
            for seen in one.vendor.seen
            for canary in CANARIES
            if canary in seen.text.replace("/services/T0SECRET/B0SECRET/canarywebhook", "")
        ] == []


@pytest.fixture
def kit() -> SimpleNamespace:
    """Return the fakes, the factories of decisions, and what tests need of them."""
    return SimpleNamespace(
        **{
            name: getattr(fakes, name)
            for name in ("CloudWiki", "DataCenterWiki", "Jira", "Slack", "Service", "storage")
        },
        Fault=server.Fault,
        Answer=server.Answer,
        Contract=server.Contract,
        make=SimpleNamespace(
            item=factories.make_item,
            cell=factories.make_cell,
            result=factories.make_result,
            issue=factories.make_issue,
            run=factories.make_run,
            signoff=factories.make_signoff,
        ),
        xss=factories.XSS,
        token=TOKEN,
        canaries=CANARIES,
        now=NOW,
        Died=DiedError,
        Desk=Desk,
    )


@pytest.fixture
def die(monkeypatch: pytest.MonkeyPatch, kit: SimpleNamespace) -> Callable[..., None]:
    """Kill the process at its n-th request, before or after the vendor got it; 0 lets it live."""
    from signoff.publish.http import Http

    real = Http.send

    def at(number: int, *, after: bool = False) -> None:
        left = [number]

        def send(self: Http, request: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not after:
                raise kit.Died
            reply = real(self, request)
            if left[0] == 0:
                raise kit.Died
            return reply

        monkeypatch.setattr(Http, "send", send)

    return at
