"""Have training steps samples, and the true pictures content? A run without trains on nothing, and looks fine."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from jnerf.errors import TrainingError
from jnerf.structures import Batch

#: Rays without a single sample after which a run that has had none ends.
_ENOUGH_RAYS = 1024
#: Steps in a row without a sample after which any run ends: without samples there is no gradient either.
_LONGEST = 256
#: Samples per ray of the first step below which there is a warning.
_FEW = 0.05
#: Alpha, of 1, up to which a pixel is taken for empty: masks of 0 and 1 give 1 / 255.
_EMPTY = 2 / 255


class SampleGuard:
    """Watches the number of samples of each training step.

    Args:
        step: steps completed before.
    """

    def __init__(self, step: int) -> None:
        self._step = step
        self._begun = step
        self._rays = self._samples = self._streak = 0
        self._warned = False

    def note(self, counts: NDArray[np.integer], n_rays: int, last: bool, saved: int) -> None:
        """Takes in the steps since the last call.

        Args:
            counts: samples of each step, int [K].
            n_rays: rays of the last of them.
            last: whether training ends here.
            saved: step of the last checkpoint, for the message.

        Raises:
            TrainingError: no step has had a sample, or none of the last 256.
        """
        first = self._step == self._begun
        self._step += len(counts)
        self._rays += n_rays * len(counts)
        self._samples += int(counts.sum())
        filled = np.flatnonzero(counts)
        self._streak = len(counts) - 1 - filled[-1] if len(filled) else self._streak + len(counts)
        if not self._samples and (last or self._rays >= _ENOUGH_RAYS):
            raise TrainingError(
                f"none of the {self._rays} rays of the {self._step - self._begun} steps up to step {self._step} has a "
                "sample: there is nothing to train on. Do the pixels that masks keep, or that dataset.crop_fraction "
                "leaves, see the field's box between dataset.near and dataset.far? Is the box where the scene is "
                "(dataset.scale, dataset.offset, dataset.aabb_scale)?"
            )
        if self._streak >= _LONGEST:
            raise TrainingError(
                f"the last {self._streak} steps up to step {self._step} had no sample: the field has become empty "
                f"everywhere, and cannot come back. The last checkpoint is step {saved}. Often a lower optim.lr, a "
                "renderer.background='random' where pictures have alpha, or a lower sampler.threshold helps; begin "
                "anew in another --save-dir."
            )
        empty = len(counts) - len(filled)
        if empty and not self._warned:
            self._warned = True
            warnings.warn(
                f"{empty} of the {len(counts)} steps up to step {self._step} had no sample: they train on nothing",
                stacklevel=2,
            )
        elif first and self._samples < _FEW * self._rays:
            warnings.warn(
                f"step {self._step} has only {self._samples} samples on {self._rays} rays: hardly a ray meets the "
                "field's box. Is it where the scene is (dataset.scale, dataset.offset, dataset.aabb_scale)?",
                stacklevel=2,
            )


def check_truth(batch: Batch) -> None:
    """Warns of true pictures that are transparent wherever one looks.

    Args:
        batch: the first one, random pixels of all images.
    """
    most = float(batch.rgba.numpy()[:, 3].max())
    if most <= _EMPTY:
        warnings.warn(
            f"the true pictures are all but transparent: alpha is at most {round(255 * most)} of 255 at "
            f"{len(batch.rays)} random pixels. Masks or alpha channels that hold 0 and 1 must hold 0 and 255",
            stacklevel=2,
        )
