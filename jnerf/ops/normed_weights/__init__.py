"""Weight normalisation of all layers of an MLP at once."""

from jnerf.ops.normed_weights.op import normed_weights

__all__ = ["normed_weights"]
