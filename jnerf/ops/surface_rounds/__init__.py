"""Samples of NeuS: even ones, and rounds of more where a distance changes its sign."""

from jnerf.ops.surface_rounds.op import Drawn, Edges, SurfaceRounds

__all__ = ["Drawn", "Edges", "SurfaceRounds"]
