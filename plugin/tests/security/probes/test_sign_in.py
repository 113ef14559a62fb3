"""A small application with accounts: closed, open, careless, and broken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError
from signoff.probes.web.sign_in import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
    from http.server import BaseHTTPRequestHandler

    Reply = tuple[int, dict[str, str], str]

STRICT = "session=t0ken; Max-Age=1800; Path=/; Secure; HttpOnly; SameSite=Strict"


class Shop:
    """Signs anybody in whose password is right, and remembers who signed out."""

    def __init__(self, cookie: str = STRICT.replace(" Secure;", "")) -> None:
        self.cookie = cookie
        self.open: set[str] = set()
        self.pages: dict[str, Reply] = {}
        self.forgets = True

    def __call__(self, request: BaseHTTPRequestHandler) -> Reply:
        token = (request.headers.get("Cookie") or "").partition("session=")[2]
        if request.path == "/login":
            length = int(request.headers.get("Content-Length", 0))
            if json.loads(request.rfile.read(length)).get("password") != "right":
                return 401, {}, ""
            self.open.add("t0ken")
            return 200, {"Set-Cookie": self.cookie} if self.cookie else {}, "{}"
        if request.path == "/logout":
            if self.forgets:
                self.open.discard(token)
            return 204, {"Set-Cookie": "session=; Max-Age=0"}, ""
        if request.path == "/me":
            return (200 if token in self.open else 401), {}, "{}"
        return self.pages.get(request.path, (404, {}, "nothing here"))


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def visitor(serve: Callable[..., Any], shop: Shop) -> Iterator[Visitor]:
    with serve(shop) as url:
        yield Visitor(url, login_path="/login", logout_path="/logout")


def test_a_path_is_closed_until_signed_in_and_after_signing_out(visitor: Visitor) -> None:
    before = visitor.ask("/me")
    visitor.sign_in({"password": "right"})
    during = visitor.ask("/me")
    visitor.sign_out()
    after = visitor.ask("/me")

    assert (before.refused, during.shown, after.refused) == (True, True, True)


def test_a_session_that_survives_signing_out_is_seen(visitor: Visitor, shop: Shop) -> None:
    shop.forgets = False
    visitor.sign_in({"password": "right"})
    visitor.sign_out()

    assert visitor.ask("/me").shown


@pytest.mark.parametrize(
    ("header", "flags", "seconds"),
    [
        (STRICT, "Secure, HttpOnly, SameSite=Strict", 1800),
        ("session=a=b; samesite=LAX", "SameSite=Lax", None),
        ("session=x; max-age=oops", "no flag", None),
        ("session=x; Expires=Wed, 01 Jan 2020 00:00:00 GMT; Max-Age=60", "no flag", 60),
    ],
)
def test_cookie_attributes_are_read_as_browsers_do(
    visitor: Visitor, shop: Shop, header: str, flags: str, seconds: int | None
) -> None:
    shop.cookie = header

    (cookie,) = visitor.sign_in({"password": "right"})

    lifetime: timedelta | None = cookie.lifetime
    assert (cookie.name, cookie.flags) == ("session", flags)
    assert (lifetime.total_seconds() if lifetime else None) == seconds
    assert "t0ken" not in repr(cookie)


def test_an_expiry_date_counts_where_there_is_no_age(visitor: Visitor, shop: Shop) -> None:
    shop.cookie = "session=x; Expires=Wed, 01 Jan 2098 00:00:00 GMT"

    (cookie,) = visitor.sign_in({"password": "right"})

    assert cookie.lifetime
    assert cookie.lifetime.days > 20_000


def test_a_refused_account_is_an_error_not_a_finding(visitor: Visitor) -> None:
    with pytest.raises(AuthenticationError, match="401"):
        visitor.sign_in({"password": "wrong"})


def test_a_login_without_a_cookie_cannot_be_judged(visitor: Visitor, shop: Shop) -> None:
    shop.cookie = ""

    with pytest.raises(NotVerifiedError, match="no cookie"):
        visitor.sign_in({"password": "right"})


def test_a_broken_server_neither_shows_nor_refuses(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/admin"] = (503, {}, "")

    with pytest.raises(NotVerifiedError, match="503"):
        visitor.ask("/admin")


def test_a_redirect_is_a_refusal_that_is_not_followed(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/account"] = (302, {"Location": "/login"}, "")

    answer = visitor.ask("/account")

    assert (answer.refused, answer.location) == (True, "/login")


@pytest.mark.parametrize("location", ["/account/", "https://shop.example.test/account"])
def test_a_redirect_to_the_same_place_refuses_nothing(visitor: Visitor, shop: Shop, location: str) -> None:
    shop.pages["/account"] = (301, {"Location": location}, "")

    answer = visitor.ask("/account")

    assert (answer.refused, answer.shown) == (False, False)


def test_an_object_is_found_by_its_place_or_cannot_be_tried(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/orders"] = (200, {}, '{"orders": [{"id": 7}]}')

    assert visitor.find("/orders", "orders.0.id") == "7"
    for pointer in ("orders.1.id", "orders.0.number", "orders.id"):
        with pytest.raises(NotVerifiedError, match="object of its own"):
            visitor.find("/orders", pointer)


def test_a_user_sees_a_broken_page_as_incomplete(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/"] = (200, {}, "<li>pen</li>")
    shop.pages["/broken"] = (500, {}, "")

    views = [visitor.view("/", "<li>"), visitor.view("/", "<table>"), visitor.view("/broken")]

    assert [str(view) for view in views] == ["/ 200", "/ 200 (incomplete)", "/broken 500 (incomplete)"]


def test_a_served_secret_file_is_a_leak(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/.env"] = (200, {}, "API_KEY=1")

    assert visitor.leaks("/.env")
    assert not visitor.leaks("/.git/config")


def test_an_application_that_answers_every_path_alike_leaks_nothing(serve: Callable[..., Any]) -> None:
    with serve(lambda _: (200, {}, "<html>app</html>")) as url:
        assert not Visitor(url).leaks("/.env")


def test_an_odd_status_leaves_a_leak_undecided(visitor: Visitor, shop: Shop) -> None:
    shop.pages["/.env"] = (418, {}, "")

    with pytest.raises(NotVerifiedError, match="418"):
        visitor.leaks("/.env")


def test_nothing_but_signing_in_and_out_is_ever_posted(visitor: Visitor) -> None:
    with pytest.raises(GuardError):
        visitor._session.post(visitor._url + "/orders")
