"""Multiresolution hash grid encoding (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 3)."""

from jnerf.ops.hash_encode.layout import HashGridLayout
from jnerf.ops.hash_encode.op import hash_encode, hash_encode_known, wants_half

__all__ = ["HashGridLayout", "hash_encode", "hash_encode_known", "wants_half"]
