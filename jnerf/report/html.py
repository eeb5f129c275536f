"""Pieces of HTML: elements whose text is escaped, and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

_ALONE = frozenset({"img", "input", "br", "meta"})


class Html(str):
    """Text that is HTML already."""


def h(tag: str, *inside: Any, **attributes: Any) -> Html:
    """An element.

    Args:
        tag: its name.
        inside: HTML as it is, other values as escaped text; None is nothing.
        attributes: ``class_`` is ``class``, ``data_v`` is ``data-v``; True has no value, None and False are left out.

    >>> h("p", "a < b", h("b", 1), class_="note")
    '<p class="note">a &lt; b<b>1</b></p>'
    """
    parts = [tag]
    for name, value in attributes.items():
        if value is not None and value is not False:
            name = name.rstrip("_").replace("_", "-")
            parts.append(name if value is True else f'{name}="{escape(str(value))}"')
    if tag in _ALONE:
        return Html(f"<{' '.join(parts)}>")
    return Html(f"<{' '.join(parts)}>{join(inside)}</{tag}>")


def join(pieces: Iterable[Any]) -> Html:
    """Pieces one after the other.

    >>> join(["<", h("br"), None])
    '&lt;<br>'
    """
    kept = (piece for piece in pieces if piece is not None)
    return Html("".join(p if isinstance(p, Html) else escape(str(p)) for p in kept))


class Cell:
    """A cell that is sorted by a number.

    Args:
        shown: what it says.
        value: what it is sorted by; None comes last.
        class_: of its element.
    """

    def __init__(self, shown: Any, value: float | None, class_: str | None = None) -> None:
        self.shown, self.class_ = shown, class_
        self.value = value if value is not None and math.isfinite(value) else None


def table(
    head: Sequence[Any],
    rows: Iterable[Sequence[Any]],
    foot: Sequence[Any] | None = None,
    sortable: bool = False,
) -> Html:
    """A table; it scrolls by itself where the page is narrow.

    Args:
        head: titles of the columns; none for a table without.
        rows: cells: text, HTML or ``Cell``.
        foot: a last row that stays below.
        sortable: whether a click on a title sorts the rows.
    """
    top = h("thead", h("tr", *(h("th", title, scope="col") for title in head))) if head else None
    body = h("tbody", *(_row(row) for row in rows))
    bottom = h("tfoot", _row(foot)) if foot else None
    kind = "sortable" if sortable else None
    return h("div", h("table", top, body, bottom, class_=kind), class_="scroll")


def _row(cells: Sequence[Any]) -> Html:
    return h("tr", *map(_cell, cells))


def _cell(cell: Any) -> Html:
    if not isinstance(cell, Cell):
        return h("td", cell)
    value = None if cell.value is None else repr(float(cell.value))
    return h(
        "td", cell.shown, data_v=value if value else "", class_=f"n {cell.class_ or ''}".strip()
    )


def pairs(rows: Iterable[tuple[Any, Any]]) -> Html:
    """A table of names and what they are; those that are None are left out."""
    shown = ((h("th", name, scope="row"), value) for name, value in rows if value is not None)
    body = h("tbody", *(h("tr", name, h("td", value)) for name, value in shown))
    return h("div", h("table", body, class_="pairs"), class_="scroll")


def folded(title: Any, *inside: Any, open_: bool = False) -> Html:
    """Something that is shown on a click."""
    return h("details", h("summary", title), *inside, open=open_)
