"""All kernels of a run compiled before its first step, in one batch with one line of progress.

The run is gone through once without anything being run (``runtime.kernels.foresight``), by modules of its own, which
are thrown away: some steps of training, and views in part, as for evaluation and films. What is not foreseen, because
it depends on values, is compiled when it is first needed, as always.
"""

from __future__ import annotations

import copy
import hashlib
import os
import random
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

import jnerf
from jnerf.datasets.base import Dataset
from jnerf.engine.evaluator import evaluate
from jnerf.engine.logging import NoLog
from jnerf.engine.pipeline.build import wire
from jnerf.engine.run_folder import RunFolder
from jnerf.engine.trainer import Trainer
from jnerf.runtime.files import place
from jnerf.runtime.kernels import compiler as kernel_compiler
from jnerf.runtime.kernels.foresight import Foresight

#: ``JNERF_REHEARSE=0``: each kernel is compiled when a step first needs it.
SWITCH = "JNERF_REHEARSE"
_CHUNKS = 3  # of a view; the first is small, the others as large as they get


@dataclass
class Rehearsal:
    """What was foreseen.

    Attributes:
        foresight: the kernels.
        faults: what came to its end too early; its traceback as text, since an error keeps arrays alive.
    """

    foresight: Foresight
    faults: dict[str, str] = field(default_factory=dict)


def compile_at_once(config: Any, dataset: Dataset) -> None:
    """Compiles what training, evaluation and rendering of a config need, unless that was done before.

    Args:
        config: the resolved config.
        dataset: its training split.
    """
    import jittor as jt

    if os.environ.get(SWITCH) == "0":
        return
    folder = Path(jt.flags.cache_path) / kernel_compiler.FOLDER / "rehearsed"
    mark = folder / _fingerprint(config, type(dataset), str(jt.flags.cache_path))
    if mark.is_file():
        return
    found = rehearse(config, dataset)
    if "modules" in found.faults:  # which is told when they are built in earnest
        return
    try:
        found.foresight.compile()
    except RuntimeError:
        return  # whoever needs the one that does not compile will say so, and Ctrl-C has ended the compilers
    try:
        folder.mkdir(parents=True, exist_ok=True)
        place(mark, "\n".join(f"{what}: {why}" for what, why in found.faults.items()))
    except OSError:
        pass  # no room in the cache: it is done again


def rehearse(config: Any, dataset: Dataset) -> Rehearsal:
    """Goes through a run without running anything.

    Args:
        config: the resolved config.
        dataset: its training split, which stays as it is.

    Returns:
        The kernels of it, not yet compiled.
    """
    found = Rehearsal(Foresight())
    with _nothing_changed(), found.foresight, tempfile.TemporaryDirectory() as folder:
        for name, part in _parts(config, copy.copy(dataset), Path(folder)).items():
            try:
                part()
            except Exception:  # of whatever kind: values are missing
                found.faults[name] = traceback.format_exc()
                if name == "modules":
                    break
    return found


def _parts(config: Any, dataset: Dataset, folder: Path) -> dict[str, Callable[[], None]]:
    """What a run is made of, one after the other; the others need the modules."""
    made: list[Trainer] = []
    numbers = count()

    def build() -> None:
        pipeline = wire(config, True, dataset)
        made.append(Trainer(config, pipeline, RunFolder(folder), NoLog(), lambda *_: None))
        pipeline.network.train()

    def look() -> None:
        how = None, config.chunk, lambda: next(numbers) >= _CHUNKS
        evaluate(made[0].pipeline, dataset, 1, *how)

    return {"modules": build, "training": lambda: made[0].rehearse(), "evaluation": look}


@contextmanager
def _nothing_changed() -> Iterator[None]:
    """Nothing is said, and random numbers are drawn as if nothing had been."""
    states = random.getstate(), np.random.get_state()
    with open(os.devnull, "w") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                yield
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


def _fingerprint(config: Any, *what: Any) -> str:
    """Another config, another jnerf: another file."""
    root = Path(jnerf.__file__).parent
    files = (path for suffix in ("py", "h") for path in root.rglob(f"*.{suffix}"))
    states = sorted((str(p), s.st_size, s.st_mtime_ns) for p in files for s in [p.stat()])
    text = f"{config.dump()}{what}{states}{os.environ.get('JNERF_SIMD')}"
    return hashlib.sha1(text.encode()).hexdigest()[:16]
