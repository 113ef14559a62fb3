"""Kubernetes' quantities (`500m`, `8Gi`, `12e3`) as plain numbers.

Their form: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(?:e([+-]?\d+)|(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei))?\Z", re.ASCII)
_FACTORS: Mapping[str, float] = {
    "": 1,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    **{unit: 1000.0 ** (power + 1) for power, unit in enumerate("kMGTPE")},
    **{f"{unit}i": 1024.0 ** (power + 1) for power, unit in enumerate("KMGTPE")},
}


def parse_quantity(text: str) -> float:
    """Return the number of whole units: cores, bytes, objects.

    Raises:
        NotVerifiedError: no quantity.
    """
    match = _FORM.match(text.replace("E", "e") if re.search(r"E[+-]?\d", text) else text)
    if match is None:
        raise NotVerifiedError(f"{text!r} is no quantity of Kubernetes; export the object again")
    number, exponent, unit = match.groups()
    return float(number) * (10.0 ** int(exponent or 0)) * _FACTORS[unit or ""]
