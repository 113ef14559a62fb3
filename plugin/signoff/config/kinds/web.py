"""Inventory entry of a web application: where its instances answer, its API, its metrics and its promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from signoff.config.fields import Duration, Ratio, SecretText
from signoff.config.kinds.base import Service, Strict

ErrorStatus = Annotated[int, Field(ge=400, le=599)]


def _operation(value: str) -> str:
    method, _, path = value.partition(" ")
    if method != method.upper() or not path.startswith("/"):
        raise ValueError(
            "not an operation; write the method in capitals and the path template, such as GET /api/x/{id}"
        )
    return value


Operation = Annotated[str, AfterValidator(_operation)]


class Instance(Strict):
    """One running copy of the application, reachable without the load balancer."""

    name: str
    url: str = Field(description="Base URL of this copy alone.")
    host: str = Field(default="", description="Inventory host that it runs on.")


class Identity(Strict):
    """A synthetic account of the application, made for checks."""

    user: str
    password: SecretText


class Login(Strict):
    """How an identity opens a session: one POST of JSON that answers with a cookie."""

    path: str
    user_field: str = "email"
    password_field: str = "password"  # noqa: S105 - the name of a form field


class Exclusion(Strict):
    """An operation that is deliberately not called, and why that is acceptable."""

    operation: Operation
    reason: str = Field(min_length=10)


class Api(Strict):
    """What the API check needs beside the OpenAPI document that the application serves."""

    samples: dict[Operation, dict[str, str]] = Field(
        default_factory=dict, description="Values for parameters, by operation; else the document's own examples."
    )
    identities: dict[Operation, str] = Field(
        default_factory=dict, description="Identity for an operation; others are called without one."
    )
    exclude: tuple[Exclusion, ...] = ()
    test_report: str = Field(
        default="",
        description="JUnit report that covers operations other than GET: each is named in the name of a test case.",
    )


class ErrorCase(Strict):
    """One wrong request and the status that must answer it."""

    name: str
    method: Literal["GET", "HEAD", "OPTIONS"] = "GET"
    path: str
    headers: dict[str, str] = Field(default_factory=dict)
    status: ErrorStatus


class Unhandled(Strict):
    """How many errors that no code expected may have happened."""

    tracking: str = Field(
        default="",
        description="Name of an error_tracking service; empty: answers with status 500 in the metrics count.",
    )
    max: int = Field(default=0, ge=0, description="Most of them within the window.")
    window: Duration = timedelta(days=7)


class Errors(Strict):
    """How the application reports errors."""

    cases: tuple[ErrorCase, ...] = ()
    correlation_header: str = "X-Request-ID"
    statuses: tuple[ErrorStatus, ...] = Field(
        default=(400, 401, 404, 405, 406), description="Each must be asked for by at least one case."
    )
    unhandled: Unhandled = Unhandled()


class Objectives(Strict):
    """What the application promises."""

    p95_seconds: float = Field(default=1.0, gt=0)
    p99_seconds: float | None = Field(default=None, gt=0, description="Empty: nothing is promised of the slowest 1 %.")
    error_ratio: Ratio = 0.01


class Metrics(Strict):
    """Where the application's own measurements are, and how they are called."""

    prometheus: str = Field(description="Name of a prometheus service.")
    selector: str = Field(description='Label matchers that pick this application, such as job="shop".')
    requests: str = "http_requests_total"
    durations: str = Field(default="http_request_duration_seconds", description="Histogram, without _bucket.")
    route_label: str = "route"
    method_label: str = Field(default="", description="Label of the method; empty: routes are compared without it.")
    status_label: str = "status"
    window: Duration = timedelta(days=7)
    min_requests: int = Field(default=100, ge=30, description="Fewer requests in the window prove nothing.")
    unknown_routes: tuple[str, ...] = Field(default=("",), description="Labels of paths that the application lacks.")


class AccessLog(Strict):
    """An access log in the common or combined format; asked for the routes in use when there are no metrics."""

    host: str = Field(description="Inventory host that has it.")
    path: str
    lines: int = Field(default=20_000, ge=100, le=50_000, description="Newest lines that are read.")


class Sample(Strict):
    """How much of our own traffic the application may get."""

    requests: int = Field(default=30, ge=30, le=100, description="Requests for each journey without metrics.")
    per_second: float = Field(default=2.0, gt=0, le=50, description="Requests per second of any check, at most.")


class Journey(Strict):
    """One main function, as the request that its users wait for."""

    name: str
    path: str
    identity: str = Field(default="", description="Identity that signs in for it; empty: nobody.")
    route: str = Field(default="", description="Its route label: with enough requests the metrics are asked instead.")
    p95_seconds: float = Field(default=1.0, gt=0)


class Smoke(Strict):
    """One request that tells whether the deployed whole is alive."""

    path: str = Field(pattern=r"^/")
    contains: str = Field(default="", description="Text that must be in the answer.")


class WebService(Service):
    """One web application behind one address."""

    kind: Literal["web"] = "web"
    url: str = Field(description="Address that users call.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    instances: tuple[Instance, ...] = ()
    repository: str = Field(default="", description="Name of the repository service that holds its source.")
    version_path: str = "/version"
    openapi_path: str = "/openapi.json"
    login: Login | None = None
    identities: dict[str, Identity] = Field(default_factory=dict)
    api: Api = Api()
    errors: Errors = Errors()
    objectives: Objectives = Objectives()
    metrics: Metrics | None = None
    access_log: AccessLog | None = None
    sample: Sample = Sample()
    journeys: tuple[Journey, ...] = ()
    smoke: tuple[Smoke, ...] = Field(
        default=(), max_length=20, description="Asked for with GET once the integration tests have passed elsewhere."
    )

    @property
    def accounts(self) -> dict[str, dict[str, str]]:
        """For each identity, what is posted to sign in."""
        if self.login is None:
            return {}
        user, password = self.login.user_field, self.login.password_field
        return {
            name: {user: one.user, password: one.password.get_secret_value()} for name, one in self.identities.items()
        }

    @property
    def address(self) -> str:
        """The URL that users call."""
        return self.url
