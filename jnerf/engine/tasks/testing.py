"""The test at the end: metrics with their protocol, and pictures."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from jnerf.checks.arguments import signature_of
from jnerf.engine.checkpoints.learned_cameras import write_cameras
from jnerf.engine.checkpoints.learned_exposures import write_exposures
from jnerf.engine.checkpoints.state import at_step
from jnerf.engine.evaluator import evaluate, write_metrics
from jnerf.engine.guards.judged import judged_with
from jnerf.engine.parallel.team import team
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.rendering.fitted_views import view_fit
from jnerf.engine.run_folder import RunFolder
from jnerf.imaging.image import Image
from jnerf.judging.judgement import Judgement
from jnerf.registry import RENDERERS


def judge_weights(
    config: Any,
    pipeline: Pipeline,
    folder: RunFolder,
    dataset: Any,
    step: int,
    seconds: float,
    see: Callable[[Image], None] = lambda image: None,
) -> Judgement:
    """Tests the weights after ``step`` steps; writes metrics with their protocol, and pictures."""
    at_step(pipeline, step)
    how = config.evaluation.n_images, folder.test, config.chunk
    found = evaluate(pipeline, dataset, *how, see=see, fit=view_fit(config.evaluation, True))
    if pipeline.dataset.learned is not None:
        write_cameras(folder.cameras, pipeline)
    if pipeline.dataset.exposure is not None:
        write_exposures(folder.exposures, pipeline)
    protocol = protocol_of(config) | {"step": step, "train_seconds": round(seconds, 3)}
    protocol |= {"processes": team().size} if team().size > 1 else {}
    if settings := judged_with(config):
        protocol["judged_with"] = settings
    if team().first:
        write_metrics(folder.test / "metrics.json", found, protocol)
    numbers = ", ".join(f"{key} {value:.4g}" for key, value in found.mean.items())
    items = f" ({len(found.rows)} {found.unit}s)" if found.rows else ""
    print(f"step {step}: {numbers}{items} -> {folder.test}")
    warn_of_pictures(found, step)
    return found


def warn_of_pictures(found: Judgement, step: int) -> None:
    """Passes on what the pictures themselves made suspicious, such as all of them being black."""
    if "warning" in found.protocol:
        warnings.warn(f"step {step}: {found.protocol['warning']}", stacklevel=2)


def protocol_of(config: Any) -> dict[str, Any]:
    """What a number depends on besides the code and the machine."""
    return {
        "exp_name": config.exp_name,
        "dataset": dict(config.dataset),
        "train_split": config.dataset.get("split", "train"),
        "test_split": "test",
        "train_background": _background(config.renderer),
        "weights": "ema" if config.get("ema") else "raw",
        "n_images": config.evaluation.n_images or "all",
        "seed": config.seed,
        "clock": "seconds inside training steps, without compilation, evaluation and checkpoints",
    }


def _background(renderer: Any) -> Any:
    """What its block says, else the default of its class; None is black."""
    if "background" in renderer:
        return renderer["background"]
    known = signature_of(RENDERERS.get(renderer["type"])).parameters
    return known["background"].default if "background" in known else None
