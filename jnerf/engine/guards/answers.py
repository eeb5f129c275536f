"""What modules answer in a step, where a wrong answer would be trained on in silence: shapes alone, no values."""

from __future__ import annotations

from collections.abc import Mapping

import jittor as jt

from jnerf.datasets.base import Dataset
from jnerf.errors import TrainingError
from jnerf.models.losses.base import Loss
from jnerf.structures import Batch


def check_batch(dataset: Dataset, batch: Batch, n_rays: int) -> None:
    """Refuses a batch whose truths are not those of its rays.

    Raises:
        TrainingError: names the dataset, the shape and the right one.
    """
    shapes = {"rays": (len(batch.rays),), "rgba": tuple(batch.rgba.shape)}
    wanted = {"rays": (n_rays,), "rgba": (n_rays, 4)}
    for name, shape in shapes.items():
        if shape != wanted[name]:
            raise TrainingError(
                f"dataset: {type(dataset).__name__}.sample({n_rays}, step) gave {name} {list(shape)}; it must be "
                f"{list(wanted[name])}"
            )


def check_terms(losses: Mapping[str, Loss], terms: Mapping[str, jt.Var]) -> None:
    """Refuses a loss that is not one number.

    Raises:
        TrainingError: names the loss and what it gave.
    """
    for name, value in terms.items():
        if not isinstance(value, jt.Var) or value.numel() != 1:
            what = list(value.shape) if isinstance(value, jt.Var) else repr(value)
            raise TrainingError(
                f"loss.{name}: {type(losses[name]).__name__} gave {what}; a loss is a Var of one number: end it with "
                ".mean()"
            )
