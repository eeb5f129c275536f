"""The cameras that a run has learned, as a file of its folder."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

from jnerf.datasets.placement.similarity import Similarity
from jnerf.engine.logging import to_json
from jnerf.engine.pipeline.build import Pipeline
from jnerf.files import write_text_atomic


def write_cameras(path: Path, pipeline: Pipeline) -> None:
    """Writes ``cameras.json``: of each training camera its name, and its pose as given and as learned.

    Poses are OpenGL camera-to-world, world units, [3, 4]. ``degrees`` and ``distance`` are what is between the two once
    a similarity has brought all cameras together; they are left out where no similarity can be found.

    Args:
        path: the file.
        pipeline: a method whose cameras learn.
    """
    dataset = pipeline.dataset
    learned = dataset.learned
    back = (dataset.transform or Similarity()).inverse()
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        poses, errors, alignment = learned.poses(), learned.errors(), learned.alignment()
        numbers = learned.stats()
    frames: list[dict[str, Any]] = []
    for i, name in enumerate(dataset.starting_cameras.names):
        given, now = (back.poses(c2w[i]).tolist() for c2w in (learned.given, poses))
        frames.append({"name": name, "given": given, "learned": now})
        if errors is not None:
            distance = float(errors.distances[i]) * back.scale
            frames[-1] |= {"degrees": float(errors.degrees[i]), "distance": distance}
    content: dict[str, Any] = {"mode": learned.mode, **numbers}
    if alignment is not None:  # in the world: there, through the field's similarity, and back
        forth = dataset.transform or Similarity()
        content["given_to_learned"] = forth.then(alignment).then(back).to_dict()
    write_text_atomic(path, to_json({**content, "frames": frames}, indent=2) + "\n")
