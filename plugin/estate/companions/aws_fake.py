"""A contract fake of Amazon's API: moto, and by hand the few operations that moto lacks.

By hand, after the API's own model: DescribeSubscribersForNotification (budgets), GetAnomalyMonitors and
GetAnomalySubscriptions (ce), GetServiceQuota and GetAWSDefaultServiceQuota (service-quotas), DescribeScalingActivities
and, because moto's policies have no alarms, DescribePolicies (autoscaling), and a short DescribeRegions (ec2).
What they answer is the JSON of `/fake/state`, to GET and to PUT. `GET /fake/seen` lists the operations asked for.
"""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from wsgiref.types import StartResponse, WSGIEnvironment

    from werkzeug.serving import BaseWSGIServer

ACCOUNT = "123456789012"
"""The account that moto plays."""
# All others are switched off, as in a careful account: so looking into each takes no time.
_REGIONS = (
    '<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId><regionInfo>'
    + "".join(
        f"<item><regionName>{name}</regionName><optInStatus>opt-in-not-required</optInStatus></item>"
        for name in ("ap-northeast-2", "us-east-1", "us-west-2")
    )
    + "</regionInfo></DescribeRegionsResponse>"
)
_NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"


class AmazonFake:
    """The whole of it, as a WSGI application."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._seen: list[str] = []
        self._state: dict[str, Any] = {}
        self._by_hand: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
            "DescribeSubscribersForNotification": self._subscribers,
            "GetAnomalyMonitors": lambda _: {"AnomalyMonitors": self._state.get("monitors", [])},
            "GetAnomalySubscriptions": lambda _: {"AnomalySubscriptions": self._state.get("subscriptions", [])},
            "GetServiceQuota": self._quota,
            "GetAWSDefaultServiceQuota": self._quota,
            "DescribeScalingActivities": lambda asked: self._of_group("activities", "Activities", asked),
            "DescribeQueryDefinitions": lambda _: {"queryDefinitions": self._state.get("queries", [])},
            "DescribeRegions": lambda _: _REGIONS,
            "DescribePolicies": lambda asked: self._of_group("policies", "ScalingPolicies", asked),
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if path == "/fake/state":
            if environ["REQUEST_METHOD"] == "PUT":
                self._state = json.loads(_body(environ))
            return _answer(start_response, self._state)
        if path == "/fake/seen":
            return _answer(start_response, self._seen)
        operation, parameters = _asked(environ)
        self._seen.append(operation)
        handler = self._by_hand.get(operation)
        if handler is None:
            return self._moto(environ, start_response)  # type: ignore[no-any-return]  # moto carries no types
        given = handler(parameters)
        if given is None:
            return _answer(
                start_response, {"__type": "NoSuchResourceException", "message": "no quota"}, "400 Bad Request"
            )
        return _answer(start_response, given)

    def _subscribers(self, asked: Mapping[str, Any]) -> Any:
        budget = get_backend("budgets")[asked["AccountId"]]["aws"].budgets[asked["AccountId"]][asked["BudgetName"]]
        found = [
            one.subscribers
            for one in budget.notifications
            if all(one.details.get(key) == value for key, value in asked["Notification"].items())
        ]
        return {"Subscribers": [who for subscribers in found for who in subscribers]}

    def _quota(self, asked: Mapping[str, Any]) -> Any:
        known = self._state.get("quotas", {}).get(f"{asked['ServiceCode']}/{asked['QuotaCode']}")
        return None if known is None else {"Quota": {"QuotaCode": asked["QuotaCode"], **known}}

    def _of_group(self, kind: str, element: str, asked: Mapping[str, Any]) -> Any:
        if "ResourceId" in asked:  # the same operation of Application Auto Scaling, which speaks JSON
            return {"ScalingActivities": self._state.get("service activities", {}).get(asked["ResourceId"], [])}
        operation, found = asked["Action"], self._state.get(kind, {}).get(asked["AutoScalingGroupName"], [])
        return (
            f'<{operation}Response xmlns="{_NAMESPACE}"><{operation}Result>{_xml({element: found})}</{operation}Result>'
            f"<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></{operation}Response>"
        )


def _xml(value: Any) -> str:
    """Return the value as Amazon's query protocol writes it."""
    if isinstance(value, dict):
        return "".join(f"<{key}>{_xml(inner)}</{key}>" for key, inner in value.items())
    if isinstance(value, list):
        return "".join(f"<member>{_xml(inner)}</member>" for inner in value)
    return escape(str(value).lower() if isinstance(value, bool) else str(value))


def _body(environ: WSGIEnvironment) -> bytes:
    """Return the request's body, and leave it for the next reader."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _asked(environ: WSGIEnvironment) -> tuple[str, Mapping[str, Any]]:
    """Return operation and parameters of both of Amazon's protocols that count here: JSON, and forms."""
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    body = _body(environ)
    if target:
        is_json = "json" in environ.get("CONTENT_TYPE", "")
        return target.rpartition(".")[2], json.loads(body or b"{}") if is_json else {}
    form = {key: values[0] for key, values in parse_qs(body.decode("utf-8", "replace")).items()}
    return form.get("Action", f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"), form


def _answer(start_response: StartResponse, given: Any, status: str = "200 OK") -> Iterator[bytes]:
    text = given if isinstance(given, str) else json.dumps(given)
    kind = "text/xml" if isinstance(given, str) else "application/x-amz-json-1.1"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(text.encode())))])
    return iter([text.encode()])


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - the name is werkzeug's
        """Say nothing about single requests."""


def server(port: int, address: str = "127.0.0.1") -> BaseWSGIServer:
    """Return a server that is bound and does not answer yet; port 0: any free one."""
    return make_server(address, port, AmazonFake(), threaded=True, request_handler=_Quiet)


if __name__ == "__main__":
    server(int(sys.argv[1])).serve_forever()
