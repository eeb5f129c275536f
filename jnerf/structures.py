"""The only things that pass between modules: rays, samples, field outputs and rendered rays.

Symbols: R rays, S packed samples, C channels. Positions, directions and distances are in *field
units*: the dataset owns the similarity transform from the user's world into the field's box and hands
over rays that are already inside it. Directions are unit vectors; ``t`` is a distance in field units.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jittor as jt


def trained(var: jt.Var) -> bool:
    """Whether a Var of a batch may want a gradient, as those of trained cameras or exposures do."""
    return not var.is_stop_grad()


def _leading(arrays: list[jt.Var], n: int) -> list[jt.Var]:
    """The first n rows of each: in one kernel where no array wants a gradient."""
    from jnerf.ops.leading_rows import leading_rows

    if any(trained(array) for array in arrays):
        return [array[:n] for array in arrays]
    return leading_rows(arrays, n)


@dataclass(frozen=True)
class RayBundle:
    """A batch of rays.

    Attributes:
        rays_o: origins, float32 [R, 3], field units.
        rays_d: unit directions, float32 [R, 3].
        image_indices: which training image each ray belongs to, int32 [R]; None when it has no image.
        radii_of: gives ``radii`` when somebody reads them, which few methods do; None where rays have none.
        number: that of its first ray in the batch of the step, of which these rays may be a part; random numbers of
            rays go by it (``draw_step``).
        trained: whether gradients of origins and directions are wanted: their cameras learn.
    """

    rays_o: jt.Var
    rays_d: jt.Var
    image_indices: jt.Var | None = None
    radii_of: Callable[[], jt.Var | None] | None = None
    number: int = 0
    trained: bool = False

    def __len__(self) -> int:
        return self.rays_o.shape[0]

    @cached_property
    def encoded(self) -> dict[int, jt.Var]:
        """What networks keep of these rays from one round of samples to the next, by ``id`` of what made it."""
        return {}

    @cached_property
    def radii(self) -> jt.Var | None:
        """Radius at distance 1 of the cone through each ray's pixel, float32 [R, 1]; None where rays have none."""
        return None if self.radii_of is None else self.radii_of()

    def first(self, n: int) -> RayBundle:
        """The first n rays."""
        arrays = [self.rays_o, self.rays_d]
        arrays += [] if self.image_indices is None else [self.image_indices]
        rays_o, rays_d, *indices = _leading(arrays, n)
        indices = indices[0] if indices else None
        radii = partial(self._first_radii, n)
        return RayBundle(rays_o, rays_d, indices, radii, self.number, self.trained)

    def part(self, first: int, n: int) -> RayBundle:
        """Rays ``first .. first + n - 1``, with their numbers."""
        rows = slice(first, first + n)
        rays = self.rays_o[rows], self.rays_d[rows]
        indices = None if self.image_indices is None else self.image_indices[rows]

        def radii() -> jt.Var | None:
            return None if self.radii is None else self.radii[rows]

        return RayBundle(*rays, indices, radii, self.number + first, self.trained)

    def draw_step(self, seed: int, step: int | None) -> int | None:
        """What samplers draw with in place of the step: each ray then draws by its number in the whole batch.

        Args:
            seed: of the draw.
            step: the training step; None for rendering stays None.
        """
        from jnerf.ops.common.random import step_from

        return step_from(seed, step, self.number)

    def take(self, numbers: Any) -> RayBundle:
        """The rays of these numbers, int32 [K]."""
        indices = None if self.image_indices is None else self.image_indices[numbers]

        def radii() -> jt.Var | None:
            return None if self.radii is None else self.radii[numbers]

        rays = self.rays_o[numbers], self.rays_d[numbers]
        return RayBundle(*rays, indices, radii, trained=self.trained)

    def _first_radii(self, n: int) -> jt.Var | None:
        return None if self.radii is None else self.radii[:n]


@dataclass(frozen=True)
class RaySamples:
    """Samples along rays, packed: the samples of ray r are rows ``first .. first + count - 1``.

    Attributes:
        rays: the R rays that the samples lie on. A sampler with a budget may drop the last rays of a batch;
            what follows then sees the first R of it.
        t_starts: distance at which each sample's interval begins, float32 [S].
        t_ends: distance at which it ends, float32 [S].
        ray_indices: the ray of each sample, ascending, int32 [S].
        packed_info: (first, count) of each ray, int32 [R, 2].
        history: samples of earlier rounds, in their order, for samplers that place samples more than once; the field
            is asked for those that a loss reads.
        round: number of the round that these are of, from 0; ``len(history)`` for the last.
        features: what the field (``look_along``, ``density_of``) computed at the samples when the sampler asked for
            their density, for the field's own use with the same weights: [S, C] or grouped [G, S, F], or all that it
            says of them, of an earlier round that is trained; None when it was not asked.
        s_starts: where intervals begin in a normalised distance, 0 at the near and 1 at the far end of a ray, float32
            [S]; None for samplers that work in ``t``.
        s_ends: where they end in it.
        live: None; or, of samples with padding (see "Padding" in docs/conventions.md) where some may not have fitted, 1
            for the rays that count and 0 for those that were dropped, float32 [R, 1].
        count: None; or, of samples with padding, how many of the rows are samples, int32 [1].
        middles: ``positions``, where the sampler has computed them; else None. Other intervals need others.
        step: the training step that they were drawn in, for random numbers of the field; None in pictures, and of
            samplers that do not tell.
        normals: of the surface that the samples lie on, unit, float32 [S, 3], of samplers that find one; else None.
    """

    rays: RayBundle
    t_starts: jt.Var
    t_ends: jt.Var
    ray_indices: jt.Var
    packed_info: jt.Var
    history: tuple[RaySamples, ...] = ()
    features: jt.Var | FieldOutput | None = None
    round: int = 0
    s_starts: jt.Var | None = None
    s_ends: jt.Var | None = None
    live: jt.Var | None = None
    count: jt.Var | None = None
    middles: jt.Var | None = None
    normals: jt.Var | None = None
    step: int | None = None

    def __len__(self) -> int:
        return self.t_starts.shape[0]

    def with_features(self, features: jt.Var | FieldOutput | None) -> RaySamples:
        """The same samples, with what is known of them, and other features."""
        found = object.__new__(RaySamples)  # dataclasses.replace looks at every field and forgets positions
        found.__dict__.update(self.__dict__, features=features)
        return found

    def ray_mean(self, values: jt.Var) -> jt.Var:
        """Mean of values, [R, C] and 0 for rays that were dropped, over the rays that count; a scalar."""
        mean = values.mean()
        return mean if self.live is None else mean / self.live.mean()

    @cached_property
    def positions(self) -> jt.Var:
        """Midpoints of the intervals, float32 [S, 3], field units; [S, D] where the scene has D dimensions."""
        from jnerf.ops.ray_points import ray_points

        where = (
            self.rays.rays_o, self.rays.rays_d, self.t_starts, self.t_ends, self.ray_indices,
        )  # fmt: skip
        if self.rays.trained:
            return ray_points(*where, self.packed_info)
        if self.middles is not None:
            return self.middles
        if self.rays.rays_o.shape[1] != 3:  # few points on few rays: an image's
            middles = (0.5 * (self.t_starts + self.t_ends)).unsqueeze(1)
            ways = middles * self.rays.rays_d[self.ray_indices]
            return (self.rays.rays_o[self.ray_indices] + ways).stop_grad()
        return ray_points(*where)


