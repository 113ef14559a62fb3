"""Payment references that the acquirer can verify, because only we and they know the API key."""

from __future__ import annotations

import hashlib
import hmac


def reference(api_key: str, *, order_id: int, amount_krw: int) -> str:
    """Return the reference of a payment: the order, and a keyed digest over order and amount."""
    digest = hmac.new(api_key.encode(), f"{order_id}:{amount_krw}".encode(), hashlib.sha256)
    return f"P{order_id}-{digest.hexdigest()[:24]}"
