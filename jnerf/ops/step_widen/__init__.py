"""Step functions made wider, so that no interval is missed: the dilation of mip-NeRF 360."""

from jnerf.ops.step_widen.op import step_widen

__all__ = ["step_widen"]
