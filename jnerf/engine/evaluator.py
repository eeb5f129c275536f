"""Hands a model to the judge of a dataset, and writes down what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.datasets.base import Dataset
from jnerf.engine.logging import to_json
from jnerf.engine.machine import device_name
from jnerf.engine.parallel.team import Item, team
from jnerf.engine.pipeline.build import Pipeline
from jnerf.engine.pipeline.field import FrozenField
from jnerf.engine.pipeline.params import network_groups
from jnerf.engine.rendering.fitted_views import ViewFit, fit_appearance, fit_exposure
from jnerf.engine.rendering.fog import render_view
from jnerf.engine.rendering.image import render_chunk
from jnerf.engine.rendering.placed_views import placed_views
from jnerf.errors import JnerfError
from jnerf.files import write_text_atomic
from jnerf.imaging.image import Image
from jnerf.judging.judgement import Judgement, StopRequested, Subject
from jnerf.judging.smaller import smaller
from jnerf.structures import RayBundle, RenderOutput

#: Opacity of a pixel that shows something, and the least share of such pixels in pictures that do.
_FILLED, _LEAST_FILLED = 0.05, 1e-3
_NO_FIT = ViewFit()


class _Model(Subject):
    """A pipeline as judges see it."""

    def __init__(
        self,
        pipeline: Pipeline,
        rays_per_chunk: int | None,
        stop: Callable[[], bool],
        fog_tolerance: float,
        see: Callable[[Image], None],
        fit: ViewFit,
    ) -> None:
        self._fit = fit
        self._pipeline, self._rays_per_chunk, self._stop = pipeline, rays_per_chunk, stop
        self._see = see
        self._fog_tolerance = fog_tolerance
        self.rendered: list[float] = []  # share of each view's pixels
        self.rendered_share = 1.0
        self.field = FrozenField(pipeline.network)
        pipeline.network.train()  # one that was judged before has no trainable parameters
        groups = network_groups(pipeline.network, pipeline.encoders)
        self.n_parameters = sum(p.numel() for params in groups.values() for p in params)
        pipeline.network.eval()
        self._pixels = self._filled = 0
        self._shared = False
        self.stopped = False  # by whoever

    def share(self, items: Sequence[Item]) -> Iterable[Item]:
        """See ``Subject``."""
        self._shared = team().size > 1
        return team().items(items)

    def gathered(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """See ``Subject``."""
        self._shared = False
        found = team().rows(rows, self.stopped)
        if found is None:
            self.stopped = True
            raise StopRequested
        return found

    def settle(self, stopped: bool) -> bool:
        """Ends what is judged, as all processes do at this point, together.

        Args:
            stopped: whether this one was, before it had judged all.

        Returns:
            Whether any was. The numbers about pictures are those of all pictures then, else.
        """
        if self._shared:  # the others wait for rows, and learn there that there will be none
            self.stopped = stopped
            with suppress(StopRequested):
                self.gathered([])
        elif not self.stopped:
            mine = {"pixels": self._pixels, "filled": self._filled, "stopped": stopped}
            found = team().summed(mine | {"views": len(self.rendered), "share": sum(self.rendered)})
            self._pixels, self._filled = int(found["pixels"]), int(found["filled"])
            self.stopped = bool(found["stopped"])
            self.rendered_share = found["share"] / found["views"] if found["views"] else 1.0
        return self.stopped

    def image(self, rows: Callable[[int, int], RayBundle], width: int, height: int) -> Image:
        """See ``Subject``."""

        def checked(first: int, end: int) -> RayBundle:
            self.check()
            return rows(first, end)

        how = self._rays_per_chunk, self._fog_tolerance
        found, share = render_view(self._pipeline, checked, width, height, *how)
        self.rendered.append(share)
        self._pixels += found.opacities.size
        self._filled += int((found.opacities > _FILLED).sum())
        self._see(found)
        return found

    def seen(self, view: Any) -> tuple[Image, NDArray[np.bool_] | None]:
        """See ``Subject``; an exposure or an appearance is fitted to the picture, if the config says so."""
        fit = self._fit
        if fit.what == "none":
            return super().seen(view)
        known, measured = fit.halves(view.width, view.height, view.shown())
        if fit.what == "exposure":
            return fit_exposure(super().seen(view)[0], view.rgba(), known), measured
        numbers = fit_appearance(self._pipeline, view, known, fit, self._stop)
        with self._pipeline.network.appearance.worn(numbers):
            return super().seen(view)[0], measured

    @property
    def warning(self) -> str | None:
        """What a reader of the numbers must know: that the pictures are all but empty. None where they are not."""
        if not self._pixels or self._filled >= _LEAST_FILLED * self._pixels:
            return None
        return (
            f"the rendered pictures are all but empty: {self._filled} of {self._pixels} pixels have an opacity above "
            f"{_FILLED}; psnr and ssim are those of a background alone"
        )

    def render(self, rays: RayBundle) -> RenderOutput:
        """See ``Subject``."""
        self.check()
        return render_chunk(self._pipeline, rays)[0]

    def surface(self, resolution: int) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
        """See ``Subject``."""
        from jnerf.mesh.extract import (
            field_surface,
        )  # which is made of trained runs, as this is of pipelines

        self.check()
        return field_surface(self._pipeline, resolution)

    def check(self) -> None:
        """See ``Subject``."""
        if self._stop():
            raise StopRequested


def evaluate(
    pipeline: Pipeline,
    dataset: Dataset,
    n_images: int | None = None,
    folder: Path | None = None,
    rays_per_chunk: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    fog_tolerance: float = 0.0,
    see: Callable[[Image], None] = lambda image: None,
    downscale: int = 1,
    fit: ViewFit = _NO_FIT,
) -> Judgement | None:
    """Has a model judged with the averaged weights (the raw ones when there is no EMA).

    Args:
        pipeline: the method.
        dataset: the split to judge on.
        n_images: of how many items (views); None for all.
        folder: where pictures go; None writes none.
        rays_per_chunk: rays rendered at once.
        stop: asked before each chunk of rays; True ends the evaluation.
        fog_tolerance: see :func:`jnerf.engine.rendering.fog.render_view`.
        see: is shown each picture that is rendered.
        downscale: judge smaller views, see ``jnerf.judging.smaller``.
        fit: what of each view is fitted to its picture.

    Returns:
        None when stopped. Its protocol has a ``warning`` where pictures are all but empty, and ``pixels_rendered``, the
        share of those that were not interpolated, where some were.

    Raises:
        ConfigError: there is nothing to judge, see ``Dataset.check_judging``.
    """
    model = _Model(pipeline, rays_per_chunk, stop, fog_tolerance, see, fit)
    with pipeline.ema.applied() if pipeline.ema is not None else nullcontext():
        try:
            dataset, placed = placed_views(pipeline, dataset, n_images, folder is not None, stop)
            found = smaller(dataset, downscale).judge(model, n_images, folder)
        except StopRequested:
            found = None
        if model.settle(found is None):
            return None
    jt.gc()  # a view's buffers are of other sizes than a batch's; the pool would keep both
    told = pipeline.network.protocol | pipeline.dataset.protocol | placed | fit.protocol
    told |= {} if model.warning is None else {"warning": model.warning}
    if model.rendered_share < 1:
        told["pixels_rendered"] = round(model.rendered_share, 4)
    return replace(found, protocol={**found.protocol, **told})


def write_metrics(path: Path, judgement: Judgement, protocol: dict[str, Any]) -> None:
    """Writes ``metrics.json``: protocol, means, items.

    Args:
        path: the file.
        judgement: what was found.
        protocol: what else the numbers depend on (config, step, training seconds ...).

    Raises:
        JnerfError: the disk is full or refuses; an old file is still as it was.
    """
    items = f"{judgement.unit}s"
    protocol = {
        **protocol,
        f"n_{items}": len(judgement.rows),
        **judgement.protocol,
        "device": device_name(),
    }
    content = {"protocol": protocol, "mean": judgement.mean, items: judgement.rows}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text_atomic(path, to_json(content, indent=2) + "\n")
    except OSError as error:
        raise JnerfError(
            f"cannot write {path}: {error}. The weights are kept: free disk space, then test them again (jnerf test)"
        ) from error
