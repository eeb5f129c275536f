"""New intervals where a step function has weight, in a normalised distance: how proposals are sampled."""

from jnerf.ops.step_resample.op import Steps, step_resample
from jnerf.ops.step_resample.spacings import SPACINGS, Spacing, make_spacing

__all__ = ["SPACINGS", "Spacing", "Steps", "make_spacing", "step_resample"]
