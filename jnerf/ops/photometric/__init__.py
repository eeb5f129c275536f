"""Losses between rendered and true colours."""

from jnerf.ops.photometric.op import photometric

__all__ = ["photometric"]
