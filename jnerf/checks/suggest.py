"""The second half of an error message: the nearest valid name and the list of all of them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like ``name``, ignoring case; None when none is near.

    >>> nearest("grid_resolutoin", ["grid_resolution", "decay"])
    'grid_resolution'
    """
    by_lower = {option.lower(): option for option in valid}
    found = difflib.get_close_matches(str(name).lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def hint(name: str, valid: Iterable[str], label: str = "Valid") -> str:
    """A sentence or two that help someone who wrote ``name`` and meant one of ``valid``.

    Args:
        name: what was written.
        valid: what may be written; listed in the given order.
        label: the word in front of the list.

    Returns:
        For example ``"Did you mean 'end'? Valid: value, end, steps"``.

    >>> hint("endd", ["value", "end"])
    "Did you mean 'end'? Valid: value, end"
    """
    options = list(valid)
    near = nearest(name, options)
    meant = f"Did you mean '{near}'? " if near is not None else ""
    return f"{meant}{label}: {', '.join(options) if options else '(none)'}"
