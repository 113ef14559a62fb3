"""Uses the shop from end to end, as visitor, customer and administrator, and reports it as JUnit XML."""

# ruff: noqa: PLR2004 - status codes and counts read best as numbers

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from signoff.demo.exercises.traffic import Visitor, front
from signoff.demo.layout import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test case; `failure` is empty when it passed."""

    journey: str
    name: str
    seconds: float
    failure: str


class Shop:
    """The journeys: each method is one test case, in this order; its docstring starts with the operation."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        ca_file = str(layout.ca_file)
        self.visitor, self.alice, self.admin = (Visitor(front(layout), ca_file) for _ in range(3))
        self._order = 0

    def visitor_opens_the_page(self) -> None:
        """GET / shows products."""
        answer = self.visitor.get("/")
        assert answer.status_code == 200
        assert answer.text.count("<li>") > 0

    def visitor_lists_products(self) -> None:
        """GET /api/products returns as many as asked for."""
        assert len(self.visitor.get("/api/products?limit=7").json()["products"]) == 7

    def visitor_reads_a_product(self) -> None:
        """GET /api/products/{id} returns the same from database and cache."""
        first, second = (self.visitor.get("/api/products/7").json() for _ in range(2))
        assert first == second
        assert first["id"] == 7

    def visitor_is_told_what_is_wrong(self) -> None:
        """GET /api/products with nonsense is answered by a problem with a correlation id."""
        answer = self.visitor.get("/api/products?limit=many")
        assert answer.status_code == 400
        assert answer.json()["correlation_id"] == answer.headers["X-Request-ID"]

    def visitor_sees_no_account(self) -> None:
        """GET /api/me is closed without a session."""
        assert self.visitor.get("/api/me").status_code == 401

    def visitor_sees_the_release(self) -> None:
        """GET /version names the deployed commit."""
        assert self.visitor.get("/version").json()["commit"] == load(self._layout).commit

    def visitor_reads_the_api_document(self) -> None:
        """GET /openapi.json is the one in the repository."""
        document = self.visitor.get("/openapi.json").json()
        assert document == json.loads((self._layout.repo / "openapi.json").read_text(encoding="utf-8"))

    def services_are_ready(self) -> None:
        """GET /readyz names both dependencies as ok."""
        assert self.visitor.get("/readyz").json()["dependencies"] == {"postgresql": "ok", "redis": "ok"}

    def process_answers(self) -> None:
        """GET /healthz answers."""
        assert self.visitor.get("/healthz").json() == {"status": "ok"}

    def style_may_be_cached(self) -> None:
        """GET /static/style.css is public."""
        assert "public" in self.visitor.get("/static/style.css").headers["Cache-Control"]

    def wrong_password_is_refused(self) -> None:
        """POST /api/login refuses a wrong password without saying what was wrong."""
        answer = self.visitor.post("/api/login", {"email": "bob@example.test", "password": "wrong"})
        assert answer.status_code == 401
        assert "session" not in answer.cookies

    def customer_logs_in(self) -> None:
        """POST /api/login opens a session."""
        assert self._log_in(self.alice, "alice@example.test", "customer") == 200
        assert self.alice.get("/api/me").json()["email"] == "alice@example.test"

    def customer_buys(self) -> None:
        """POST /api/orders takes the products from stock, and the total is the sum of the lines."""
        stock = self._stock(11)
        answer = self.alice.post("/api/orders", {"lines": [{"product_id": 11, "quantity": 2}]})
        assert answer.status_code == 201
        order = answer.json()
        assert order["total_krw"] == sum(line["quantity"] * line["price_krw"] for line in order["lines"])
        assert self._stock(11) == stock - 2
        self._order = order["id"]

    def customer_finds_the_order(self) -> None:
        """GET /api/orders lists the new order first."""
        assert self.alice.get("/api/orders").json()["orders"][0]["id"] == self._order

    def customer_reads_the_order(self) -> None:
        """GET /api/orders/{id} shows one's own order, and nobody else's."""
        assert self.alice.get(f"/api/orders/{self._order}").status_code == 200
        assert self.alice.get("/api/orders/2").status_code == 403

    def customer_sees_no_report(self) -> None:
        """GET /api/admin/report is closed to customers."""
        assert self.alice.get("/api/admin/report").status_code == 403

    def customer_logs_out(self) -> None:
        """POST /api/logout ends the session."""
        assert self.alice.post("/api/logout").status_code == 204
        assert self.alice.get("/api/me").status_code == 401

    def administrator_reads_the_report(self) -> None:
        """GET /api/admin/report counts all orders."""
        assert self._log_in(self.admin, "admin@example.test", "admin") == 200
        assert self.admin.get("/api/admin/report").json()["orders"] >= 500
        assert self.admin.post("/api/logout").status_code == 204

    def close(self) -> None:
        """Close all connections."""
        for who in (self.visitor, self.alice, self.admin):
            who.close()

    def _log_in(self, who: Visitor, email: str, password: str) -> int:
        return who.post("/api/login", {"email": email, "password": self._layout.password(password)}).status_code

    def _stock(self, product: int) -> int:
        products = self.visitor.get(f"/api/products?after={product - 1}&limit=1").json()["products"]
        return int(products[0]["stock"])


def run(layout: Layout) -> str:
    """Run all cases, one after the other, and return the report."""
    started, shop = datetime.now(UTC), Shop(layout)
    steps = [name for name in vars(Shop) if not name.startswith("_") and name != "close"]
    try:
        cases = [_run(name, getattr(shop, name)) for name in steps]
    finally:
        shop.close()
    return _render(layout, cases, started)


def _run(name: str, step: Callable[[], None]) -> Case:
    clock, failure = time.monotonic(), ""
    try:
        step()
    except Exception as error:  # noqa: BLE001 - whatever breaks a test case is its result
        failure = f"{type(error).__name__}: {error}"
    journey = name.partition("_")[0]
    operation = (step.__doc__ or "").rstrip(".")
    return Case(journey=journey, name=operation, seconds=time.monotonic() - clock, failure=failure)


def _render(layout: Layout, cases: list[Case], started: datetime) -> str:
    failures = sum(bool(case.failure) for case in cases)
    totals = {"tests": str(len(cases)), "failures": str(failures), "errors": "0", "skipped": "0"}
    times = {"time": f"{sum(case.seconds for case in cases):.3f}", "timestamp": started.isoformat(timespec="seconds")}
    suite = ET.Element("testsuite", {"name": "end-to-end", **totals, **times})
    properties = ET.SubElement(suite, "properties")
    for name, value in (("commit", load(layout).commit), ("target", front(layout))):
        ET.SubElement(properties, "property", {"name": name, "value": value})
    for case in cases:
        details = {"classname": f"shop.{case.journey}", "name": case.name, "time": f"{case.seconds:.3f}"}
        element = ET.SubElement(suite, "testcase", details)
        if case.failure:
            ET.SubElement(element, "failure", {"message": case.failure})
    root = ET.Element("testsuites", totals)
    root.append(suite)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"
