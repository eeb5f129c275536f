"""Constructors that take the fields of a shared dataclass one by one."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Literal

import pytest

from jnerf.checks.arguments import argument_problems, signature_of
from jnerf.checks.flat import flat_arguments


@dataclass(frozen=True)
class Where:
    root: str
    split: Literal["train", "test"] = "train"


@dataclass(frozen=True)
class Reach:
    near: float = 0.2
    far: float | None = None


class Scene:
    @flat_arguments(near=None)
    def __init__(self, where: Where, reach: Reach, label: str = "", n_images: int = 3) -> None:
        self.given = where, reach, label, n_images


class Labelled(Scene):
    def __init__(self, colour: str, **kwargs) -> None:
        super().__init__(**kwargs)


def test_fields_are_given_one_by_one():
    assert Scene("a").given == (Where("a"), Reach(None), "", 3)
    scene = Scene("a", "test", far=2.0, label="b", near=0.5)
    assert scene.given == (Where("a", "test"), Reach(0.5, 2.0), "b", 3)


def test_signature_is_the_flat_one():
    parameters = inspect.signature(Scene).parameters
    assert list(parameters) == ["root", "split", "near", "far", "label", "n_images"]
    assert parameters["near"].default is None
    assert str(parameters["root"]) == "root: str"


def test_checker_knows_every_field():
    found = signature_of(Labelled)
    assert list(found.parameters) == ["colour", "root", "split", "near", "far", "label", "n_images"]
    assert [name for name, p in found.parameters.items() if p.required] == ["colour", "root"]
    good = dict(type="Scene", root="a", split="test", near=None, far=1)
    assert argument_problems(Scene, good, "dataset") == []
    wrong = dict(type="Scene", splt="test", near="0.1", split="tset", where=1)
    assert argument_problems(Scene, wrong, "dataset") == [
        "dataset.splt: unknown argument of Scene. Did you mean 'split'? "
        "Valid: root, split, near, far, label, n_images",
        "dataset.near: expected float or None, got str '0.1'",
        "dataset.split: expected 'train' or 'test', got str 'tset'. Did you mean 'test'?",
        "dataset.where: unknown argument of Scene. Valid: root, split, near, far, label, n_images",
        "dataset: Scene needs the argument 'root' (str). "
        "Valid: root, split, near, far, label, n_images",
    ]


def test_what_must_be_given_comes_first():
    class Ordered:
        @flat_arguments()
        def __init__(self, where: Where, model: str, *, level: int) -> None:
            self.given = where, model, level

    assert list(inspect.signature(Ordered).parameters) == ["root", "model", "split", "level"]
    assert Ordered("a", "b", level=2).given == (Where("a"), "b", 2)


def test_none_only_where_it_is_a_default():
    class Strict:
        @flat_arguments()
        def __init__(self, reach: Reach) -> None: ...

    problems = argument_problems(Strict, dict(type="Strict", near=None), "dataset")
    assert problems == ["dataset.near: expected float, got None"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (dict(root="a", fra=1.0), r"Scene.__init__\(\) got an unexpected keyword argument 'fra'"),
        (dict(), r"Scene.__init__\(\) missing a required argument: 'root'"),
    ],
)
def test_wrong_calls_are_type_errors(arguments, text):
    with pytest.raises(TypeError, match=text):
        Scene(**arguments)


def test_misuse_is_found_when_the_class_is_made():
    def plain(self, reach: Reach) -> None: ...

    def open_ended(self, reach: Reach, **kwargs) -> None: ...

    def twice(self, reach: Reach, far: float = 1.0) -> None: ...

    with pytest.raises(TypeError, match="plain: no field is called nera"):
        flat_arguments(nera=1.0)(plain)
    with pytest.raises(TypeError, match=r"flat arguments do not go with \*kwargs"):
        flat_arguments()(open_ended)
    with pytest.raises(ValueError, match="far"):
        flat_arguments()(twice)
