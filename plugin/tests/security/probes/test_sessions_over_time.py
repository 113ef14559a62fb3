"""Sessions that end by themselves: keys of a real server, and a real application whose clock we move."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.redis.keys import lifetimes
from signoff.probes.web.kept_session import Keeper, Kept, default_folder
from signoff.probes.web.revisit import revisit
from signoff.probes.web.sign_in import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.probes.web.revisit import Revisited

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
IDLE = timedelta(minutes=30)
_SERVER = """\
bind 127.0.0.1
port {port}
dir "{folder}"
save ""
user signoff on >counting-only ~session:* -@all +scan +ttl
user narrow on >narrow-one -@all +info
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, start_valkey: Callable[[Path, str], int]) -> int:
    """Return the port of a real server whose account may count sessions and nothing else."""
    return start_valkey(tmp_path_factory.mktemp("sessions"), _SERVER)


def _admin(port: int) -> redis.Redis:
    return redis.Redis(port=port, retry=Retry(NoBackoff(), 0))


def _where(port: int, user: str = "signoff", password: str = "counting-only") -> Any:
    secret = SimpleNamespace(get_secret_value=lambda: password)
    return SimpleNamespace(host="127.0.0.1", port=port, user=user, password=secret, tls=False, ca_file="")


def test_sessions_are_counted_and_never_named(store: int) -> None:
    with _admin(store) as admin:
        for number in range(1_200):
            admin.set(f"session:{number}", "x", ex=36_000 + number % 10)
        found = lifetimes(_where(store), "session:*")
        admin.set("session:forever", "x")
        admin.set("other:forever", "x")
        endless = lifetimes(_where(store), "session:*", sample=10_000)
        admin.flushall()

    assert (found.looked_at, found.endless) == (1_000, 0)
    assert timedelta(hours=9) < found.longest <= timedelta(seconds=36_009)
    assert (endless.looked_at, endless.endless) == (1_201, 1)


def test_no_session_no_right_and_no_server_are_no_answers(store: int) -> None:
    with pytest.raises(NotVerifiedError, match="no key session"):
        lifetimes(_where(store), "session:*")
    with pytest.raises(NotVerifiedError, match=r"grant the account \+scan \+ttl"):
        lifetimes(_where(store, "narrow", "narrow-one"), "session:*")
    with pytest.raises(AuthenticationError):
        lifetimes(_where(store, "signoff", "wrong-password"), "session:*")
    with pytest.raises(UnreachableError):
        lifetimes(_where(1), "session:*")


class Shop:
    """An application with a clock of its own; what it forgets decides what a late visitor sees."""

    def __init__(self) -> None:
        self.now = NOW
        self.idle: timedelta | None = IDLE
        self.lifetime: timedelta | None = None
        self.sessions: dict[str, tuple[datetime, datetime]] = {}

    def __call__(self, request: Any) -> tuple[int, dict[str, str], str]:
        token = (request.headers.get("Cookie") or "").partition("session=")[2]
        if request.path == "/login":
            json.loads(request.rfile.read(int(request.headers["Content-Length"])))
            token = f"token-{len(self.sessions)}"
            self.sessions[token] = (self.now, self.now)
            return 200, {"Set-Cookie": f"session={token}; HttpOnly"}, "{}"
        if request.path == "/logout":
            self.sessions.pop(token, None)
            return 204, {}, ""
        return (200 if self._is_open(token) and request.path == "/me" else 401), {}, "{}"

    def _is_open(self, token: str) -> bool:
        if token not in self.sessions:
            return False
        opened, used = self.sessions[token]
        if (self.idle and self.now - used >= self.idle) or (self.lifetime and self.now - opened >= self.lifetime):
            return False
        self.sessions[token] = (opened, self.now)
        return True


class Nights:
    """Runs one after the other, against one application and one place to keep sessions in."""

    def __init__(self, url: str, shop: Shop, folder: Path) -> None:
        self.shop, self.keeper, self.folder, self._url = shop, Keeper(folder, "shop"), folder, url

    def run(self, later: timedelta, **wanted: Any) -> Revisited:
        self.shop.now += later
        fresh = Visitor(self._url, login_path="/login", logout_path="/logout")
        returning = Visitor(self._url)
        with contextlib.closing(fresh), contextlib.closing(returning):
            fresh.sign_in({"password": "x"})
            settings: dict[str, Any] = {"path": "/me", "after": IDLE, "now": self.shop.now} | wanted
            return revisit(self.keeper, fresh, returning, **settings)


