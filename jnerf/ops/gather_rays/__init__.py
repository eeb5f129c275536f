"""Per-ray values for every packed sample."""

from jnerf.ops.gather_rays.op import gather_rays

__all__ = ["gather_rays"]
