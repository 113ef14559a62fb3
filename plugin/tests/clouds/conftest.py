"""Real checks with their real fixtures, asked of clouds that a test puts together."""

from __future__ import annotations

import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from estate.companions import aws_account, aws_fake
from signoff.config.checklist import load_checklist
from tests.suite_checks import ROOT, SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.config.kinds.cloud import CloudService
    from tests.suite_checks import Conclusion

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of the suite's files, which are imported here without the plugin's session."""
    config.addinivalue_line("markers", "checklist(id): the checklist item that a check answers")
    config.addinivalue_line("markers", "contract: asks a fake that keeps to the vendor's published contract")


@cache
def items() -> dict[str, str]:
    """Return the item of each check that clouds answer."""
    checklist = load_checklist(ROOT / "tests" / "checklist.yaml")
    return {check.name: item.id for item in checklist.items for check in item.checks if check.targets.name == "cloud"}


class Checks(SuiteChecks):
    """The suite's checks, run one by one for a cloud."""

    def __init__(self, find: Callable[[str], Path], **given: Any) -> None:
        super().__init__(evaluated_at=NOW, workspace_path=find, **given)
        self._opened: dict[str, dict[str, Any]] = {}

    def close(self) -> None:
        """Close all clouds."""
        for opened in self._opened.values():
            for cloud in opened.values():
                cloud.close()

    def one(self, check: str, settings: Any, kind: str = "cloud", name: str = "cloud", **given: Any) -> Conclusion:
        """Run one check with the fixtures that it names; a cloud is opened once for the same settings."""
        given.setdefault("opened_clouds", self._opened.setdefault(repr(settings), {}))
        return super().one(check, settings, kind, name, **given)

    def all(self, settings: CloudService) -> dict[str, Conclusion]:
        """Run every check that clouds answer."""
        return {check: self.one(check, settings) for check in items()}

    def red_items(self, settings: CloudService) -> set[str]:
        """Return the items of which a check fails."""
        return {items()[check] for check, found in self.all(settings).items() if found.state == "FAIL"}


@pytest.fixture
def checks(tmp_path: Path) -> Iterator[Checks]:
    """Return the suite's checks; files that an inventory names are looked for in `tmp_path`."""
    checks = Checks(lambda name: tmp_path / name)
    yield checks
    checks.close()


@pytest.fixture(scope="session")
def amazon() -> Iterator[aws_account.Amazon]:
    """Return a stand-in for Amazon that holds the estate's account, in good order."""
    server = aws_fake.server(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        amazon = aws_account.Amazon(f"http://127.0.0.1:{server.server_port}")
        aws_account.build(amazon)
        yield amazon
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Export:
    """Files as a provider's program writes them, with their manifest."""

    def __init__(self, folder: Path, provider: str, account: str) -> None:
        self.folder = folder
        self.manifest: dict[str, Any] = {
            "schema_version": 1,
            "provider": provider,
            "account": account,
            "created": (NOW - timedelta(hours=1)).isoformat(),
            "tool": "example 1.0",
            "files": {},
        }
        folder.mkdir()

    def put(self, name: str, content: Any) -> None:
        """Write a file, and list it."""
        text = json.dumps(content).encode()
        (self.folder / name).write_bytes(text)
        self.manifest["files"][name] = hashlib.sha256(text).hexdigest()
        self.sign()

    def sign(self) -> None:
        """Write the manifest."""
        (self.folder / "manifest.json").write_text(json.dumps(self.manifest))

    def get(self, name: str) -> Any:
        """Return a file's content, to change it and put it back."""
        return json.loads((self.folder / name).read_text())


@pytest.fixture
def export(tmp_path: Path) -> Callable[..., Export]:
    """Return a function that makes an empty export `export(provider, account)` in `tmp_path/export`."""
    return lambda provider, account: Export(tmp_path / "export", provider, account)
