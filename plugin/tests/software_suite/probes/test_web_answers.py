from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.metrics.prometheus import Prometheus
from signoff.probes.metrics.services import Names, ServiceMetrics
from signoff.probes.web import build_info, error_answers, response_times
from signoff.probes.web.build_info import Build
from signoff.probes.web.response_times import Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler

    from tests.software_suite.conftest import Answer, PlainAnswer, Site

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_an_instance_tells_its_build(site: Site, as_json: Callable[..., Answer]) -> None:
    site.answers["/version"] = as_json({"version": "1.0.0", "commit": COMMIT, "instance": "app1"})

    with site.session as session:
        assert build_info.read(session, f"{site.url}/version") == Build(version="1.0.0", commit=COMMIT)


@pytest.mark.parametrize(
    "body", [[], {"version": "1.0.0"}, {"version": 1, "commit": COMMIT}, {"version": "1", "commit": ""}]
)
def test_an_answer_without_a_commit_cannot_be_judged(site: Site, as_json: Callable[..., Answer], body: object) -> None:
    site.answers["/version"] = as_json(body)

    with site.session as session, pytest.raises(NotVerifiedError, match="status 200 without version and commit"):
        build_info.read(session, f"{site.url}/version")


@pytest.mark.parametrize(
    "answer", [(404, {}, ""), (200, {}, "1.0.0"), (500, {}, json.dumps({"version": "1", "commit": COMMIT}))]
)
def test_an_endpoint_that_tells_no_build_cannot_be_judged(site: Site, answer: Answer) -> None:
    site.answers["/version"] = answer

    with site.session as session, pytest.raises(NotVerifiedError):
        build_info.read(session, f"{site.url}/version")


@pytest.mark.parametrize(
    ("version", "commit", "is_release"),
    [
        ("1.0.0", COMMIT, True),
        ("1.0.0", COMMIT[:7], True),
        ("1.0.0", COMMIT.upper(), True),
        ("1.0.0", COMMIT[:6], False),
        ("1.0.0", "fedcba9", False),
        ("1.0.1", COMMIT, False),
    ],
)
def test_a_build_is_the_release_if_version_and_commit_are(version: str, commit: str, *, is_release: bool) -> None:
    assert Build(version=version, commit=commit).is_release("1.0.0", COMMIT) is is_release


def answer_to(site: Site, answer: Answer, method: str = "GET") -> error_answers.ErrorAnswer:
    site.answers["/wrong"] = answer
    with site.session as session:
        return error_answers.ask(session, method, f"{site.url}/wrong", {"Accept": "image/png"}, "X-Request-ID")


PROBLEM = {"type": "about:blank", "title": "Not Found", "status": 404}


def test_a_problem_detail_with_a_correlation_id_is_what_errors_should_be(site: Site) -> None:
    headers = {"Content-Type": "application/problem+json; charset=utf-8", "X-Request-ID": "7f3a", "Server": "shop"}

    seen = answer_to(site, (404, headers, json.dumps(PROBLEM)))

    assert (seen.status, seen.is_problem, seen.correlation_id, seen.leaks) == (404, True, "7f3a", ())
    assert answer_to(site, (404, headers, json.dumps(PROBLEM)), "HEAD").is_problem


@pytest.mark.parametrize(
    ("status", "content_type", "body"),
    [
        (404, "application/json", json.dumps(PROBLEM)),
        (404, "application/problem+json", "Not Found"),
        (404, "application/problem+json", "[]"),
        (404, "application/problem+json", json.dumps({"status": 404})),
        (400, "application/problem+json", json.dumps(PROBLEM)),
    ],
)
def test_what_only_looks_like_a_problem_detail_is_none(site: Site, status: int, content_type: str, body: str) -> None:
    seen = answer_to(site, (status, {"Content-Type": content_type, "X-Request-ID": " "}, body))

    assert (seen.is_problem, seen.correlation_id) == (False, "")


@pytest.mark.parametrize(
    ("body", "leak"),
    [
        ("Traceback (most recent call last):", "Python traceback"),
        ("at com.shop.Cart.add(Cart.java:42)", "Java stack trace"),
        ("   at Shop.Cart.Add(Int32 id) in C:\\src\\Cart.cs:line 42", ".NET stack trace"),
        ("at Object.<anonymous> (/srv/shop/index.js:3:7)", "Node.js stack trace"),
        ("goroutine 1 [running]:", "Go panic"),
        ("cart.rb:42:in `add'", "Ruby stack trace"),
        ("<b>Fatal error</b>: Uncaught", "PHP error"),
        ('syntax error at or near "SELECT"', "SQL error"),
        ("cannot open /srv/shop/config/settings.toml", "file path"),
    ],
)
def test_internals_in_an_answer_are_leaks(site: Site, body: str, leak: str) -> None:
    assert leak in answer_to(site, (500, {}, body)).leaks