@pytest.fixture
def nights(serve: Callable[..., Any], tmp_path: Path) -> Iterator[Nights]:
    shop = Shop()
    with serve(shop) as url:
        yield Nights(url, shop, tmp_path / "cache" / "sessions")


def test_a_session_nobody_used_is_tried_by_the_next_run(nights: Nights) -> None:
    with pytest.raises(NotVerifiedError, match=r"first run.*come back after 30 min"):
        nights.run(timedelta(0))
    with pytest.raises(NotVerifiedError, match="come back after 10 min"):
        nights.run(timedelta(minutes=20))

    found = nights.run(timedelta(hours=23, minutes=40))
    again = nights.run(timedelta(hours=24))

    assert (found.answer.refused, found.unused, found.age) == (True, timedelta(hours=24), timedelta(hours=24))
    assert (again.answer.refused, again.unused) == (True, timedelta(hours=24))


def test_a_session_that_never_ends_is_seen(nights: Nights) -> None:
    nights.shop.idle = None
    with pytest.raises(NotVerifiedError):
        nights.run(timedelta(0))

    assert nights.run(timedelta(hours=24)).answer.shown


def test_a_session_that_is_used_must_end_as_well(nights: Nights) -> None:
    wanted: dict[str, Any] = {"after": timedelta(hours=2), "idle": IDLE}
    nights.shop.lifetime = timedelta(hours=2)
    with pytest.raises(NotVerifiedError, match="first run"):
        nights.run(timedelta(0), **wanted)
    for minutes in (100, 80, 60, 40, 20):
        with pytest.raises(NotVerifiedError, match=f"over in {minutes} min"):
            nights.run(timedelta(minutes=20), **wanted)

    assert nights.run(timedelta(minutes=20), **wanted).answer.refused

    nights.shop.lifetime = None
    for _ in range(5):
        with pytest.raises(NotVerifiedError):
            nights.run(timedelta(minutes=20), **wanted)
    assert nights.run(timedelta(minutes=20), **wanted).answer.shown


def test_runs_too_far_apart_tell_nothing_of_a_lifetime(nights: Nights) -> None:
    wanted: dict[str, Any] = {"after": timedelta(hours=2), "idle": IDLE}
    with pytest.raises(NotVerifiedError, match="first run"):
        nights.run(timedelta(0), **wanted)

    with pytest.raises(NotVerifiedError, match="so it ended of that; run every 15 min"):
        nights.run(timedelta(hours=24), **wanted)


def test_a_path_that_opens_for_nobody_tells_nothing(nights: Nights) -> None:
    with pytest.raises(NotVerifiedError, match="although signed in"):
        nights.run(timedelta(0), path="/nobody")


def test_a_kept_session_is_for_us_alone(nights: Nights) -> None:
    with pytest.raises(NotVerifiedError):
        nights.run(timedelta(0))

    (file,) = nights.folder.iterdir()
    assert (file.stat().st_mode & 0o777, nights.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "token-" in file.read_text()
    assert "token-" not in repr(nights.keeper.load()) + file.name
    file.chmod(0o644)
    with pytest.raises(NotVerifiedError, match="others may read it"):
        nights.keeper.load()
    file.chmod(0o600)
    nights.folder.chmod(0o755)
    with pytest.raises(NotVerifiedError, match="others may read it"):
        nights.run(timedelta(hours=24))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"opened": "x"}', '{"opened": 1, "used": 2, "tokens": {}}'])
def test_a_damaged_file_is_no_session(tmp_path: Path, text: str) -> None:
    keeper = Keeper(tmp_path / "cache", "a")
    keeper.save(Kept(opened=NOW, used=NOW, tokens={"session": "t"}))
    (file,) = (tmp_path / "cache").iterdir()
    file.write_text(text)

    assert keeper.load() is None
    keeper.forget()
    assert keeper.load() is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path / "cache", "a")
    keeper.save(Kept(opened=NOW, used=NOW, tokens={"session": "t"}))
    (file,) = (tmp_path / "cache").iterdir()
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(NotVerifiedError, match="delete it"):
        keeper.load()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/han"}, "/home/han/.cache/pytest-signoff/sessions"),
        ({"HOME": "/home/han", "XDG_CACHE_HOME": "/var/cache/han"}, "/var/cache/han/pytest-signoff/sessions"),
        ({"HOME": "/home/han", "XDG_CACHE_HOME": "relative"}, "/home/han/.cache/pytest-signoff/sessions"),
    ],
)
def test_the_folder_is_the_users_cache(environ: dict[str, str], expected: str) -> None:
    assert str(default_folder(environ)) == expected
