"""Jittor op of a density MLP and a colour MLP in one pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import jittor as jt

from jnerf.ops.activate import EXPONENTIAL, Activation, activate
from jnerf.ops.columns import split_columns
from jnerf.ops.common import Function, code_op
from jnerf.ops.common.constants import nothing
from jnerf.ops.field_mlp.kept import kept_size, kept_words
from jnerf.ops.mlp import n_params
from jnerf.ops.mlp.op import check_once, flat, numbers, shaped
from jnerf.ops.mlp.precision import precision_code
from jnerf.ops.mlp.shape import check_skip

_COLORS = 3


# One source for networks of every depth, as in ``jnerf.ops.mlp``.
_SETUP = (
    "const auto shape = jnerf::FieldMlpShape::of(data); "
    "const auto input = jnerf::FieldMlpInput::of(data, in0_p, in1_p, in2_p);"
)
_FORWARD = f"{_SETUP} jnerf::field_mlp_forward(shape, input, in3_p, in4_p, out0_p, out1_p, out2_p, out2->num);"
_BACKWARD = (
    f"{_SETUP} jnerf::field_mlp_backward(shape, input, in3_p, in4_p, in5_p, in6_p, "
    'data["wants_x"] != 0 ? out2_p : nullptr, out0_p, out1_p, in7_p);'
)


class _FieldMlp(Function):
    def execute(self, x, trunk, head, extra, ray_indices, options, wants_x, words):
        groups, features = (x.shape[0], x.shape[2]) if x.ndim == 3 else (1, x.shape[1])
        n = x.shape[-2]
        self.shapes = x.shape, trunk.shape, head.shape
        self.data = {
            **options,
            "n": n,
            "groups": groups,
            "features": features,
            "extra": 0 if extra is None else extra.shape[1],
            "wants_x": wants_x,
        }
        if extra is None:
            extra, ray_indices = nothing(), nothing("int32")
        self.saved = [*map(flat, (x, extra)), ray_indices, *map(flat, (trunk, head))]
        shapes = [(n,), (n, _COLORS), (kept_size(n, words),)]
        found = code_op("field_mlp", shapes, ["float32"] * 3, self.saved, _FORWARD, self.data)
        self.kept = found[2]
        return found[0], found[1]

    def grad(self, grad_sigmas, grad_rgbs):
        check_once("field_mlp", [grad_sigmas, grad_rgbs])
        x, _, _, trunk, head = self.saved
        n, wants_x = self.data["n"], self.data["wants_x"]
        grad_sigmas = jt.zeros((n,)) if grad_sigmas is None else grad_sigmas
        grad_rgbs = jt.zeros((n, _COLORS)) if grad_rgbs is None else grad_rgbs
        sizes = [trunk.numel(), head.numel(), x.numel() if wants_x else 1]
        inputs = [*self.saved, grad_sigmas, grad_rgbs, self.kept]
        shapes = [(size,) for size in sizes]
        grads = code_op("field_mlp", shapes, ["float32"] * 3, inputs, _BACKWARD, self.data)
        of_trunk, of_head = map(shaped, grads, self.shapes[1:])
        grad_x = shaped(grads[2], self.shapes[0]) if wants_x else None
        return grad_x, of_trunk, of_head, *[None] * 5


def from_geometry(
    geometry: jt.Var,
    color: Callable[[jt.Var], jt.Var],
    density: Activation,
    head_sees_density: bool,
) -> tuple[jt.Var, jt.Var]:
    """What ``field_mlp`` returns, from the trunk's output [S, N] and the head as ``color``: what it sees -> [S, 3]."""
    rest = geometry.shape[1] - 1
    parts = split_columns(geometry, [1, rest] if rest else [1])
    sigmas = parts[0].reshape((-1,))
    rgbs = activate(color(geometry if head_sees_density else parts[-1]), "sigmoid")
    return activate(sigmas, *density), rgbs