@pytest.mark.parametrize(
    "body", ["see /docs/errors", "No product 7 at the moment (try later)", "goroutines are nice", ""]
)
def test_ordinary_words_are_no_leaks(site: Site, body: str) -> None:
    assert answer_to(site, (404, {"Server": "nginx"}, body)).leaks == ()


def test_a_version_in_a_banner_is_a_leak(site: Site) -> None:
    headers = {"Server": "nginx/1.18.0 (Ubuntu)", "X-Powered-By": "PHP/8.1"}

    assert answer_to(site, (404, headers, "")).leaks == ("version in Server", "version in X-Powered-By")


def test_quantiles_are_those_that_the_share_of_answers_kept() -> None:
    sample = Sample(seconds=tuple(number / 100 for number in range(1, 101)), failures=3)

    assert (sample.quantile(0.95), sample.quantile(0.5), sample.quantile(1.0)) == (0.95, 0.5, 1.0)
    assert sample.failure_ratio == 0.03
    assert Sample(seconds=(0.2,), failures=0).quantile(0.95) == 0.2


def test_a_sample_counts_every_request_but_the_first_and_tells_failures(site: Site) -> None:
    answers = iter([200] * 5 + [503] * 2)
    site.answers["/"] = lambda _: (next(answers), {}, "")

    began = time.perf_counter()
    with site.session as session:
        seen = response_times.take(session, site.url, requests=6)
    took = time.perf_counter() - began

    assert (len(seen.seconds), seen.failures) == (6, 2)
    assert len(site.asked) == 7
    assert min(seen.seconds) > 0
    assert sum(seen.seconds) <= took


def test_a_sample_ends_as_soon_as_the_limit_cannot_be_kept_any_more(site: Site) -> None:
    def slowly(_: BaseHTTPRequestHandler) -> PlainAnswer:
        time.sleep(0.02)
        return 200, {}, ""

    site.answers["/"] = slowly

    with site.session as session:
        seen = response_times.take(session, site.url, requests=40, limit=0.01)

    assert len(seen.seconds) == 3, "3 of 40 are more than 5 %"
    assert seen.quantile(0.95) > 0.01


NAMES = Names(selector='job="shop"', requests="hits", durations="took", route_label="route", status_label="status")
DAY = timedelta(days=1)


def metrics(site: Site, results: dict[str, list[tuple[dict[str, str], str]]]) -> ServiceMetrics:
    """Return a server that answers a query by the first word in `results` that it contains."""

    def answer(handler: BaseHTTPRequestHandler) -> PlainAnswer:
        query = parse_qs(urlsplit(handler.path).query)["query"][0]
        rows = next((rows for word, rows in results.items() if word in query), [])
        result = [{"metric": labels, "value": [0, value]} for labels, value in rows]
        body = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return 200, {"Content-Type": "application/json"}, json.dumps(body)

    site.answers["/api/v1/query"] = answer
    return ServiceMetrics(Prometheus(site.session, site.url), NAMES, DAY)


def test_traffic_is_requests_errors_and_the_95th_percentile(site: Site) -> None:
    server = metrics(site, {"5..": [({}, "3")], "histogram_quantile": [({}, "0.25")], "hits": [({}, "600")]})

    seen = server.traffic(min_requests=100, route="/items/{id}")

    assert (seen.requests, seen.error_ratio, seen.p95_seconds) == (600, 0.005, 0.25)
    assert all("route%3D%22%2Fitems%2F%7Bid%7D%22" in asked and "86400s" in asked for asked in site.asked)


def test_no_series_of_errors_means_no_errors(site: Site) -> None:
    server = metrics(site, {"5..": [], "histogram_quantile": [({}, "0.25")], "hits": [({}, "600")]})

    assert server.traffic(min_requests=100).error_ratio == 0


@pytest.mark.parametrize("rows", [[], [({}, "99")], [({}, "NaN")]])
def test_too_little_traffic_proves_nothing(site: Site, rows: list[tuple[dict[str, str], str]]) -> None:
    server = metrics(site, {"5..": [], "histogram_quantile": [({}, "0.01")], "hits": rows})

    with pytest.raises(NotVerifiedError, match="at least 100 are needed"):
        server.traffic(min_requests=100)


def test_without_a_histogram_times_cannot_be_judged(site: Site) -> None:
    server = metrics(site, {"5..": [], "histogram_quantile": [({}, "NaN")], "hits": [({}, "600")]})

    with pytest.raises(NotVerifiedError, match="no histogram"):
        server.traffic(min_requests=100)


def test_routes_are_those_that_were_asked(site: Site) -> None:
    server = metrics(site, {"sum by (route)": [({"route": "/a"}, "7"), ({"route": "/b"}, "0")]})

    assert server.routes() == {"/a"}


@pytest.mark.parametrize("rows", [[], [({}, "600")]])
def test_requests_without_a_route_cannot_be_judged(site: Site, rows: list[tuple[dict[str, str], str]]) -> None:
    with pytest.raises(NotVerifiedError, match="no route label"):
        metrics(site, {"sum by": rows}).routes()
