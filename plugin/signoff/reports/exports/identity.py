"""Identifiers that are the same in every export of the same thing: derived from its name, never drawn."""

from __future__ import annotations

import json
from uuid import NAMESPACE_URL, uuid5

URN = "urn:pytest-signoff"
"""Prefix of everything that this product names in a format of others."""
_NAMESPACE = uuid5(NAMESPACE_URL, URN)


def identifier(*name: str) -> str:
    """Return the UUID (version 5) of a name of several parts."""
    return str(uuid5(_NAMESPACE, json.dumps(name)))
