"""A density MLP and a colour MLP as one field: what the networks of NeRF and of Instant-NGP have in common."""

from __future__ import annotations

from collections.abc import Callable

import jittor as jt

from jnerf.models.networks.base import directions_of, learns
from jnerf.models.networks.layers import MLP
from jnerf.models.per_image.appearance import Appearance
from jnerf.models.per_image.transient import Transients
from jnerf.ops.activate import EXPONENTIAL, Activation
from jnerf.ops.columns import join_columns, split_columns
from jnerf.ops.field_mlp import field_mlp, from_geometry
from jnerf.ops.gather_rays import gather_rays
from jnerf.structures import RayBundle, RaySamples


def density_and_color(
    trunk: MLP,
    head: MLP,
    features: jt.Var,
    samples: RaySamples,
    dir_encoder: jt.Module | None,
    density: Activation = EXPONENTIAL,
    head_sees_density: bool = True,
    appearance: Appearance | None = None,
) -> tuple[jt.Var, jt.Var]:
    """Densities and colours of samples whose encoded positions are ``features``, see ``jnerf.ops.field_mlp``.

    Args:
        trunk: encoded position -> geometry, whose first channel is the density before its activation.
        head: geometry and encoded direction -> three colours and perhaps padding.
        features: float32 [S, C] or grouped [G, S, F].
        samples: give rays and the ray of each sample.
        dir_encoder: encodes unit directions, once per ray; None for none.
        density: what makes a density of the trunk's first output.
        head_sees_density: whether that output is among the head's inputs.
        appearance: of each image; what it appends comes behind the direction. None for none.

    Returns:
        float32 [S] and, in [0, 1], [S, 3].
    """
    if appearance is not None:  # which the fused kernel would give no gradient
        how = appearance, None, density, head_sees_density
        return of_images(trunk, head, features, samples, dir_encoder, *how)[:2]
    trained = samples.rays.trained or (dir_encoder and learns(dir_encoder))
    if dir_encoder and trained:  # the fused kernel gives directions no gradient
        directions = directions_of(samples, dir_encoder)
        return from_geometry(
            trunk(features), lambda seen: head(seen, directions, 3), density, head_sees_density
        )
    extra = _encoded_once(samples.rays, dir_encoder) if dir_encoder else None
    return fused(trunk, head, features, extra, samples.ray_indices, density, head_sees_density)


def _encoded_once(rays: RayBundle, dir_encoder: jt.Module) -> jt.Var:
    """The encoded directions of rays, which samples of several rounds share; without gradient."""
    key = id(dir_encoder)
    if key not in rays.encoded:
        rays.encoded[key] = dir_encoder(rays.rays_d).stop_grad()
    return rays.encoded[key]


def n_beside(dir_encoder: jt.Module | None, appearance: Appearance | None) -> int:
    """Inputs of a colour MLP beside what it sees of the position: the encoded direction, appended appearance."""
    n_appended = appearance.n_appended if appearance else 0
    return n_appended + (dir_encoder.out_dim if dir_encoder else 0)


def of_images(
    trunk: MLP,
    head: MLP,
    features: jt.Var,
    samples: RaySamples,
    dir_encoder: jt.Module | None,
    appearance: Appearance | None,
    transients: Transients | None,
    density: Activation,
    head_sees_density: bool,
) -> tuple[jt.Var, jt.Var, dict[str, jt.Var]]:
    """The same with all that is learned of images: further channels of ``FieldOutput`` come third."""
    geometry = trunk(features)
    color = appearing(head, samples, dir_encoder, appearance)
    sigmas, rgbs = from_geometry(geometry, color, density, head_sees_density)
    if not transients:
        return sigmas, rgbs, {}
    seen = split_columns(geometry, [1, geometry.shape[1] - 1])[1]
    return sigmas, rgbs, transients(seen, samples)


def appearing(
    head: MLP, samples: RaySamples, dir_encoder: jt.Module | None, appearance: Appearance | None
) -> Callable[[jt.Var], jt.Var]:
    """A colour MLP as samples of images look: what it sees [S, C] -> colours before their activation, [S, 3]."""
    rays = samples.rays
    per_ray = [dir_encoder(rays.rays_d)] if dir_encoder else []
    per_ray += appearance.appended(rays) if appearance else []
    extra = None
    if per_ray:
        joined = join_columns(per_ray)
        extra = gather_rays(joined, samples.ray_indices, samples.packed_info)
    return lambda seen: head(appearance.seen(seen, samples) if appearance else seen, extra, 3)


def fused(
    trunk: MLP,
    head: MLP,
    features: jt.Var,
    extra: jt.Var | None,
    ray_indices: jt.Var | None,
    density: Activation = EXPONENTIAL,
    head_sees_density: bool = True,
) -> tuple[jt.Var, jt.Var]:
    """The same for directions that are encoded already: ``extra`` [R, E], of sample s row ``ray_indices``[s]."""
    return field_mlp(
        features, trunk.params, head.params, trunk.widths, head.widths, extra, ray_indices,
        trunk.precision, trunk.biased, trunk.skip, density, head_sees_density,
    )  # fmt: skip
