"""API: every operation answers as documented, fast enough, and errors give nothing away."""

import pytest

from signoff import not_verified


@pytest.mark.checklist(id="SW-API-1")
def test_every_get_operation_answers_as_documented(target, reading_operations, evidence):
    seen = reading_operations
    evidence(
        observed=f"{len(seen.calls)} of {seen.operations} GET operations called, {seen.excluded} excluded",
        expected="each answers with status, content type and JSON as its document says",
        inspected=len(seen.calls),
    )
    wrong = [f"{one.operation}: {'; '.join(one.problems)}" for one in seen.calls if one.problems]
    assert not wrong, f"{target.name}: {' | '.join(wrong)}"
    if seen.open:
        not_verified(f"{target.name}: give samples or a reasoned exclude for {', '.join(seen.open)}")


@pytest.mark.checklist(id="SW-API-1")
def test_changing_operations_are_tested(target, api_document, changing_operations, evidence):
    seen = changing_operations
    evidence(
        observed=f"{seen.operations} operations that may change something, {seen.excluded} excluded, "
        f"without a passed test: {len(seen.open)}",
        expected="a passed test of this release for each, or a reasoned exclude",
        inspected=len(api_document.operations),
    )
    assert not seen.failed, f"{target.name}: the release's own tests fail for {', '.join(seen.failed)}"
    if seen.open:
        not_verified(f"{target.name}: test it or exclude it with a reason: {', '.join(seen.open)}")


@pytest.mark.checklist(id="SW-API-2")
def test_api_keeps_its_objectives(application, traffic, evidence):
    promised = application.settings.objectives
    evidence(
        observed=f"{traffic.requests:.0f} requests, p95 {traffic.p95_seconds:.3f} s, {traffic.error_ratio:.2%} errors",
        expected=f"p95 <= {promised.p95_seconds:g} s, errors <= {promised.error_ratio:.2%}",
        inspected=int(traffic.requests),
    )
    assert traffic.p95_seconds <= promised.p95_seconds, (
        f"{application.name}: p95 is {traffic.p95_seconds:.3f} s, limit is {promised.p95_seconds:g} s"
    )
    assert traffic.error_ratio <= promised.error_ratio, (
        f"{application.name}: {traffic.error_ratio:.2%} of requests failed, limit is {promised.error_ratio:.2%}"
    )


@pytest.mark.checklist(id="SW-API-3")
def test_api_document_is_valid_and_of_this_release(target, api_document, api_source, evidence):
    invalid = api_document.error()
    evidence(
        observed=f"version {api_document.version}, sha256 {api_document.sha256[:12]}, {invalid or 'valid'}",
        expected=f"version {api_source.version}, sha256 {api_source.document.sha256[:12]}, valid",
        inspected=len(api_document.operations),
    )
    assert not invalid, f"{target.name}: the document is invalid: {invalid}"
    assert api_document.sha256 == api_source.document.sha256, (
        f"{target.name}: the document that is served differs from the one in the release"
    )
    assert api_document.version == api_source.version, (
        f"{target.name}: the document says version {api_document.version}, the release is {api_source.version}"
    )


@pytest.mark.checklist(id="SW-API-3")
def test_every_route_in_use_is_documented(target, api_document, routes_in_use, evidence):
    documented = {api_document.prefix + one.path for one in api_document.operations}
    undocumented = sorted(routes_in_use - documented)
    evidence(
        observed=f"{len(routes_in_use)} routes in use, undocumented: {', '.join(undocumented) or 'none'}",
        expected="every route in use is in the OpenAPI document",
        inspected=len(routes_in_use),
    )
    assert not undocumented, f"{target.name}: not in the document: {', '.join(undocumented)}"


@pytest.mark.checklist(id="SW-API-4")
def test_wrong_requests_are_answered_as_problems(target, error_answers, evidence):
    evidence(
        observed=", ".join(f"{case.name} {answer.status}" for case, answer in error_answers),
        expected="the right status, application/problem+json, a correlation id, no internals",
        inspected=len(error_answers),
    )
    for case, answer in error_answers:
        where = f"{target.name}: {case.name}"
        assert answer.status == case.status, f"{where}: status {answer.status}, expected {case.status}"
        assert not answer.leaks, f"{where}: the answer shows {', '.join(answer.leaks)}"
        assert answer.is_problem, f"{where}: {answer.content_type or 'no content type'} is no problem detail (RFC 9457)"
        assert answer.has_correlation_id, f"{where}: no {target.settings.errors.correlation_header} in the answer"
