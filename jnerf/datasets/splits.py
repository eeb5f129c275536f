"""The three parts of a scene, and which of them stand for each other."""

from __future__ import annotations

#: In the order of their use.
SPLITS = ("train", "val", "test")

#: What is taken for each split, the first that is there: validation and test stand for each other.
STAND_INS = {"train": ("train",), "val": ("val", "test"), "test": ("test", "val")}


def or_without(split: str) -> str:
    """What else can be done where a split is missing, as the end of an error's sentence.

    >>> or_without("train"), or_without("test")[:27]
    ('', ', or train without a test:')
    """
    if split not in ("val", "test"):
        return ""
    return ", or train without a test: evaluation.steps=[] evaluation.at_end=False"
