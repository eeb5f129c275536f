"""Small multilayer perceptrons, all layers of a tile of samples at once."""

from jnerf.ops.mlp.op import mlp, n_params

__all__ = ["mlp", "n_params"]
