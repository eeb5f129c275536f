"""A field that is empty outside of a box: for pictures only, the field itself is not touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import jittor as jt
import numpy as np

from jnerf.engine.pipeline.build import Pipeline
from jnerf.samplers.base import Sampler
from jnerf.samplers.field import Field
from jnerf.structures import RayBundle, RaySamples


def cropped(pipeline: Pipeline, box: Sequence[float]) -> Pipeline:
    """The same method for pictures of what lies in a box.

    Args:
        pipeline: the method.
        box: (lows, highs), field units, 6 numbers.
    """
    sampler = _CroppedSampler(pipeline.sampler, box)
    return replace(pipeline, sampler=sampler, renderer=pipeline.renderer.bare())


class _CroppedField(Field):
    """A field as samplers see it, with nothing outside of the box."""

    def __init__(self, field: Field, low: jt.Var, high: jt.Var) -> None:
        self._field, self._low, self._high = field, low, high

    def inside(self, positions: jt.Var) -> jt.Var:
        """1 where positions [S, 3] lie in the box, else 0: float32 [S]."""
        return (self._outside(positions) <= 0).float32()

    def _outside(self, positions: jt.Var) -> jt.Var:
        """How far positions lie outside of the box along the worst axis, [S]; negative inside."""
        return jt.maximum(self._low - positions, positions - self._high).max(1)

    def density(self, positions: jt.Var) -> jt.Var:
        """See ``Field``."""
        return self._field.density(positions) * self.inside(positions)

    def density_nearby(self, positions: jt.Var) -> jt.Var:
        """See ``Field``."""
        return self._field.density_nearby(positions) * self.inside(positions)

    def look_along(
        self, positions: jt.Var, t_starts: jt.Var, t_ends: jt.Var, ray_indices: jt.Var
    ) -> tuple[jt.Var, jt.Var | None]:
        """See ``Field``."""
        sigmas, features = self._field.look_along(positions, t_starts, t_ends, ray_indices)
        return sigmas * self.inside(positions), features

    def density_of(self, samples: RaySamples) -> tuple[jt.Var, jt.Var | None]:
        """See ``Field``."""
        sigmas, features = self._field.density_of(samples)
        return sigmas * self.inside(samples.positions), features

    def sdf(self, positions: jt.Var) -> jt.Var:
        """See ``Field``: the distance of what the surface and the box have in common."""
        return jt.maximum(self._field.sdf(positions), self._outside(positions))

    def gradient(self, positions: jt.Var) -> jt.Var:
        """See ``Field``: of the box where that is what was met."""
        off = jt.concat([self._low - positions, positions - self._high], dim=1)
        sides = jt.array(np.concatenate([-np.eye(3), np.eye(3)]).astype(np.float32))
        of_box = sides[jt.argmax(off, 1)[0]]
        cut = (off.max(1) > self._field.sdf(positions)).float32().unsqueeze(1)
        return cut * of_box + (1 - cut) * self._field.gradient(positions)


class _CroppedSampler(Sampler):
    """Places samples as another one does, and keeps those in the box."""

    def __init__(self, sampler: Sampler, box: Sequence[float]) -> None:
        self._sampler = sampler
        low, high = np.asarray(box, np.float32).reshape(2, 1, 3)
        self._low, self._high = jt.array(low), jt.array(high)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        """See ``Sampler``."""
        inner = _CroppedField(field, self._low, self._high)
        samples = self._sampler(rays, inner, step)
        if not len(samples) or samples.normals is not None:  # on the surface of what is in the box
            return samples
        kept = np.flatnonzero(inner.inside(samples.positions).numpy()).astype(np.int32)
        if not len(kept):
            return self._nothing(samples)
        ray_indices = samples.ray_indices.numpy()[kept]
        counts = np.bincount(ray_indices, minlength=len(samples.rays))
        first = np.concatenate([[0], np.cumsum(counts)[:-1]])
        where = jt.array(kept)

        def of(values: jt.Var | None) -> jt.Var | None:
            return None if values is None else values[where]

        return replace(
            samples,
            t_starts=of(samples.t_starts),
            t_ends=of(samples.t_ends),
            ray_indices=jt.array(ray_indices.astype(np.int32)),
            packed_info=jt.array(np.stack([first, counts], axis=1).astype(np.int32)),
            s_starts=of(samples.s_starts),
            s_ends=of(samples.s_ends),
            features=None,  # the field asks itself again
            middles=of(samples.middles),
        )

    def _nothing(self, samples: RaySamples) -> RaySamples:
        """One sample of length 0, which weighs nothing: not every network takes none at all."""
        where = samples.t_starts[:1]
        packed_info = np.zeros((len(samples.rays), 2), np.int32)
        packed_info[1:, 0], packed_info[0, 1] = 1, 1
        s = None if samples.s_starts is None else samples.s_starts[:1]
        return replace(
            samples,
            t_starts=where,
            t_ends=where,
            ray_indices=jt.zeros((1,), dtype="int32"),
            packed_info=jt.array(packed_info),
            s_starts=s,
            s_ends=s,
            features=None,
            middles=None,
        )