@dataclass(frozen=True)
class FieldOutput:
    """What a network says of S samples; a channel that it does not provide is None.

    Attributes:
        sigmas: volume density per field unit, after its activation, float32 [S].
        rgbs: colour in [0, 1], sRGB, float32 [S, 3].
        extras: further named channels (normals, sdf, features ...), each [S, C], or [1, C] of the whole field.
    """

    sigmas: jt.Var | None = None
    rgbs: jt.Var | None = None
    extras: dict[str, jt.Var] = field(default_factory=dict)


@dataclass(frozen=True)
class RenderOutput:
    """Rendered rays.

    Attributes:
        colors: sRGB colour, composited over ``background`` where one was given, float32 [R, 3]; None of a round for
            which the field gives densities alone.
        opacities: sum of the weights, float32 [R, 1].
        depths: sum of weight x interval midpoint (not divided by opacity), field units, float32 [R, 1].
        weights: contribution of each sample, float32 [S].
        trans: transmittance in front of each sample, float32 [S].
        background: the background used, float32 [R, 3], or None.
        extras: further channels, rendered [R, C] (normals), or of the samples [S, C] (gradients).
        history: in training, what the samples of earlier rounds render to; None for a round that no loss reads.
    """

    colors: jt.Var | None
    opacities: jt.Var
    depths: jt.Var
    weights: jt.Var
    trans: jt.Var
    background: jt.Var | None = None
    extras: dict[str, jt.Var] = field(default_factory=dict)
    history: tuple[RenderOutput | None, ...] = ()


def channel_of(output: FieldOutput | RenderOutput, name: str) -> jt.Var:
    """A channel by its name, whether it is one of ``extras`` or a field of its own.

    Raises:
        KeyError: there is none, or it is None.
    """
    found = output.extras.get(name)
    found = getattr(output, name, None) if found is None else found
    if found is None:
        raise KeyError(f"there is no channel {name!r}")
    return found


@dataclass(frozen=True)
class Batch:
    """What ``dataset.sample`` returns: rays and the truth at their pixels.

    Attributes:
        rays: the R rays.
        rgba: colour (sRGB, straight, not premultiplied alpha) and alpha in [0, 1], float32 [R, 4].
        extras: further truths (mask, depth ...), each [R, C]; "weights": what rays count in losses of colours, [R, 1].
    """

    rays: RayBundle
    rgba: jt.Var
    extras: dict[str, Any] = field(default_factory=dict)

    def first(self, n: int, rays: RayBundle | None = None) -> Batch:
        """The first n rays and their truths.

        Args:
            n: how many.
            rays: those rays, where they are at hand already.
        """
        extras = {name: value[:n] for name, value in self.extras.items()}
        rays = self.rays.first(n) if rays is None else rays
        return Batch(rays, _leading([self.rgba], n)[0], extras)

    def part(self, first: int, n: int) -> Batch:
        """Rays ``first .. first + n - 1`` and their truths."""
        rows = slice(first, first + n)
        extras = {name: value[rows] for name, value in self.extras.items()}
        return Batch(self.rays.part(first, n), self.rgba[rows], extras)

    def only(self, live: jt.Var) -> Batch:
        """The same rays; those with 0 in ``live``, float32 [R, 1], show the background: nothing is left to learn."""
        from jnerf.ops.scale_rows import scale_rows

        if trained(self.rgba):
            return Batch(self.rays, self.rgba * live, self.extras)
        return Batch(self.rays, scale_rows(self.rgba, live), self.extras)

    def target(self, background: jt.Var | None) -> jt.Var:
        """The true colours over a background: rgb * a + (1 - a) * background, float32 [R, 3].

        Args:
            background: float32 [R, 3] or [3]; None composites on black.
        """
        alpha = self.rgba[:, 3:]
        color = self.rgba[:, :3] * alpha
        return color if background is None else color + (1 - alpha) * background
