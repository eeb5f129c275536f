"""Rows that are entries of a small codebook, chosen by the largest of their logits."""

from jnerf.ops.codebook.op import codebook_keys, codebook_lookup

__all__ = ["codebook_keys", "codebook_lookup"]
