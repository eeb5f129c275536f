"""Jittor op that puts side by side what the colour of a surface is asked with."""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing

_OP = "surface_inputs"
_NUMBERS = ("n_values", "first", "n_ray", "at_x", "at_normal", "at_values", "at_ray", "width")
_SETUP = (
    "const jnerf::SurfaceInputs input{in0_p, in1_p, in2_p, in3_p, in4_p, "
    + ", ".join(f'(int)data["{name}"]' for name in _NUMBERS)
    + ', {(float)data["middle0"], (float)data["middle1"], (float)data["middle2"]}, '
    '(float)data["scale"], data["unit"] != 0}; '
)
_FORWARD = _SETUP + "jnerf::surface_inputs(in0_shape0, input, out0_p);"
_BACKWARD = _SETUP + "jnerf::surface_inputs_backward(in0_shape0, input, in5_p, out0_p, out1_p);"
_PARTS = {"x", "normal", "values", "ray"}


class _SurfaceInputs(Function):
    def execute(self, positions, normals, values, of_ray, ray_indices, data):
        self.inputs, self.data = [positions, normals, values, of_ray, ray_indices], data
        shape = positions.shape[0], data["width"]
        return code_op(_OP, [shape], ["float32"], self.inputs, _FORWARD, data)[0]

    def grad(self, grad):
        shapes = [self.inputs[1].shape, self.inputs[2].shape]
        inputs = [*self.inputs, grad]
        grads = code_op(_OP, shapes, ["float32"] * 2, inputs, _BACKWARD, self.data)
        return None, *grads, None, None, None


def surface_inputs(
    positions: jt.Var,
    normals: jt.Var,
    values: jt.Var,
    of_ray: jt.Var | None = None,
    ray_indices: jt.Var | None = None,
    order: Sequence[str] = ("x", "normal", "values", "ray"),
    first: int = 0,
    unit: bool = False,
    middle: Sequence[float] = (0.0, 0.0, 0.0),
    scale: float = 1.0,
) -> jt.Var:
    """Position, normal, features and the ray's features of samples, side by side.

    Differentiable once in ``normals`` and ``values``.

    Args:
        positions: float32 [S, 3]; what is seen is x = (positions - middle) scale.
        normals: float32 [S, 3].
        values: float32 [S, V].
        of_ray: a row for each ray, float32 [R, E]; None for none.
        ray_indices: the ray of each sample, int32 [S]; beside ``of_ray``.
        order: of the four parts.
        first: so many columns of ``values`` are left out.
        unit: normals are divided by their length (that of 0 stays 0).
        middle: see above.
        scale: see above.

    Returns:
        float32 [S, 6 + V - first + E].

    Raises:
        ValueError: shapes do not fit together, or ``order`` is none of the four parts.
    """
    n, n_ray = positions.shape[0], 0 if of_ray is None else of_ray.shape[1]
    fits = list(positions.shape) == list(normals.shape) == [n, 3] and values.ndim == 2
    if not fits or values.shape[0] != n or not 0 <= first < values.shape[1]:
        raise ValueError(
            f"positions {list(positions.shape)}, normals {list(normals.shape)} and values {list(values.shape)} without "
            f"{first} columns; expected [S, 3], [S, 3] and [S, V], V above that"
        )
    if (of_ray is None) != (ray_indices is None) or set(order) != _PARTS or len(order) != 4:
        raise ValueError(
            f"order is {list(order)}; give each of {sorted(_PARTS)}, and of_ray with ray_indices"
        )
    sizes = {"x": 3, "normal": 3, "values": values.shape[1] - first, "ray": n_ray}
    data, width = {"n_values": values.shape[1], "first": first, "n_ray": n_ray}, 0
    for part in order:
        data[f"at_{part}"] = width
        width += sizes[part]
    if n == 0:
        return jt.zeros((0, width))
    data |= {"width": width, "scale": scale, "unit": unit}
    data |= {f"middle{i}": value for i, value in enumerate(middle)}
    if of_ray is None:
        of_ray, ray_indices = nothing(ndim=2), nothing("int32")
    return _SurfaceInputs()(positions, normals, values, of_ray, ray_indices, data)
