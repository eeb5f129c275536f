"""Sines and cosines of a point at several frequencies."""

from jnerf.ops.frequency_encode.op import frequency_encode

__all__ = ["frequency_encode"]
