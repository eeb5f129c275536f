"""The exposures that a run has learned, as a file of its folder."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from jnerf.engine.logging import to_json
from jnerf.engine.pipeline.build import Pipeline
from jnerf.files import write_text_atomic


def write_exposures(path: Path, pipeline: Pipeline) -> None:
    """Writes ``exposures.json``: of each training image its name, and the stops of its red, green and blue.

    A photograph's linear light is the scene's times 2^stops; the mean over the images is 0, and the scene is rendered
    at it.

    Args:
        path: the file.
        pipeline: a method whose exposures learn.
    """
    dataset = pipeline.dataset
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        stops = dataset.exposure.values()
    names = dataset.starting_cameras.names
    images = [
        {"name": name, "stops": [float(f"{value:.5g}") for value in row]}
        for name, row in zip(names, stops, strict=True)
    ]
    write_text_atomic(path, to_json({"images": images}, indent=2) + "\n")
