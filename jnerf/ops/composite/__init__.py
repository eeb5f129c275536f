"""Compositing of packed samples into rays."""

from jnerf.ops.composite.op import composite

__all__ = ["composite"]
