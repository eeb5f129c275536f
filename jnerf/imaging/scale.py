"""A picture of values with a bar that says what its colours mean."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

_FONT, _SIZE, _INK = cv2.FONT_HERSHEY_SIMPLEX, 0.42, (40, 40, 40)
_MARGIN, _LINE, _BAR, _LABELS = 12, 18, 16, 84


def framed(
    picture: NDArray[np.uint8],
    title: Sequence[str],
    bar: NDArray[np.uint8] | None = None,
    ticks: Sequence[tuple[float, str]] = (),
) -> NDArray[np.uint8]:
    """A picture on white, below its title, beside its bar.

    Args:
        picture: RGB [H, W, 3].
        title: lines of text, ASCII.
        bar: colours from the bar's lower to its upper end, RGB [N, 3]; None: no bar.
        ticks: (place on the bar from 0, its lower end, to 1; label).

    Returns:
        RGB [H', W', 3].
    """
    height, width = picture.shape[:2]
    top = _MARGIN + _LINE * len(title)
    # With some room to spare, so that pictures of one kind are as wide although their titles differ a little.
    longest = max((cv2.getTextSize(line, _FONT, _SIZE, 1)[0][0] for line in title), default=0)
    longest = -(-longest // 64) * 64
    side = 0 if bar is None else _MARGIN + _BAR + _LABELS
    across = max(width + side, longest) + 2 * _MARGIN
    page = np.full((top + height + 2 * _MARGIN, across, 3), 255, np.uint8)
    page[top + 2 : top + 2 + height, _MARGIN : _MARGIN + width] = picture
    for i, line in enumerate(title):
        _write(page, line, _MARGIN, _LINE * (i + 1))
    if bar is not None:
        left = 2 * _MARGIN + width
        rows = np.linspace(len(bar) - 1, 0, height).round().astype(int)
        page[top + 2 : top + 2 + height, left : left + _BAR] = bar[rows][:, None]
        for place, label in ticks:
            y = top + 2 + round((1 - place) * (height - 1))
            page[y, left + _BAR : left + _BAR + 4] = _INK
            _write(page, label, left + _BAR + 7, y + 4)
    return page


def _write(page: NDArray[np.uint8], text: str, x: int, y: int) -> None:
    cv2.putText(page, text, (x, y), _FONT, _SIZE, _INK, 1, cv2.LINE_AA)
