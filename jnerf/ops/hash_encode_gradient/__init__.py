"""The gradient of the hash grid by position, itself differentiable: for losses of normals."""

from jnerf.ops.hash_encode_gradient.op import hash_encode_gradient

__all__ = ["hash_encode_gradient"]
