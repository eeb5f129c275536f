"""Rendered colours as the cameras of images with exposures of their own would have taken them."""

from jnerf.ops.expose.op import expose

__all__ = ["expose"]
