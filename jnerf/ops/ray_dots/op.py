"""Jittor op of dot products between samples and rays."""

from __future__ import annotations

import jittor as jt

from jnerf.ops.common import Function, code_op

_INPUT = "const jnerf::RayDotsInput input{in0_shape1, in0_shape0, in0_shape2, in1_shape1, in0_p, in1_p, in2_p}; "


class _RayDots(Function):
    def execute(self, features, vectors, ray_indices, packed_info):
        self.inputs, self.packed_info = [features, vectors, ray_indices], packed_info
        shape = features.shape[1], vectors.shape[1]
        return self._code(shape, self.inputs, "ray_dots({input, out0_p})")

    def grad(self, grad):
        features, vectors, _ = self.inputs
        call = "ray_dots_backward_features({input, in3_p, out0_p})"
        of_features = self._code(features.shape, [*self.inputs, grad], call)
        call = "ray_dots_backward_vectors(in1_shape0, {input, in4_p, in3_p, out0_p})"
        of_vectors = self._code(vectors.shape, [*self.inputs, grad, self.packed_info], call)
        return of_features, of_vectors, None, None

    def _code(self, shape, inputs, call):
        source = f"{_INPUT}jnerf::{call};"
        return code_op("ray_dots", [shape], ["float32"], inputs, source)[0]


def ray_dots(features: jt.Var, vectors: jt.Var, ray_indices: jt.Var, packed_info: jt.Var) -> jt.Var:
    """Dot products of the features of each sample with each vector of its ray.

    Differentiable in features and vectors. What it saves is a copy of the vectors for every sample.

    Args:
        features: grouped, float32 [G, S, F], channel g F + f being [g, s, f]; or rows, [S, C].
        vectors: float32 [R, O, C], C = G F.
        ray_indices: ray of each sample, int32 [S].
        packed_info: (first, count) of each ray's samples, int32 [R, 2].

    Returns:
        float32 [S, O].

    Raises:
        ValueError: shapes do not fit together.

    >>> rays, packed = jt.array([0, 0]), jt.array([[0, 2]])
    >>> ray_dots(jt.array([[1.0, 2.0], [3.0, 4.0]]), jt.array([[[1.0, 10.0]]]), rays, packed).numpy().tolist()
    [[21.0], [43.0]]
    """
    if features.ndim == 2:
        features = features.unsqueeze(0)
    groups, n, width = features.shape
    if vectors.ndim != 3 or vectors.shape[2] != groups * width or ray_indices.shape[0] != n:
        raise ValueError(
            f"ray_dots: features are {list(features.shape)}, vectors {list(vectors.shape)} and ray_indices "
            f"{list(ray_indices.shape)}; give [G, S, F], [R, O, G F] and [S]"
        )
    if n == 0:
        return jt.zeros((0, vectors.shape[1]))
    return _RayDots()(features, vectors, ray_indices, packed_info)
