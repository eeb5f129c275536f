"""The MLP of a signed distance, with its derivative, and gradients of losses of both."""

from jnerf.ops.distance_mlp.op import Distances, distance_mlp

__all__ = ["Distances", "distance_mlp"]
