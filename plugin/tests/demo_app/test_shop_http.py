from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from signoff.demo import postgres
from signoff.demo.shop.repository.shop import accounts, app

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.exercises.traffic import Visitor
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

PROBLEMS = {
    "nonsense in a query": ("/api/products?limit=many", {}, 400),
    "too many at once": ("/api/products?limit=101", {}, 400),
    "nobody logged in": ("/api/me", {}, 401),
    "orders of nobody": ("/api/orders", {}, 401),
    "report for nobody": ("/api/admin/report", {}, 401),
    "unknown path": ("/api/nothing", {}, 404),
    "unknown product": ("/api/products/999999", {}, 404),
    "no number": ("/api/products/seven", {}, 404),
    "number beyond every table": ("/api/products/99999999999999999999", {}, 404),
    "only POST": ("/api/login", {}, 405),
    "nothing that could be sent": ("/api/products", {"Accept": "image/png"}, 406),
}


@pytest.mark.parametrize("case", PROBLEMS)
def test_errors_are_problem_details_without_a_stack_trace(visitor: Visitor, case: str) -> None:
    path, headers, status = PROBLEMS[case]
    answer = visitor.get(path, headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["correlation_id"] == answer.headers["X-Request-ID"]
    assert "Traceback" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ([], 400),
        ({"email": "alice@example.test"}, 400),
        ({"email": 7, "password": "x"}, 400),
        ({"email": "a\0b", "password": "x"}, 400),
        ({"email": "nobody@example.test", "password": "x"}, 401),
        ({"email": "x" * 20_000, "password": "x"}, 413),
    ],
)
def test_login_refuses_what_it_cannot_use(visitor: Visitor, body: Any, status: int) -> None:
    assert visitor.post("/api/login", body).status_code == status


def test_login_says_the_same_for_unknown_people_and_wrong_passwords(visitor: Visitor) -> None:
    answers = [
        visitor.post("/api/login", {"email": who, "password": "x"}).json() for who in ("no@x.test", "bob@x.test")
    ]
    assert len({answer["detail"] for answer in answers}) == 1


def test_guessing_passwords_is_stopped_even_for_the_right_one(visitor: Visitor) -> None:
    guess = {"email": "customer9@example.test", "password": "guess"}
    statuses = [visitor.post("/api/login", guess).status_code for _ in range(accounts.FAILURES_ALLOWED + 1)]
    assert statuses == [401] * accounts.FAILURES_ALLOWED + [429]


def test_session_cookie_is_protected(demo: Layout, visitor: Visitor) -> None:
    answer = visitor.post("/api/login", {"email": "alice@example.test", "password": demo.password("customer")})
    cookie = answer.headers["Set-Cookie"]
    assert {"HttpOnly", "Secure", "SameSite=strict", "Max-Age=1800"} <= {part.strip() for part in cookie.split(";")}


def test_session_ends_on_every_instance_when_logging_out(customer: Callable[..., Visitor]) -> None:
    alice = customer()
    assert alice.get("/api/me").json()["email"] == "alice@example.test"
    assert alice.post("/api/logout").status_code == 204
    assert {alice.get("/api/me").status_code for _ in range(4)} == {401}


def test_customers_see_their_own_orders_only(customer: Callable[..., Visitor]) -> None:
    alice, admin = customer(), customer("admin@example.test", "admin")
    assert alice.get("/api/orders/1").status_code == 200
    assert alice.get("/api/orders/2").status_code == 403
    assert alice.get("/api/admin/report").status_code == 403
    assert admin.get("/api/orders/2").status_code == 200
    assert admin.get("/api/admin/report").json()["orders"] >= 500


def test_order_changes_stock_lines_and_payment_together(demo: Layout, customer: Callable[..., Visitor]) -> None:
    alice = customer()
    before = alice.get("/api/products?after=20&limit=1").json()["products"][0]["stock"]
    order = alice.post("/api/orders", {"lines": [{"product_id": 21, "quantity": 3}, {"product_id": 22, "quantity": 1}]})
    assert order.status_code == 201
    with postgres.connect_admin(demo) as connection:
        row = connection.execute(
            "SELECT total_krw, (SELECT sum(quantity * price_krw) FROM order_lines WHERE order_id = o.id),"
            " (SELECT amount_krw FROM payments WHERE order_id = o.id) FROM orders o WHERE id = %s",
            (order.json()["id"],),
        ).fetchone()
    assert row is not None
    assert len(set(row)) == 1
    assert alice.get("/api/products?after=20&limit=1").json()["products"][0]["stock"] == before - 3


def test_refused_order_changes_nothing(demo: Layout, customer: Callable[..., Visitor]) -> None:
    alice = customer()
    count = "SELECT (SELECT count(*) FROM orders), (SELECT sum(stock) FROM products)"
    with postgres.connect_admin(demo) as connection:
        before = connection.execute(count).fetchone()
        lines = [{"product_id": 23, "quantity": 1}, {"product_id": 999_999, "quantity": 1}]
        answer = alice.post("/api/orders", {"lines": lines})
        assert answer.status_code == 409
        assert connection.execute(count).fetchone() == before


