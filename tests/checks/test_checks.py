"""Values against annotations, constructors' signatures."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
import pytest

from jnerf.checks.arguments import argument_problems, signature_of
from jnerf.checks.types import Checked, describe, mismatch

EVEN = Annotated[int, "a note", Checked(lambda n: None if n % 2 == 0 else f"{n} is odd")]


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (1, float),
        (1.5, float),
        (np.float32(1.5), float),
        (np.int64(3), int),
        (np.bool_(True), bool),
        (np.str_("a"), str),
        (np.array(2.0), float),
        ([1, 2], tuple[float, float]),
        ((1, 2, 3), list[int]),
        ((1, 2, 3), tuple[int, ...]),
        ([np.int32(1)], Sequence[int]),
        ([], list),
        ((), tuple[()]),
        (None, int | None),
        ("random", Literal["random", "white"] | tuple[float, float, float] | None),
        ([0, 0, 1], Literal["random", "white"] | tuple[float, float, float] | None),
        ({"a": [1]}, dict[str, list[int]]),
        ({"a": 1}, dict),
        ("path", Path),
        ([1.0, 2.0], np.ndarray),
        (3, Annotated[int, "why"]),
        ("anything", Any),
        ("anything", TypeVar("T")),
        (2, EVEN),
        (None, EVEN | None),
        ("any", EVEN | str),
    ],
)
def test_fits(value, annotation):
    assert mismatch(value, annotation) is None


@pytest.mark.parametrize(
    ("value", "annotation", "path", "text"),
    [
        ("1", int, (), "expected int, got str '1'"),
        (1.0, int, (), "expected int, got float 1.0 (write 1)"),
        (np.float64(2.5), int, (), "expected int, got float 2.5"),
        (True, int, (), "expected int, got bool True"),
        (True, float, (), "expected float, got bool True"),
        (1, bool, (), "expected bool, got int 1"),
        (None, float, (), "expected float, got None"),
        ("x", float | None, (), "expected float or None, got str 'x'"),
        ([1, 2, 3], tuple[float, float], (), "expected tuple[float, float] (2 values), got list"),
        ([1, "b"], tuple[float, float], (1,), "expected float, got str 'b'"),
        ([1, "b"], list[int] | None, (1,), "expected int, got str 'b'"),
        ("ab", list[str], (), "expected list[str], got str 'ab'"),
        ({"a": {"b": "x"}}, dict[str, dict[str, int]], ("a", "b"), "expected int, got str 'x'"),
        (3, dict, (), "expected dict, got int 3"),
        (
            "randon",
            Literal["random", "white"],
            (),
            "expected 'random' or 'white', got str 'randon'. Did you mean 'random'?",
        ),
        (1, Literal[True], (), "expected True, got int 1"),
        (None, Literal["none", "l2"], (), "got None, not the word 'none' (in a shell: \"'none'\")"),
        (1, Literal["1", "2"], (), "expected '1' or '2', got int 1, not the word '1' (in a shell"),
        (3, EVEN, (), "3 is odd"),
        ("3", EVEN, (), "expected int, got str '3'"),
        (3, EVEN | None, (), "3 is odd"),
        ("3", EVEN | None, (), "expected int or None, got str '3'"),
        ([2, 3], list[EVEN], (1,), "3 is odd"),
        ("x" * 200, int, (), "..."),
    ],
)
def test_does_not_fit(value, annotation, path, text):
    found = mismatch(value, annotation)
    assert found is not None
    assert found.path == path
    assert text in found.text


def test_describe():
    assert describe(Literal["a", "b"] | None) == "'a' or 'b' or None"
    assert describe(tuple[int, ...]) == "tuple[int, ...]"
    assert describe(EVEN | None) == "int or None"


def test_checks_import_nothing_above_them():
    """Of jnerf, they know their own modules and the errors."""
    found = set()
    for file in Path(inspect.getfile(Checked)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module.startswith("jnerf"):
                found.add(".".join(node.module.split(".")[:2]))
            elif isinstance(node, ast.Import):
                assert not any(alias.name.startswith("jnerf") for alias in node.names)
    assert found == {"jnerf.checks", "jnerf.errors"}


class Parent:
    def __init__(self, width: int, depth: int = 2) -> None:
        self.width, self.depth = width, depth


class Child(Parent):
    def __init__(self, bias: bool = True, *, scene: OnlyForTypeCheckers, **kwargs) -> None:  # noqa: F821
        super().__init__(**kwargs)
        self.bias, self.scene = bias, scene


class Open:
    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs


def test_signature_follows_kwargs_to_the_parent():
    signature = signature_of(Child)
    assert list(signature.parameters) == ["bias", "scene", "width", "depth"]
    assert not signature.open
    assert signature.parameters["bias"].annotation is bool
    assert signature.parameters["scene"].annotation is Any
    assert signature.parameters["width"].required


def test_signature_of_open_and_empty_classes():
    assert signature_of(Open).open
    assert not signature_of(type("Empty", (), {})).open


def test_argument_problems_lists_all():
    found = argument_problems(Child, dict(type="Child", widht=3, bias=1), "net", {"scene"})
    assert found == [
        "net.widht: unknown argument of Child. Did you mean 'width'? Valid: bias, width, depth",
        "net.bias: expected bool, got int 1",
        "net: Child needs the argument 'width' (int). Valid: bias, width, depth",
    ]
