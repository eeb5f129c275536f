"""Numbers as text: cells of tables, labels of axes."""

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


def short(value: float) -> str:
    """A round number in few letters, for an axis.

    >>> [short(v) for v in (0, 0.25, 1500, 20000, 2.5e6, 1e-5)]
    ['0', '0.25', '1500', '20k', '2.5M', '1e-05']
    """
    for unit, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= unit:
            return f"{value / (1e3 if letter == 'k' else unit):g}{letter}"
    return f"{value:.6g}"