@cache
def _options(
    trunk_widths: tuple[int, ...],
    head_widths: tuple[int, ...],
    precision: str,
    biased: bool,
    skip: int | None,
    density: Activation,
    first: int,
) -> Mapping[str, int]:
    """Entries of ``data`` that do not depend on the samples; ``first``: of the geometry that the head sees."""
    options = {"precision": precision_code(precision), "biased": biased}
    options |= {"skip": check_skip(skip, trunk_widths), "first": first, **density.numbers}
    return {**options, **numbers("t", trunk_widths), **numbers("h", head_widths)}


def _check(found: tuple[int, ...], needed: tuple[int, ...]) -> None:
    if found == needed:
        return
    names = (
        "channels of x",
        "channels of the head's input",
        "parameters of the trunk",
        "parameters of the head",
        "rows of ray_indices",
    )
    for name, a, b in zip(names, found, needed, strict=True):
        if a != b:
            raise ValueError(f"field_mlp: {a} {name}, needed are {b}")


def field_mlp(
    x: jt.Var,
    trunk: jt.Var,
    head: jt.Var,
    trunk_widths: Sequence[int],
    head_widths: Sequence[int],
    extra: jt.Var | None = None,
    ray_indices: jt.Var | None = None,
    precision: str = "auto",
    biased: bool = False,
    skip: int | None = None,
    density: Activation = EXPONENTIAL,
    head_sees_density: bool = True,
) -> tuple[jt.Var, jt.Var]:
    """Density and colour of samples from two MLPs (``jnerf.ops.mlp``).

    geometry = trunk(x), sigma = density(geometry[0]), rgb = logistic(head([geometry | extra[ray]])[:3]): the network
    of Instant-NGP (Müller et al. 2022, https://arxiv.org/abs/2201.05989, section 5.4), and with ``biased``, ``skip``,
    another activation and ``head_sees_density=False`` that of NeRF (Mildenhall et al. 2020,
    https://arxiv.org/abs/2003.08934, appendix A). Differentiable once in the parameters, and in ``x`` unless it is
    ``stop_grad``; not in ``extra``. On CUDA layer by layer, in this one op, where ``jnerf.ops.mlp`` goes so.

    Args:
        x: input of the trunk, float32 [S, C], or grouped [G, S, F] with C = G F (channel g F + f).
        trunk: flat parameters of the trunk.
        head: flat parameters of the head.
        trunk_widths: input width and the width of each layer's output.
        head_widths: the same; the first is the geometry that the head sees plus E, the last may be padded beyond 3.
        extra: one row per ray, float32 [R, E]; None for none.
        ray_indices: the ray of each sample, int32 [S]; needed with ``extra``.
        precision: in what products are rounded, see ``precision_code``.
        biased: whether layers have biases.
        skip: the trunk's layer, counted from 0, that takes ``x`` again; None for none.
        density: what makes a density of geometry[0].
        head_sees_density: False: the head's input is [geometry[1:] | extra[ray]].

    Returns:
        Densities, float32 [S], and colours in [0, 1], float32 [S, 3].

    Raises:
        ValueError: shapes do not fit together, the precision or the activation is unknown, or there is no layer
            ``skip``.
    """
    trunk_widths, head_widths = tuple(map(int, trunk_widths)), tuple(map(int, head_widths))
    n = x.shape[-2]
    n_in = x.shape[1] if x.ndim == 2 else x.shape[0] * x.shape[2]
    n_extra = 0 if extra is None else extra.shape[1]
    first = 0 if head_sees_density else 1
    how = trunk_widths, head_widths, precision, biased, skip, density, first
    options = _options(*how)
    found = n_in, trunk_widths[-1] - first + n_extra, trunk.numel(), head.numel()
    needed = trunk_widths[0], head_widths[0]
    needed += n_params(trunk_widths, biased, skip), n_params(head_widths, biased)
    _check((*found, n if extra is None else ray_indices.shape[0]), (*needed, n))
    if head_widths[-1] < _COLORS:
        raise ValueError(f"field_mlp: the head ends with {head_widths[-1]} outputs, 3 are colours")
    if n == 0:
        return jt.zeros((0,)), jt.zeros((0, _COLORS))
    wants_x = not x.is_stop_grad()  # asked here: inside a Function every input is detached
    words = kept_words(trunk_widths, head_widths, precision, skip, first)
    return _FieldMlp()(x, trunk, head, extra, ray_indices, options, wants_x, words)
