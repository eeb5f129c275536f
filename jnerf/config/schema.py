"""The top level of a config: every key, its type, default and meaning. Add a key by adding a row.

Blocks with a ``type`` are described by the constructor of the class that they name, not here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Literal


@dataclass(frozen=True)
class Key:
    """One setting.

    Attributes:
        type: annotation that its value must fit.
        default: value when the config does not set it; ignored when ``required``.
        doc: one line for people.
        minimum: smallest number allowed (for lists: of each item).
        required: a run needs it from the config.
        keys: the settings of a plain block, whose default is then made of theirs.
        problem: says what is wrong with a value of that type; None if nothing is.
    """

    type: Any
    default: Any
    doc: str
    minimum: int | None = None
    required: bool = False
    keys: dict[str, Key] = field(default_factory=dict)
    problem: Callable[[Any], str | None] | None = None


def module(doc: str) -> Key:
    """A required block with ``type`` (or with named blocks that have one)."""
    return Key(dict, None, doc, required=True)


def block(doc: str, **keys: Key) -> Key:
    """A plain block of settings."""
    return Key(dict, None, doc, keys=keys)


_LONGEST = 255  # bytes of a folder's name


def name_problem(name: str) -> str | None:
    """What is wrong with the name of a run's folder, which must stay below ``save_dir``; None if nothing is.

    >>> name_problem("lego/half"), name_problem("../lego")
    (None, "'../lego' leads out of save_dir; write a name such as 'lego', and the folder of the runs as --save-dir")
    """
    if not name.strip() or not name.isprintable() or "\\" in name:
        what = "is empty" if not name.strip() else f"{name!r} is no name of a folder"
        return f"{what}; write a name such as 'lego'"
    if any(len(part.encode()) > _LONGEST for part in PurePath(name).parts):
        return f"{name[:20]!r}... has {len(name)} letters; file systems take {_LONGEST} bytes in a name"
    path = PurePath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return f"{name!r} leads out of save_dir; write a name such as 'lego', and the folder of the runs as --save-dir"
    return None


EVALUATION = block(
    "when to evaluate on the test split during training",
    steps=Key(list[int], [], "evaluate after these training steps", minimum=0),
    every=Key(int | None, None, "also evaluate every so many steps; None: no", minimum=1),
    n_images=Key(int | None, None, "test images per evaluation; None: all", minimum=1),
    downscale=Key(
        int,
        1,
        "on the way, render every so many-th pixel of every so many-th row only; the test at the end renders all",
        minimum=1,
    ),
    at_end=Key(bool, True, "test, with pictures, when training is complete"),
    fit=Key(
        Literal["none", "exposure", "appearance"],
        "none",
        "what is fitted to each test picture before it is measured: nothing, an exposure of each channel, or (at the "
        "end) the numbers that the network keeps of an image",
    ),
    fit_part=Key(
        Literal["left", "whole"],
        "left",
        "of the picture that it is fitted to: the left half, the right one is measured; or all of it",
    ),
    fit_steps=Key(int, 100, "steps in which an appearance is fitted", minimum=1),
    fit_lr=Key(float, 1e-2, "learning rate of those steps, which falls to a tenth", minimum=0),
    fit_rays=Key(int, 1024, "pixels of each of those steps", minimum=1),
)

CHECKPOINT = block(
    "when to save",
    every=Key(int, 1000, "steps between checkpoints", minimum=1),
    keep=Key(int, 3, "newest checkpoints to keep", minimum=1),
)

RENDER = block(
    "the film that jnerf render makes, where its flags do not say otherwise",
    n_frames=Key(int, 120, "frames of the film", minimum=1),
    fps=Key(int, 30, "frames per second", minimum=1),
    width=Key(int | None, None, "pixels; None: as the dataset's images", minimum=1),
    height=Key(int | None, None, "pixels; None: as the dataset's images", minimum=1),
)

SCHEMA: dict[str, Key] = {
    "exp_name": Key(
        str, None, "name of the run's folder; default: the config file's name", problem=name_problem
    ),
    "seed": Key(int, 1337, "seed of every random draw", minimum=0),
    "total_steps": Key(int, None, "training steps", minimum=1, required=True),
    "n_rays": Key(int, 4096, "rays per step, unless the sampler adapts them", minimum=1),
    "dataset": module("the scene: images, cameras, transform"),
    "sampler": module("where on a ray the field is asked"),
    "encoder": Key(dict, {}, "named encoders, each with a type, handed to the network by name"),
    "network": module("the field: positions and directions to density and colour"),
    "renderer": module("samples to pixels"),
    "loss": module("one loss, or named losses that are summed"),
    "optim": module("the optimiser, its learning rate and parameter groups"),
    "ema": Key(dict | None, None, "averaged weights for evaluation; None: none"),
    "evaluation": EVALUATION,
    "checkpoint": CHECKPOINT,
    "render": RENDER,
    "chunk": Key(
        int | None,
        None,
        "most rays rendered at once; None: 16384 on the CPU, on CUDA as many as memory is for",
        minimum=1,
    ),
    "fog_tolerance": Key(
        float,
        0.03,
        "where the field is still fog, evaluation on the way and films interpolate pixels whose neighbours "
        "predict one another to this (of 0..1); 0: never",
        minimum=0,
    ),
    "log_every": Key(int, 20, "steps between rows of log.jsonl", minimum=1),
    "report": Key(bool, True, "write report.html into the run's folder at the end of each task"),
    "tensorboard": Key(
        bool, False, "also write the log as TensorBoard's event files; needs tensorboardX"
    ),
    "save_dir": Key(str, "logs", "folder that holds the run folders"),
    "custom_imports": Key(
        list[str],
        [],
        "your own modules: dotted names, or .py files relative to the config file, in an override to the "
        "working directory",
    ),
}
