"""The contracts that the fakes hold requests against are documents of their kind, and refuse what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from openapi_spec_validator import validate

from tests.publish.vendor_server import Seen

if TYPE_CHECKING:
    from types import SimpleNamespace

pytestmark = pytest.mark.contract
NAMES = ("confluence_cloud", "confluence_data_center", "jira", "slack")
PAGE = '{"spaceId": "42", "status": "current", "title": "t", "body": {"representation": "storage", "value": ""}}'


@pytest.mark.parametrize("name", NAMES)
def test_a_contract_is_an_openapi_document(name: str, kit: SimpleNamespace) -> None:
    validate(kit.Contract(name).document)


@pytest.mark.parametrize(
    ("method", "path", "body", "problem"),
    [
        ("POST", "/wiki/api/v2/pages", PAGE, ""),
        ("POST", "/wiki/api/v2/pages", PAGE.replace('"spaceId": "42", ', ""), "spaceId"),
        ("POST", "/wiki/api/v2/pages", PAGE.replace("storage", "html"), "representation"),
        ("POST", "/wiki/api/v2/pages", PAGE.replace('"title": "t"', '"title": "t", "colour": "red"'), "colour"),
        ("PUT", "/wiki/api/v2/pages/1", PAGE, "version"),
        ("PATCH", "/wiki/api/v2/pages/1", PAGE, "no such operation"),
        ("GET", "/wiki/api/v2/unknown", "", "no such operation"),
    ],
)
def test_a_wrong_request_is_a_violation(kit: SimpleNamespace, method: str, path: str, body: str, problem: str) -> None:
    seen = Seen(method=method, path=path, query={}, headers={"Content-Type": "application/json"}, body=body.encode())
    found = kit.Contract("confluence_cloud").problems(seen)
    assert bool(found) == bool(problem)
    assert problem in " ".join(found)
