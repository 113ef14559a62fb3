"""API: every operation answers as documented, fast enough, and errors give nothing away."""

from http import HTTPStatus

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


@pytest.mark.checklist(id="SW-API-1")
def test_generated_requests_are_answered_as_documented(target, generated, evidence):
    evidence(
        observed=f"schemathesis {generated.version}: {generated.requests} requests to {generated.tested} of "
        f"{generated.selected} GET operations, {len(generated.failures)} kinds of failure",
        expected="whatever valid request is made up, its answer is as the document says",
        inspected=generated.requests,
    )
    assert not generated.failures, f"{target.name}: {' | '.join(generated.failures)}"
    if not generated.complete or generated.tested < generated.selected:
        not_verified(
            f"{target.name}: {generated.tested} of {generated.selected} operations tested; give it more seconds"
        )


@pytest.mark.checklist(id="SW-API-2")
def test_api_keeps_its_objectives(application, traffic, evidence):
    promised = application.settings.objectives
    slowest = "" if promised.p99_seconds is None else f"p99 <= {promised.p99_seconds:g} s, "
    evidence(
        observed=f"{traffic.requests:.0f} requests by {traffic.source}, p95 {traffic.p95_seconds:.3f} s, "
        f"p99 {traffic.p99_seconds:.3f} s, {traffic.error_ratio:.2%} errors",
        expected=f"p95 <= {promised.p95_seconds:g} s, {slowest}errors <= {promised.error_ratio:.2%}",
        inspected=int(traffic.requests),
    )
    assert traffic.p95_seconds <= promised.p95_seconds, (
        f"{application.name}: p95 is {traffic.p95_seconds:.3f} s, limit is {promised.p95_seconds:g} s"
    )
    assert promised.p99_seconds is None or traffic.p99_seconds <= promised.p99_seconds, (
        f"{application.name}: p99 is {traffic.p99_seconds:.3f} s, limit is {promised.p99_seconds:g} s"
    )
    assert traffic.error_ratio <= promised.error_ratio, (
        f"{application.name}: {traffic.error_ratio:.2%} of requests failed, limit is {promised.error_ratio:.2%}"
    )


@pytest.mark.checklist(id="SW-API-3")
def test_api_document_is_valid_and_of_this_release(target, served_document, api_source, evidence):
    api_document, invalid = served_document.document, served_document.invalid
    seen = f"version {api_document.version}, sha256 {api_document.sha256[:12]}" if api_document else "no document"
    evidence(
        observed=f"{seen}, {invalid or 'valid'}",
        expected=f"version {api_source.version}, sha256 {api_source.document.sha256[:12]}, valid",
        inspected=served_document.operations,
    )
    assert not invalid, f"{target.name}: the document is invalid: {invalid}"
    assert api_document.sha256 == api_source.document.sha256, (
        f"{target.name}: the document that is served differs from the one in the release"
    )
    assert api_document.version == api_source.version, (
        f"{target.name}: the document says version {api_document.version}, the release is {api_source.version}"
    )


@pytest.mark.checklist(id="SW-API-3")
def test_every_route_in_use_is_documented(target, routes, evidence):
    evidence(
        observed=f"{len(routes.in_use)} routes in use, undocumented: {', '.join(routes.undocumented) or 'none'}; "
        f"documented, but not in use: {routes.unused}, not even there: {', '.join(routes.gone) or 'none'}",
        expected="every route in use is in the OpenAPI document, and every route in the document exists",
        inspected=len(routes.in_use),
    )
    assert not routes.undocumented, f"{target.name}: not in the document: {', '.join(routes.undocumented)}"
    assert not routes.gone, f"{target.name}: in the document, but not there: {', '.join(routes.gone)}"


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
        assert answer.correlation_id, f"{where}: no {target.settings.errors.correlation_header} in the answer"
        offers = answer.status != HTTPStatus.METHOD_NOT_ALLOWED or answer.allowed
        assert offers, f"{where}: status 405 without the header Allow (RFC 9110)"
    ids = [answer.correlation_id for _, answer in error_answers]
    assert len(set(ids)) == len(ids), (
        f"{target.name}: several answers have one {target.settings.errors.correlation_header}"
    )
    if untried := sorted(set(target.settings.errors.statuses) - {case.status for case, _ in error_answers}):
        not_verified(f"{target.name}: no wrong request that must be answered by {', '.join(map(str, untried))}; add it")


@pytest.mark.checklist(id="SW-API-4")
def test_unhandled_errors_are_rare(target, unhandled_errors, evidence):
    wanted = target.settings.errors.unhandled
    evidence(
        observed=f"{unhandled_errors} within {wanted.window}, by {wanted.tracking or 'its metrics'}",
        expected=f"at most {wanted.max} errors that no code expected",
        inspected=1,
    )
    assert unhandled_errors <= wanted.max, (
        f"{target.name}: {unhandled_errors} unhandled errors within {wanted.window}, limit is {wanted.max}"
    )
