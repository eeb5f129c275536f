"""What every encoder is: a module that turns coordinates into features."""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt


class Encoder(jt.Module):
    """Base of encoders.

    Calling one with coordinates [S, n_dims] gives features: [S, out_dim], or grouped [G, S, F] with
    out_dim = G F (channel g F + f), the order in which some kernels produce and consume them. Networks built on
    ``jnerf.ops.mlp`` take both; ``as_rows`` turns either into [S, out_dim].

    Attributes:
        n_dims: number of input coordinates.
        out_dim: number of features.
        known: None, or a method (x, features) -> features for an encoder whose results are worth keeping: it returns
            ``features``, which an earlier call without gradient gave for the same x and the same parameters, with
            the gradients of a call.
        finest_cell: edge of the smallest cells that features are interpolated in, in units of the input; None for
            encoders without cells.
        pull: None, or a method (x, features, grad) -> gradient of x, [S, n_dims], for exact normals: ``features`` are
            what a call with x gave, ``grad`` [S, out_dim], or grouped as they are, that of a scalar by them. Unlike
            Jittor's own gradient it can be differentiated again, in ``grad`` and in the encoder's parameters.
        variation: None, or a method () -> the total variation of what the encoder has learned, a scalar: how much
            neighbouring features differ.
        multisample: None, or a method (points, widths) -> features for an encoder of samples that several points stand
            for, float32 [P, S, 3] in the unit cube, each with a width in its units, float32 [P, S].
        level_squares: None, or a method () -> the mean square of what each level of a grid has learned, [L].
        integrate: None, or a method (means, variances) -> features for an encoder of Gaussians: networks that know of
            it hand over what each sample stands for instead of its midpoint.
        directions: of an encoder with ``integrate``, the unit vectors along which it takes means, from the cube's
            middle, and variances, float32 [B, 3]; None: along the axes, [S, n_dims] each.
    """

    n_dims: int
    out_dim: int
    known: Callable[[jt.Var, jt.Var], jt.Var] | None = None
    integrate: Callable[[jt.Var, jt.Var], jt.Var] | None = None
    multisample: Callable[[jt.Var, jt.Var], jt.Var] | None = None
    level_squares: Callable[[], jt.Var] | None = None
    directions: jt.Var | None = None
    pull: Callable[[jt.Var, jt.Var, jt.Var], jt.Var] | None = None
    variation: Callable[[], jt.Var] | None = None
    finest_cell: float | None = None

    def update(self, step: int) -> None:
        """Takes what changes with the step alone; see ``Network.update``."""

    def execute(self, x: jt.Var) -> jt.Var:
        """Features of coordinates; positions are in [0, 1], directions are unit vectors."""
        raise NotImplementedError(f"{type(self).__name__} does not define execute(x)")


def as_rows(features: jt.Var) -> jt.Var:
    """Features as [S, C], from [S, C] or grouped [G, S, F]."""
    if features.ndim == 2:
        return features
    groups, n_samples, n_features = features.shape
    return features.transpose(1, 0, 2).reshape(n_samples, groups * n_features)
