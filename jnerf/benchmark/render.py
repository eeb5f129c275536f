"""``render``: how long whole frames and previews take."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from jnerf.benchmark.stats import rounded, stats
from jnerf.errors import ConfigError

#: Of the first picture of a preview: pixels of the view per pixel of the picture, along each side.
PREVIEW = 8


def measure_rendering(
    config: Any, checkpoint: str | None, save_dir: str | None, n_frames: int
) -> dict[str, Any]:
    """Renders test views, and the first pictures of their previews.

    Args:
        config: the resolved config.
        checkpoint: the weights; None: the newest of the config's run folder.
        save_dir: the folder that holds run folders; None: the config's.
        n_frames: evenly spaced test views.

    Returns:
        ``results`` of the schema, without ``config``.

    Raises:
        CheckpointError: there is none.
        ConfigError: the dataset has no test views.
    """
    from jnerf.config.check import check
    from jnerf.engine.checkpoints.asked import load_for_task, run_of
    from jnerf.engine.checkpoints.state import restore
    from jnerf.engine.evaluator import evaluate
    from jnerf.engine.pipeline.build import build_dataset, build_pipeline
    from jnerf.engine.run_folder import RunFolder
    from jnerf.judging.views import spaced_views
    from jnerf.runtime import show_kernel_progress

    check(config)
    show_kernel_progress()
    folder = RunFolder(Path(save_dir or config.get("save_dir") or "logs") / config.exp_name)
    loaded, path = load_for_task(folder, checkpoint)
    same = run_of(config, folder, checkpoint, "test")
    same.check_config()
    pipeline = build_pipeline(config, training=False)
    same.check_scene(pipeline.dataset)
    restore(pipeline, loaded, str(path))
    dataset = build_dataset(config, "test")
    if dataset.cameras is None or not dataset.n_images:  # a mesh has cameras for pictures alone
        raise ConfigError(f"{type(dataset).__name__} has no test views: there is nothing to render")
    evaluate(pipeline, dataset, 1, rays_per_chunk=config.chunk)  # compiles
    found = evaluate(pipeline, dataset, n_frames, rays_per_chunk=config.chunk)
    seconds = stats([image["seconds"] for image in found.rows])
    width, height = found.protocol["resolution"]
    views = spaced_views(dataset.n_images, n_frames)
    small = [_preview_seconds(pipeline, dataset, view, config.chunk) for view in [views[0], *views]]
    return {
        "checkpoint": path.name,
        "step": loaded.step,
        "train_seconds": rounded(loaded.seconds),
        "width": width,
        "height": height,
        "seconds": seconds,
        "fps": rounded(1 / seconds["median"]),
        "metrics": {name: rounded(value) for name, value in found.mean.items()},
        "preview_width": -(-width // PREVIEW),
        "preview_height": -(-height // PREVIEW),
        "preview_seconds": stats(small[1:]),
        "protocol": {
            "scene": str(config.dataset.get("root") or config.dataset.type),
            "split": "test",
            "views": len(found.rows),
            "background": "black",
            "weights": "ema" if config.get("ema") else "raw",
        },
    }


def _preview_seconds(pipeline: Any, dataset: Any, view: int, chunk: int) -> float:
    """Seconds until the first picture of a view's preview."""
    from jnerf.engine.rendering.preview import preview
    from jnerf.structures import RayBundle

    cameras = dataset.cameras
    width, height = cameras.sizes[view].tolist()

    def rays(x: np.ndarray, y: np.ndarray) -> RayBundle:
        return cameras.bundle(np.full(x.shape, view, np.int32), x, y)

    pipeline.network.eval()
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        start = time.perf_counter()
        next(preview(pipeline, rays, width, height, (PREVIEW, 1), chunk))
        return time.perf_counter() - start
