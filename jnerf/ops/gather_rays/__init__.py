"""Per-ray values for every packed sample, and sums of samples over their rays."""

from jnerf.ops.gather_rays.op import gather_rays, sum_over_rays

__all__ = ["gather_rays", "sum_over_rays"]
