"""Posts the decision as JSON to a service of yours whenever it changes, signed if that service wants to be sure."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

from signoff.model import State
from signoff.publish.content import decision_digest, told_of
from signoff.publish.http import Request, encode
from signoff.publish.record import Outcome
from signoff.reports.instants import machine
from signoff.reports.readiness_json import issue_document, reason_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Signoff
    from signoff.publish.http import Http
    from signoff.publish.record import Publications

SUBJECT = "sign-off"
SCHEMA_VERSION = 1
"""Raised when a reader of the previous version would misread the message."""
HINTS: Mapping[int, str] = {401: "the token is wrong or expired", 413: "the service takes no message of this size"}


def publish(http: Http, known: Publications, signoff: Signoff, signing_key: str) -> Outcome:
    """Post the decision unless it is the one that was posted last.

    The header X-Signoff-Signature is `sha256=` and the HMAC-SHA256 of the body's bytes; Idempotency-Key is the digest.
    """
    digest = decision_digest(signoff, "en")
    before = known.last(SUBJECT)
    if before is not None and before.digest == digest:
        return Outcome(subject=SUBJECT, what="unchanged")
    body = document(signoff, digest)
    headers = {"Idempotency-Key": digest}
    if signing_key:
        headers["X-Signoff-Signature"] = f"sha256={sign(body, signing_key)}"
    http.send(Request(method="POST", path="", json=body, headers=headers, repeatable=True))
    known.note(SUBJECT, place="", digest=digest, told=told_of(signoff))
    return Outcome(subject=SUBJECT, what="told")


def document(signoff: Signoff, digest: str) -> dict[str, object]:
    """Return the message."""
    return {
        "schema_version": SCHEMA_VERSION,
        "event": "signoff",
        "content_digest": digest,
        "verdict": signoff.verdict.value,
        "product": signoff.product,
        "release": signoff.release,
        "commit": signoff.commit,
        "environment": signoff.environment,
        "evaluated_at": machine(signoff.evaluated_at),
        "evidence_digest": signoff.digest,
        "counts": {state.value: signoff.count(state) for state in State},
        "reasons": [reason_document(reason) for reason in signoff.reasons],
        "items": {result.item.id: result.state.value for result in signoff.items},
        "issues": [issue_document(issue) for issue in signoff.issues],
        "approvals": {step.role: step.status.value for step in signoff.approvals},
    }


def sign(body: object, key: str) -> str:
    """Return the HMAC-SHA256 of the body as it goes out, in hexadecimal."""
    return hmac.new(key.encode(), encode(body), hashlib.sha256).hexdigest()
