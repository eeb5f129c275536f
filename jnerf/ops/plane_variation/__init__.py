"""Total variation of tri-planes: squared differences of neighbouring vertices (K-Planes, section 3.4)."""

from jnerf.ops.plane_variation.op import plane_variation

__all__ = ["plane_variation"]
