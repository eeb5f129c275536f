"""Small multilayer perceptrons, all layers of a tile of samples at once."""

from jnerf.ops.mlp.op import mlp
from jnerf.ops.mlp.shape import layer_inputs, n_params

__all__ = ["layer_inputs", "mlp", "n_params"]