@pytest.mark.parametrize("lines", [[], "x", [{"product_id": 1}], [{"product_id": 1, "quantity": 100}], [None]])
def test_malformed_orders_are_refused(customer: Callable[..., Visitor], lines: Any) -> None:
    assert customer().post("/api/orders", {"lines": lines}).status_code == 400


def test_every_answer_carries_security_headers(visitor: Visitor) -> None:
    for path in ("/", "/api/products", "/nothing", "/static/style.css"):
        headers = visitor.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Server" not in headers


def test_request_id_is_kept_if_it_is_harmless(app1: Visitor) -> None:
    assert app1.get("/healthz", {"X-Request-ID": "abc-12345678"}).headers["X-Request-ID"] == "abc-12345678"
    assert app1.get("/healthz", {"X-Request-ID": "<script>"}).headers["X-Request-ID"] != "<script>"


def test_request_is_found_in_the_central_log(demo: Layout, app1: Visitor) -> None:
    request_id = app1.get("/api/products/3").headers["X-Request-ID"]
    (line,) = _lines_about(demo, request_id)
    assert (line["route"], line["status"], line["method"]) == ("/api/products/{id}", 200, "GET")
    assert {"ts", "level", "host", "service", "ms"} <= line.keys()


def _lines_about(demo: Layout, request_id: str) -> list[Any]:
    """Return the request's lines; they are written just after the answer was sent."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        # The last line may be half written.
        lines = (demo.central_log / "app1.log").read_text(encoding="utf-8").split("\n")[:-1]
        if found := [json.loads(line) for line in lines if request_id in line]:
            return found
        time.sleep(0.02)
    return []


def test_probes_of_the_load_balancer_are_not_logged(demo: Layout, app1: Visitor) -> None:
    request_id = app1.get("/readyz").headers["X-Request-ID"]
    # What came later is there, so the probe would be, too.
    assert _lines_about(demo, app1.get("/api/products/3").headers["X-Request-ID"])
    assert request_id not in (demo.central_log / "app1.log").read_text(encoding="utf-8")


def test_metrics_name_routes_not_paths(app1: Visitor) -> None:
    app1.get("/api/products/4")
    app1.get("/wp-admin")
    text = app1.get("/metrics").text
    assert 'http_requests_total{method="GET",route="/api/products/{id}",status="200"}' in text
    assert 'route="unknown",status="404"' in text
    assert "wp-admin" not in text
    assert 'http_request_duration_seconds_bucket{le="1.0"' in text
    assert "process_resident_memory_bytes" in text
    assert 'route="/metrics"' not in text


def test_product_comes_from_the_cache_the_second_time(demo: Layout, app1: Visitor) -> None:
    from signoff.demo import cache

    first = app1.get("/api/products/150").json()
    with cache.connect_admin(demo) as client:
        assert json.loads(str(client.get("product:150"))) == first
        client.set("product:150", json.dumps({**first, "name": "from the cache"}), ex=300)
        assert app1.get("/api/products/150").json()["name"] == "from the cache"
        client.delete("product:150")


def test_api_document_is_valid_and_covers_exactly_the_routes(demo: Layout) -> None:
    document = json.loads((demo.repo / "openapi.json").read_text(encoding="utf-8"))
    validate(document)
    documented = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
    served = {
        (method, route.path_format)
        for route in app.routes()
        for method in (route.methods or {"GET", "POST"}) - {"HEAD"}
    }
    assert served - documented == {("GET", "/metrics")}
    assert documented <= served


def test_every_read_operation_answers_as_documented(demo: Layout, customer: Callable[..., Visitor]) -> None:
    document = json.loads((demo.repo / "openapi.json").read_text(encoding="utf-8"))
    alice, admin = customer(), customer("admin@example.test", "admin")
    for path, operations in document["paths"].items():
        if "get" not in operations:
            continue
        answer = (admin if "admin" in path else alice).get(path.format(id=1))
        assert answer.status_code == 200, path
        (media_type, content), *_ = operations["get"]["responses"]["200"]["content"].items()
        assert answer.headers["Content-Type"].startswith(media_type), path
        if media_type == "application/json":
            schema = {**content["schema"], "components": document["components"]}
            Draft202012Validator(schema).validate(answer.json())


def test_unhandled_error_is_a_500_without_details_and_is_tracked(demo: Layout, app1: Visitor) -> None:
    from signoff.demo import errortracking

    with postgres.connect_admin(demo) as connection:
        before = errortracking.outcomes_file(demo).read_text(encoding="utf-8").count("accepted")
        connection.execute("ALTER TABLE products RENAME TO products_away")
        try:
            answer = app1.get("/api/products")
        finally:
            connection.execute("ALTER TABLE products_away RENAME TO products")
    assert answer.status_code == 500
    assert answer.json()["detail"] == "Server got itself in trouble"
    assert "products" not in answer.text.replace("/api/products", "")
    deadline = time.monotonic() + 60
    while errortracking.outcomes_file(demo).read_text(encoding="utf-8").count("accepted") == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert any("Traceback" in json.dumps(line) for line in _lines_about(demo, answer.headers["X-Request-ID"]))
