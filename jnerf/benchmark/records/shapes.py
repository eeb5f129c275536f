"""A small language for the shape of JSON data, with errors that name the place.

A shape is a type or a tuple of types (``type(None)`` allows null), ``[shape]`` for a list, or a dict: its keys are
names, one that ends with ``?`` may be absent, and the single key ``*`` stands for any names.
"""

from __future__ import annotations

from typing import Any

from jnerf.checks.suggest import hint
from jnerf.errors import DataError

NUMBER = (int, float)
#: A number that an infinity or a NaN has turned into null, or that does not apply.
MAYBE = (int, float, type(None))
_NAMES = {dict: "an object", list: "a list", str: "a string", bool: "true or false"}


def check_shape(value: Any, shape: Any, where: str) -> None:
    """Raises DataError when ``value`` does not have the shape.

    >>> check_shape({"ns": [1, 2.5]}, {"ns": [NUMBER], "note?": str}, "run.json")

    Args:
        value: what JSON gave.
        shape: see above.
        where: file and place, for the message.
    """
    if isinstance(shape, dict):
        _expect(isinstance(value, dict), value, "an object", where)
        _check_object(value, shape, where)
    elif isinstance(shape, list):
        _expect(isinstance(value, list), value, "a list", where)
        for i, item in enumerate(value):
            check_shape(item, shape[0], f"{where}[{i}]")
    else:
        types = shape if isinstance(shape, tuple) else (shape,)
        fits = isinstance(value, types) and (bool in types or not isinstance(value, bool))
        _expect(fits, value, " or ".join(dict.fromkeys(map(_type_name, types))), where)


def _check_object(value: dict[str, Any], shape: dict[str, Any], where: str) -> None:
    if "*" in shape:
        for name, item in value.items():
            check_shape(item, shape["*"], f"{where}.{name}")
        return
    shapes = {name.rstrip("?"): part for name, part in shape.items()}
    for name in shape:
        if not name.endswith("?") and name not in value:
            raise DataError(f"{where}: '{name}' is missing")
    for name, item in value.items():
        if name not in shapes:
            raise DataError(f"{where}: '{name}' is not known here. {hint(name, shapes)}")
        check_shape(item, shapes[name], f"{where}.{name}")


def _type_name(kind: type) -> str:
    return "a number" if kind in NUMBER else _NAMES.get(kind, "null" if kind is type(None) else "?")


def _expect(fits: bool, value: Any, wanted: str, where: str) -> None:
    if not fits:
        raise DataError(f"{where} is {str(value)[:40]!r}; expected {wanted}")
