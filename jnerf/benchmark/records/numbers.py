"""Numbers as the text of a table's cell."""

from __future__ import annotations


def number(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits and thin groups; a dash for none.

    >>> number(1234567.0), number(0.01234), number(None)
    ('1 230 000', '0.0123', '–')
    """
    if value is None:
        return "–"
    rounded = float(f"{value:.{digits}g}")
    text = f"{rounded:,.0f}" if abs(rounded) >= 10 ** (digits - 1) else f"{rounded:.{digits}g}"
    return text.replace(",", " ")
