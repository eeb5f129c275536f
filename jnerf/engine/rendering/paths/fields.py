"""Keys of a json object, with a check of their types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jnerf.checks.numbers import is_number
from jnerf.errors import DataError

_NEEDED = object()


class Fields:
    """An object of a json file.

    Args:
        label: where it is from, as errors name it.
        values: the object.

    Raises:
        DataError: it is none.
    """

    def __init__(self, label: str, values: Any) -> None:
        if not isinstance(values, dict):
            raise DataError(f"{label}: expected a json object, found {values!r:.80}")
        self.label, self.values = label, values

    def number(self, key: str, default: Any = _NEEDED) -> Any:
        """A finite number; the default where the key is not there, if there is one.

        Raises:
            DataError: there is no such key, or it holds no finite number.
        """
        value = self.values.get(key)
        if value is None and default is not _NEEDED:
            return default
        if not is_number(value):
            raise DataError(f"{self.label}: '{key}' must be a number, got {value!r:.80}")
        return float(value)

    def positive(self, key: str, default: Any = _NEEDED) -> Any:
        """As ``number``, and above 0."""
        value = self.number(key, default)
        if value is not None and value <= 0:
            raise DataError(f"{self.label}: '{key}' must be above 0, got {value:g}")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false where the key is not there."""
        value = self.values.get(key) or False
        if not isinstance(value, bool):
            raise DataError(f"{self.label}: '{key}' must be true or false, got {value!r:.80}")
        return value

    def size(self, width: str, height: str) -> tuple[int, int] | None:
        """Two whole numbers above 0; None where neither key is there."""
        found = self.positive(width, None), self.positive(height, None)
        if found == (None, None):
            return None
        if None in found or any(value % 1 for value in found):
            raise DataError(
                f"{self.label}: '{width}' and '{height}' must be whole numbers of pixels, got {found}"
            )
        return int(found[0]), int(found[1])

    def items(self, key: str) -> list[Fields]:
        """The objects of a list that is not empty."""
        value = self.values.get(key)
        if not isinstance(value, list) or not value:
            raise DataError(
                f"{self.label}: '{key}' must be a list that is not empty, got {value!r:.80}"
            )
        return [Fields(f"{self.label}: {key}[{i}]", item) for i, item in enumerate(value)]

    def matrix(self, key: str, *shapes: tuple[int, ...]) -> NDArray[np.float64]:
        """Numbers of one of the shapes.

        Raises:
            DataError: the key is not there, or holds something else.
        """
        try:
            value = np.asarray(self.values.get(key), np.float64)
        except (TypeError, ValueError, OverflowError):
            value = np.empty(0)
        if value.shape not in shapes or not np.isfinite(value).all():
            allowed = " or ".join("x".join(map(str, shape)) for shape in shapes)
            raise DataError(
                f"{self.label}: '{key}' must be {allowed} numbers, got {self.values.get(key)!r:.120}"
            )
        return value

    @contextmanager
    def named(self) -> Iterator[None]:
        """Puts the label in front of errors about what was read."""
        try:
            yield
        except DataError as error:
            raise DataError(f"{self.label}: {error}") from None
