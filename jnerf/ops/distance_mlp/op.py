"""Jittor op of the MLP of a signed distance: values and derivative at once, and the gradients of losses of both."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jittor as jt

from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.mlp.op import MAX_LAYERS, flat, numbers, shaped
from jnerf.ops.mlp.shape import check_skip, n_params

_SETUP = (
    'data["biased"] = 1; data["precision"] = (double)jnerf::MlpPrecision::fp32; '
    'jnerf::DistanceShape shape{jnerf::MlpShape::of(data), (float)data["beta"], data["x_first"] != 0, '
    '{(float)data["middle0"], (float)data["middle1"], (float)data["middle2"]}, (float)data["scale"], '
    '(float)data["radius"]}; '
    'jnerf::DistanceInput input{in0_p, in1_p, in0_shape0, (int)data["groups"], (int)data["per_group"]}; '
)
_FORWARD = f"""{_SETUP}
jnerf::distance_forward(shape, input, in2_p, out0_p, data["n_out"] > 1 ? out1_p : nullptr,
    data["derived"] != 0 ? out2_p : nullptr, data["derived"] != 0 ? out3_p : nullptr);
"""
_GIVEN = ", ".join(f'data["given{i}"] != 0 ? in{3 + i}_p : nullptr' for i in range(4))
_BACKWARD = f"""{_SETUP}
jnerf::distance_backward(shape, input, in2_p, {_GIVEN}, out0_p, data["wanted"] != 0 ? out1_p : nullptr);
"""


class Distances(NamedTuple):
    """What ``distance_mlp`` returns; shapes as documented there."""

    sdf: jt.Var
    values: jt.Var | None
    by_x: jt.Var | None
    by_features: jt.Var | None


class _DistanceMlp(Function):
    def execute(self, positions, features, params, data):
        n, self.data = positions.shape[0], data
        self.features_shape, self.params_shape = features.shape, params.shape
        self.inputs = [positions, flat(features), flat(params)]
        derived = data["derived"]
        sizes = [
            (n, 1),
            (n, data["n_out"]) if data["n_out"] > 1 else (1, 1),
            (n, 3) if derived else (1, 1),
            (features.numel(),) if derived else (1,),
        ]
        found = code_op("distance_mlp", sizes, ["float32"] * 4, self.inputs, _FORWARD, data)
        found[3] = shaped(found[3], features.shape) if derived else found[3]
        return tuple(found)

    def grad(self, *grads):
        given = [grad is not None for grad in grads]
        data = self.data | {f"given{i}": g for i, g in enumerate(given)}
        ranks = (2, 2, 2, 1)
        grads = [
            nothing(ndim=rank) if grad is None else flat(grad) if rank == 1 else grad
            for grad, rank in zip(grads, ranks, strict=True)
        ]
        _, features, params = self.inputs
        shapes = [(params.numel(),), (features.numel() if data["wanted"] else 1,)]
        inputs = [*self.inputs, *grads]
        found = code_op("distance_mlp", shapes, ["float32"] * 2, inputs, _BACKWARD, data)
        by_features = shaped(found[1], self.features_shape) if data["wanted"] else None
        return None, by_features, shaped(found[0], self.params_shape), None


def distance_mlp(
    positions: jt.Var,
    features: jt.Var,
    params: jt.Var,
    widths: Sequence[int],
    n_out: int | None = None,
    skip: int | None = None,
    beta: float = 0.0,
    derived: bool = False,
    x_first: bool = False,
    middle: Sequence[float] = (0.0, 0.0, 0.0),
    scale: float = 1.0,
    radius: float = 1.0,
) -> Distances:
    """An MLP whose first output is a signed distance, and the derivative of that output by the MLP's input.

    The input is x = (positions - middle) scale and ``features``. Everything is float32. Differentiable once in
    ``params``, and in ``features`` unless they are ``stop_grad``: losses of the derivative too, which are second
    derivatives of the MLP. Positions get no gradient.

    Args:
        positions: float32 [S, 3].
        features: of the positions, float32 [S, C], or grouped [G, S, F] with C = G F, channel g F + f, C >= 1.
        params: flat parameters as ``jnerf.ops.mlp`` has them, with biases.
        widths: input width 3 + C and the width of each layer's output; two layers at least.
        n_out: how many outputs are wanted; None: all. Of one, ``values`` is None.
        skip: the layer, counted from 0, that takes [output of the layer before | input] / sqrt(2); None: none.
        beta: between layers is softplus(z) = log(1 + exp(beta z)) / beta; 0: ReLU.
        derived: whether the derivative is wanted.
        x_first: whether x comes before the features.
        middle: see above.
        scale: see above.
        radius: the distance is so many times the first output.

    Returns:
        sdf [S, 1]; values, all outputs, [S, n_out]; and, if it is wanted, the derivative of the first output (without
        ``radius``) by x [S, 3] and by the features, of their shape.

    Raises:
        ValueError: shapes do not fit together, or there is no layer ``skip``.
    """
    widths = tuple(map(int, widths))
    n_out = widths[-1] if n_out is None else n_out
    if not 3 <= len(widths) <= MAX_LAYERS + 1:
        raise ValueError(
            f"{len(widths) - 1} layers; the MLP of a distance has 2 to {MAX_LAYERS} of them"
        )
    n = positions.shape[0]
    rows = list(positions.shape) == [n, 3] and features.ndim in (2, 3) and features.shape[-2] == n
    if not rows:
        raise ValueError(
            f"positions {list(positions.shape)} and features {list(features.shape)}; "
            "expected [S, 3], and [S, C] or [G, S, F]"
        )
    grouped = features.ndim == 3
    groups, per_group = (
        (features.shape[0], features.shape[2]) if grouped else (1, features.shape[1])
    )
    if groups * per_group < 1 or 3 + groups * per_group != widths[0]:
        raise ValueError(
            f"{groups * per_group} features and 3 coordinates; the first layer takes {widths[0]}"
        )
    data = {**numbers("w", widths), "skip": check_skip(skip, widths), "n_out": n_out}
    needed = n_params(widths, True, skip)
    if params.numel() != needed:
        raise ValueError(f"{params.numel()} parameters; widths {list(widths)} need {needed}")
    if not 1 <= n_out <= widths[-1]:
        raise ValueError(f"n_out is {n_out}; it must be between 1 and {widths[-1]}")
    if n == 0:
        empty = jt.zeros((0, n_out)) if n_out > 1 else None
        slopes = (jt.zeros((0, 3)), jt.zeros(features.shape)) if derived else (None, None)
        return Distances(jt.zeros((0, 1)), empty, *slopes)
    data |= {"beta": beta, "derived": derived, "x_first": x_first, "scale": scale, "radius": radius}
    data |= {f"middle{i}": value for i, value in enumerate(middle)}
    data |= {"groups": groups, "per_group": per_group}
    # asked here: inside a Function every input is detached
    data["wanted"] = not features.is_stop_grad()
    sdf, values, by_x, by_features = _DistanceMlp()(positions, features, params, data)
    slopes = (by_x, by_features) if derived else (None, None)
    return Distances(sdf, values if n_out > 1 else None, *slopes)
