"""Test views of a scene that cameras which learn have taken along: moved with it, and fitted to their pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from jnerf.datasets.base import Dataset
from jnerf.datasets.placement.refinement import PoseRefinement
from jnerf.datasets.posed import PosedImages, View
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.fitting import fitted, pixel_error
from jnerf.judging.judgement import StopRequested
from jnerf.judging.views import views_to_judge
from jnerf.ops.common import uniform
from jnerf.ops.move_rays import move_rays, reference
from jnerf.structures import RayBundle


def placed_views(
    pipeline: Pipeline,
    dataset: Dataset,
    n_images: int | None,
    final: bool,
    stop: Callable[[], bool] = lambda: False,
) -> tuple[Dataset, dict[str, Any]]:
    """The views of a split where the scene is now, and what the protocol has to say of that.

    Args:
        pipeline: the method, its average applied.
        dataset: the split.
        n_images: of how many views.
        final: whether poses may be fitted to the pictures, which takes time.
        stop: whether to break off.

    Raises:
        StopRequested: it was.
    """
    learned = pipeline.dataset.learned
    if learned is None or dataset is pipeline.dataset:
        return dataset, {}
    dataset = dataset.following(pipeline.dataset)
    tuned = final and learned.test_steps > 0 and isinstance(dataset, PosedImages)
    if tuned:
        poses = dataset.cameras.c2w.astype(np.float64)
        for i in tqdm(views_to_judge(dataset, n_images), "fit poses", leave=False, unit="view"):
            poses[i] = fitted_pose(pipeline, dataset.view(i), poses[i], learned, stop)
        dataset = dataset.with_poses(poses)
    return dataset, learned.protocol(tuned)


def fitted_pose(
    pipeline: Pipeline,
    view: View,
    pose: NDArray[np.float64],
    learned: PoseRefinement,
    stop: Callable[[], bool],
) -> NDArray[np.float64]:
    """The pose [3, 4] of a view that fits its picture best: Adam on a twist, some of the pixels that show anything."""
    every, truth = view.rays(), view.rgba().reshape(-1, 4) / np.float32(255)
    shown = view.shown()
    where = np.arange(len(truth)) if shown is None else np.flatnonzero(shown)

    def gradient(twist: NDArray[np.float64], step: int) -> NDArray[np.float64]:
        if stop():
            raise StopRequested
        draws = uniform(view.index, step, np.arange(learned.test_rays), 0)
        pixels = where[(draws * len(where)).astype(np.int64)].astype(np.int32)
        return _gradient(pipeline, every.take(pixels), truth[pixels], twist, learned)

    twist = fitted(np.zeros((1, 6)), gradient, learned.test_steps, learned.test_lr)
    return reference.move_poses(twist, pose[None], learned.mode, learned.middle)[0]


def _gradient(
    pipeline: Pipeline,
    rays: RayBundle,
    truth: NDArray[np.float32],
    twist: NDArray[np.float64],
    learned: PoseRefinement,
) -> NDArray[np.float64]:
    """Of the mean squared error of pixels, by the twist, [1, 6]."""
    var = jt.array(twist.astype(np.float32))
    nowhere = jt.zeros((len(rays),), "int32")
    where = rays.rays_o, rays.rays_d, nowhere, learned.mode, learned.middle
    moved = RayBundle(*move_rays(var, *where), None, lambda: rays.radii, trained=True)
    return jt.grad(pixel_error(pipeline, moved, truth), var).numpy().astype(np.float64)
