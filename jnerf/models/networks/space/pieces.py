"""What of a sample an encoder sees: its midpoint, or the piece of its pixel's cone, as a Gaussian of the unit cube or
as points with a width."""

from __future__ import annotations

import jittor as jt

from jnerf.encoders.base import Encoder
from jnerf.errors import ConfigError
from jnerf.models.networks.space import Space
from jnerf.ops.cone_points import cone_points
from jnerf.ops.frustum_gaussians import frustum_gaussians
from jnerf.ops.project_gaussians import project_gaussians
from jnerf.structures import RaySamples

# Draws of a ray, two for each sample of a round: far from those of samplers, renderers and losses.
_TURNS, _ROUND = 0x21F00000, 0x10000


def sees_pieces(encoder: Encoder) -> bool:
    """Whether an encoder takes the piece of a cone instead of its midpoint."""
    return encoder.integrate is not None or encoder.multisample is not None


def encoded_samples(samples: RaySamples, encoder: Encoder, space: Space, seed: int = 0) -> jt.Var:
    """Features of samples, [S, C] or grouped: those of their pieces, of an encoder that takes these.

    Args:
        samples: in field units.
        encoder: of positions in the unit cube.
        space: how these get there.
        seed: of the points' random turns, of an encoder of points with a width.

    Raises:
        ConfigError: the encoder takes pieces, and the rays have no radii.
    """
    if not sees_pieces(encoder):
        return encoder(space(samples.positions))
    rays = samples.rays
    if rays.radii is None:
        raise ConfigError(
            f"{type(encoder).__name__} encodes pieces of pixels' cones, and these rays have none (RayBundle.radii): "
            "choose a dataset whose field is the world (not NDC), or another pos_encoder"
        )
    where = rays.rays_o, rays.rays_d, rays.radii
    where += samples.t_starts, samples.t_ends, samples.ray_indices
    if encoder.multisample is not None:
        step, draw = rays.draw_step(seed, samples.step), _TURNS + _ROUND * samples.round
        how = {"seed": seed, "step": step, "draw": draw, "trained": rays.trained}
        points = cone_points(*where, samples.packed_info, space.aabb, space.norm, **how)
        return encoder.multisample(*points)
    packed = samples.packed_info if rays.trained else None
    if encoder.directions is None:
        return encoder.integrate(*space.gaussians(*frustum_gaussians(*where, packed)))
    seen = project_gaussians(*where, encoder.directions, space.aabb, space.norm, packed)
    return encoder.integrate(*seen)
