"""Jittor op of weight normalisation: the flat parameters of an MLP from directions and lengths of its layers' rows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.mlp.op import MAX_LAYERS


@cache
def _layers(normed: tuple[bool, ...]) -> str:
    """Statements that describe layers; inputs are v, (g,) b of each."""
    text, i = "jnerf::NormedLayers layers; ", 0
    for has_length in normed:
        g, b = (f"in{i + 1}_p", f"in{i + 2}_p") if has_length else ("nullptr", f"in{i + 1}_p")
        text += f"layers.add(in{i}_shape0, in{i}_shape1, in{i}_p, {g}, {b}); "
        i += 3 if has_length else 2
    return text + "const int64_t rows = layers.first[layers.n_layers]; "


@cache
def _forward(normed: tuple[bool, ...]) -> str:
    return f"{_layers(normed)} jnerf::parallel_for(rows, jnerf::NormedForward{{layers, out0_p}});"


@cache
def _backward(normed: tuple[bool, ...]) -> str:
    text, i = f"{_layers(normed)} jnerf::NormedGrads grads; ", 0
    for has_length in normed:
        g, b = (f"out{i + 1}_p", f"out{i + 2}_p") if has_length else ("nullptr", f"out{i + 1}_p")
        text += f"grads.add(out{i}_p, {g}, {b}); "
        i += 3 if has_length else 2
    return f"{text} jnerf::parallel_for(rows, jnerf::NormedBackward{{layers, grads, in{i}_p}});"


class _NormedWeights(Function):
    def execute(self, normed, *parts):
        self.normed, self.parts = normed, list(parts)
        shape = (sum(part.numel() for part in parts) - self._lengths(),)
        return code_op("normed_weights", [shape], ["float32"], self.parts, _forward(normed))[0]

    def _lengths(self) -> int:
        """Numbers that are no parameters of the MLP: lengths."""
        total, i = 0, 0
        for has_length in self.normed:
            total += self.parts[i + 1].numel() if has_length else 0
            i += 3 if has_length else 2
        return total

    def grad(self, grad):
        shapes = [part.shape for part in self.parts]
        inputs, dtypes = [*self.parts, grad], ["float32"] * len(shapes)
        grads = code_op("normed_weights", shapes, dtypes, inputs, _backward(self.normed))
        return None, *grads


def normed_weights(layers: Sequence[tuple[jt.Var, jt.Var | None, jt.Var]]) -> jt.Var:
    """The flat parameters of an MLP with biases, whose rows are w = g v / |v|.

    Differentiable once in all of them.

    Args:
        layers: of each layer v, float32 [out, in]; g, float32 [out, 1], or None where v is W itself; b, float32 [out].

    Returns:
        float32 [sum of out (in + 1)], as ``jnerf.ops.mlp`` has them. A row v of length 0 makes NaN.

    Raises:
        ValueError: there are no layers or too many of them, or shapes do not fit.
    """
    if not 1 <= len(layers) <= MAX_LAYERS:
        raise ValueError(f"{len(layers)} layers; an MLP has 1 to {MAX_LAYERS}")
    for i, (v, g, b) in enumerate(layers):
        n = v.shape[0]
        if v.ndim != 2 or list(b.shape) != [n] or (g is not None and list(g.shape) != [n, 1]):
            shapes = [list(part.shape) for part in (v, g, b) if part is not None]
            raise ValueError(
                f"layer {i} has parts {shapes}; expected v [out, in], g [out, 1], b [out]"
            )
    normed = tuple(g is not None for _, g, _ in layers)
    return _NormedWeights()(
        normed, *[part for layer in layers for part in layer if part is not None]
    )
