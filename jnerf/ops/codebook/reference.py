"""The specification of ``codebook`` in NumPy: a loop over rows."""

from __future__ import annotations

import numpy as np


def codebook_lookup(logits, codebooks, row_starts) -> np.ndarray:
    """Values [V, F]; arguments as in ``jnerf.ops.codebook``, as arrays."""
    levels = np.repeat(np.arange(len(codebooks)), np.diff(row_starts))
    return codebooks[levels, np.argmax(logits, axis=1)]


def codebook_soft(logits, codebooks, row_starts) -> np.ndarray:
    """softmax(C) D, [V, F]: what the logits' gradient is of."""
    levels = np.repeat(np.arange(len(codebooks)), np.diff(row_starts))
    soft = np.exp(logits - logits.max(axis=1, keepdims=True))
    soft /= soft.sum(axis=1, keepdims=True)
    return np.einsum("vk,vkf->vf", soft, codebooks[levels])


def codebook_grad(logits, codebooks, row_starts, grad) -> tuple[np.ndarray, np.ndarray]:
    """Gradients of logits and codebooks, given that of the values [V, F]."""
    grad_logits, grad_codebooks = np.zeros_like(logits), np.zeros_like(codebooks)
    for level, book in enumerate(codebooks):
        for row in range(row_starts[level], row_starts[level + 1]):
            soft = np.exp(logits[row] - logits[row].max())
            soft /= soft.sum()
            along = book @ grad[row]
            grad_logits[row] = soft * (along - soft @ along)
            grad_codebooks[level, np.argmax(logits[row])] += grad[row]
    return grad_logits, grad_codebooks
