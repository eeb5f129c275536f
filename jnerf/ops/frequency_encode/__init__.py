"""Sines and cosines of a point at several frequencies."""

from jnerf.ops.frequency_encode.op import frequency_encode, frequency_pull

__all__ = ["frequency_encode", "frequency_pull"]
