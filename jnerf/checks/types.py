"""Does a config value fit a constructor's annotation?

Kinder than ``isinstance`` where a config file cannot say it better (an int is a float, list and
tuple are interchangeable, numpy scalars are numbers), stricter where Python surprises (a bool is no
int).
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from jnerf.checks.suggest import nearest

_SEQUENCES = (list, tuple, Sequence, Iterable)
_UNIONS = (Union, types.UnionType)


@dataclass(frozen=True)
class Mismatch:
    """Why a value does not fit.

    Attributes:
        text: what is wrong, what was expected.
        path: which part of the value is wrong: indices and keys from the value inwards.
    """

    text: str
    path: tuple[str | int, ...] = ()

    def under(self, step: str | int) -> Mismatch:
        """The same mismatch, seen from one level further out."""
        return Mismatch(self.text, (step, *self.path))


@dataclass(frozen=True)
class Checked:
    """What a value must be beside its type: ``Annotated[float | dict, Checked(problem)]``.

    Attributes:
        problem: says what is wrong with a value of that type; None if nothing is.
    """

    problem: Callable[[Any], str | None]


def mismatch(value: Any, annotation: Any) -> Mismatch | None:
    """Compare a value with a type annotation.

    Args:
        value: a config value: None, bool, number, string, list, tuple or dict; numpy scalars too.
        annotation: a resolved annotation. What cannot be judged (type variables, ...) passes.

    Returns:
        None when the value fits.

    >>> mismatch([0.9, "x"], tuple[float, float])
    Mismatch(text="expected float, got str 'x'", path=(1,))
    """
    value = scalar_of(value)
    origin = get_origin(annotation)
    if annotation in (Any, object):
        return None
    if annotation is None or annotation is type(None):
        return None if value is None else _expected("None", value)
    if origin is Annotated:
        return _annotated_mismatch(value, *get_args(annotation))
    if origin in _UNIONS:
        return _union_mismatch(value, get_args(annotation))
    if origin is Literal:
        return _literal_mismatch(value, get_args(annotation))
    kind = origin or annotation
    if kind in _SEQUENCES:
        return _sequence_mismatch(value, annotation)
    if kind in (dict, Mapping):
        return _mapping_mismatch(value, annotation)
    if not isinstance(kind, type):
        return None
    return _plain_mismatch(value, kind)


def describe(annotation: Any) -> str:
    """An annotation as a reader would write it: ``float or None``, ``list[int]``.

    >>> describe(float | None)
    'float or None'
    """
    origin = get_origin(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if origin is Annotated:
        return describe(get_args(annotation)[0])
    if origin in _UNIONS:
        return " or ".join(describe(option) for option in get_args(annotation))
    if origin is Literal:
        return " or ".join(repr(option) for option in get_args(annotation))
    if origin is None and isinstance(annotation, type):
        return annotation.__name__
    return str(annotation).replace("typing.", "").replace("collections.abc.", "")


def scalar_of(value: Any) -> Any:
    """A numpy scalar (or 0-d array) as the Python number it holds; anything else unchanged."""
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        return value.item()
    return value


def _expected(wanted: str, value: Any, advice: str = "") -> Mismatch:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    kind = "dict" if isinstance(value, Mapping) else type(value).__name__
    got = "None" if value is None else f"{kind} {shown}"
    return Mismatch(f"expected {wanted}, got {got}{advice}")


def _annotated_mismatch(value: Any, annotation: Any, *notes: Any) -> Mismatch | None:
    wrong = mismatch(value, annotation)
    if wrong is not None:
        return wrong
    problems = (note.problem(value) for note in notes if isinstance(note, Checked))
    return next((Mismatch(text) for text in problems if text is not None), None)


def _plain_mismatch(value: Any, kind: type) -> Mismatch | None:
    if kind is float:
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
    elif kind is int:
        good = isinstance(value, int) and not isinstance(value, bool)
        if isinstance(value, float) and value.is_integer():
            return _expected("int", value, f" (write {int(value)})")
    elif issubclass(kind, PurePath):
        good = isinstance(value, (str, PurePath))
    elif kind.__name__ == "ndarray":
        good = isinstance(value, (list, tuple, kind))
    else:
        good = isinstance(value, kind)
    return None if good else _expected(kind.__name__, value)


def _literal_mismatch(value: Any, options: tuple[Any, ...]) -> Mismatch | None:
    # `True == 1`, so types are compared as well.
    if any(value == option and type(value) is type(option) for option in options):
        return None
    words = [option for option in options if isinstance(option, str)]
    near = nearest(value, words) if isinstance(value, str) else None
    advice = f". Did you mean '{near}'?" if near is not None else ""
    word = str(value).lower()
    if word in words and not isinstance(value, str):
        advice = f", not the word '{word}' (in a shell: \"'{word}'\")"
    return _expected(" or ".join(map(repr, options)), value, advice)


def _sequence_mismatch(value: Any, annotation: Any) -> Mismatch | None:
    if not isinstance(value, (list, tuple)):
        return _expected(describe(annotation), value)
    args = get_args(annotation)
    if not args:
        return None
    fixed = get_origin(annotation) is tuple and not (len(args) == 2 and args[1] is Ellipsis)
    if fixed and args != ((),) and len(value) != len(args):
        return _expected(f"{describe(annotation)} ({len(args)} values)", value)
    wanted = args if fixed else (args[0],) * len(value)
    for index, (item, kind) in enumerate(zip(value, wanted, strict=False)):
        wrong = mismatch(item, kind)
        if wrong is not None:
            return wrong.under(index)
    return None


def _mapping_mismatch(value: Any, annotation: Any) -> Mismatch | None:
    if not isinstance(value, Mapping):
        return _expected(describe(annotation), value)
    args = get_args(annotation)
    for key, item in value.items() if len(args) == 2 else ():
        wrong = mismatch(key, args[0]) or mismatch(item, args[1])
        if wrong is not None:
            return wrong.under(key)
    return None


def _union_mismatch(value: Any, options: tuple[Any, ...]) -> Mismatch | None:
    for option in options:
        # Of the right type, but refused: what its check says is more than "expected ...".
        if get_origin(option) is Annotated and mismatch(value, get_args(option)[0]) is None:
            return mismatch(value, option)
    found = [mismatch(value, option) for option in options]
    if None in found:
        return None
    # [1, "x"] for `list[int] | None`: what is wrong inside the list says more than "expected ...".
    inner = [wrong for wrong in found if wrong is not None and wrong.path]
    return inner[0] if len(inner) == 1 else _expected(describe(Union[options]), value)  # noqa: UP007
