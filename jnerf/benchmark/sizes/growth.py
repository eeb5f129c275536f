"""``growth``: what a training step costs, in processor time and in memory, as batches and scenes grow.

Each point is trained in a process of its own, for peak memory belongs to a process. Seconds are those of one thread's
processor, so that other work on the machine counts little. A scene of many images is a few drawn views of the embedded
one under many names. The store of pixels is measured as the file on disk that it becomes beyond the memory there is,
without the space: a file with holes.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import cv2
import numpy as np

from jnerf.benchmark.children import measure_apart
from jnerf.benchmark.sizes.memory_use import peak_memory_gib
from jnerf.benchmark.stats import rounded

_DRAWN = 4  # views of the embedded scene behind any number of images
_WARM_UP = 4  # steps, in which kernels are compiled and sizes settle
_DRAWS = 2**12  # pixels that a step takes from the store
_PIXEL = 4  # bytes


def measure_growth(
    file: str,
    overrides: Sequence[str],
    steps: int,
    samples: Sequence[int],
    images: Sequence[int],
    gib: Sequence[int],
    resolution: int,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """A short training for each number of samples and of images, and draws from stores of each size.

    Args:
        file: the config; its sampler must have ``target_samples``.
        overrides: on it.
        steps: measured of each training.
        samples: values of ``sampler.target_samples``.
        images: numbers of training images.
        gib: sizes of stores.
        resolution: width and height of the images.

    Yields:
        "samples", "images" or "stores", and an entry of these of the schema.
    """
    with tempfile.TemporaryDirectory(prefix="jnerf-growth-") as folder:
        for value in samples:
            batch = f"sampler.target_samples={value}"
            yield "samples", _apart(file, overrides, steps, value, batch)
        for value in images:
            root = write_scene(Path(folder) / str(value), value, resolution)
            scene = f"dataset=dict(_delete_=True, type='BlenderDataset', root={str(root)!r})"
            yield "images", _apart(file, overrides, steps, value, scene)
        for size in gib:
            yield "stores", measure_store(size, Path(folder))


def _apart(file: str, overrides: Sequence[str], steps: int, value: int, own: str) -> dict[str, Any]:
    """One point, measured in a process of its own, with one thread."""
    words = ["growth", "--config-file", file, "--steps", str(steps), "--here", *overrides, own]
    record = measure_apart(words, OMP_NUM_THREADS="1")
    point = record["results"]["samples"][0] | {"value": value}
    told = f"{point['step_ms']:.0f} ms of CPU a step, {point['peak_gib']:.3f} GiB"
    print(f"growth: {own[:40]}: {value}: {told}")
    return point


def measure_point(config: Any, steps: int) -> dict[str, Any]:
    """Trains in this process: one entry of ``samples`` of the schema.

    Args:
        config: the resolved config.
        steps: measured, after a few that are not.
    """
    import jittor as jt

    from jnerf.benchmark.host.measure import trainer_of

    def advance(n: int) -> None:
        trainer.advance(n)
        jt.sync_all(True)

    began = time.process_time()
    with trainer_of(config) as trainer:
        advance(1)
        opened = time.process_time() - began
        advance(_WARM_UP - 1)
        first = time.process_time()
        advance(steps)
        counts = trainer.samples
        spent = time.process_time() - first
    return {
        "value": 0,
        "samples": int(counts.mean()),
        "step_ms": rounded(1e3 * spent / steps),
        "ns_per_sample": rounded(1e9 * spent / max(1, int(counts.sum()))),
        "first_step_s": rounded(opened),
        "peak_gib": rounded(peak_memory_gib(), 4),
    }


def measure_store(gib: int, folder: Path) -> dict[str, Any]:
    """Draws pixels from a store of so many GiB that lies in a file with holes; an entry of ``stores``."""
    from jnerf.datasets.pictures.pixel_store import pixel_block

    def without_space(descriptor: int, offset: int, size: int) -> None:
        os.ftruncate(descriptor, offset + size)

    n = gib * 2**30 // _PIXEL
    with (
        mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(folder)}),
        mock.patch.object(os, "posix_fallocate", without_space),
    ):
        before, began = resident_gib(), time.process_time()
        block = pixel_block(n, 0.0)
    opened = time.process_time() - began
    where = np.random.default_rng(0).integers(0, n, _DRAWS)
    where[:2] = 0, n - 1
    block[where[:2]] = 7  # the ends are there
    began = time.process_time()
    drawn = block.take(where)
    spent = time.process_time() - began
    assert drawn[:2].tolist() == [7, 7] and not drawn[2:].any()
    grown = resident_gib() - before
    del block
    return {
        "gib": gib,
        "pixels": n,
        "open_ms": rounded(1e3 * opened),
        "ns_per_pixel": rounded(1e9 * spent / _DRAWS),
        "resident_gib": rounded(max(0.0, grown), 3),
    }


def resident_gib() -> float:
    """Memory that this process has in use now, GiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**30


def write_scene(folder: Path, n: int, resolution: int) -> Path:
    """Writes a Blender scene of ``n`` images, which are a few drawn views of the embedded scene under many names.

    Args:
        folder: made here.
        n: images.
        resolution: width and height.

    Returns:
        The folder.
    """
    from jnerf.datasets.procedural.dataset import ProceduralDataset

    drawn = ProceduralDataset(n_train=_DRAWN, n_test=1, resolution=resolution)
    (folder / "train").mkdir(parents=True)
    back = drawn.transform.inverse()
    poses = back.poses(drawn.cameras.c2w.astype(np.float64))
    frames = []
    for i in range(n):
        name, first = f"train/r_{i:05d}", folder / f"train/r_{i % _DRAWN:05d}.png"
        if i < _DRAWN:
            cv2.imwrite(str(first), cv2.cvtColor(drawn.images.image(i), cv2.COLOR_RGBA2BGRA))
        else:
            os.link(first, folder / f"{name}.png")
        pose = [*poses[i % _DRAWN].tolist(), [0, 0, 0, 1]]
        frames.append({"file_path": name, "transform_matrix": pose})
    focal = float(drawn.cameras.intrinsics[0, 0])
    angle = 2 * float(np.arctan(0.5 * resolution / focal))
    text = json.dumps({"camera_angle_x": angle, "frames": frames})
    for split in ("train", "test"):
        (folder / f"transforms_{split}.json").write_text(text)
    return folder
