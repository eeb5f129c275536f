"""Numbers that come from files."""

from __future__ import annotations

import math
from typing import Any


def is_number(value: Any) -> bool:
    """Whether something is a finite number, no bool, which a float can hold: json has whole numbers of any length.

    >>> is_number(1), is_number(True), is_number(float("nan")), is_number(10**400), is_number("1")
    (True, False, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
