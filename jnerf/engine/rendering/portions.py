"""How many rays of a view are rendered at once: as many as memory is for, since each portion costs the host as much."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import jittor as jt

from jnerf.ops.common import device
from jnerf.samplers.base import Sampler

#: Most rays rendered at once where nobody says: on the CPU, and on CUDA.
RAYS_PER_CHUNK, RAYS_ON_CUDA = 16384, 2**20
#: Samples that a portion aims at on the CPU, as many as a training step has: fog has hundreds on a ray.
SAMPLES_PER_CHUNK = 2**18
# On CUDA as many as half of the memory holds, within bounds. Bytes of a sample with all that is computed on the way:
# about 1 000 of Instant-NGP, some 4 000 of an MLP 256 wide.
_MOST_SAMPLES, _SAMPLE_BYTES = 2**23, 8192
# Rays of the first portion of a field of which nothing is known, and how many times as many the next may have.
_FIRST_RAYS, _GROWTH = (1024, 16384), (2, 32)

_known: WeakKeyDictionary[Sampler, float] = WeakKeyDictionary()


def samples_at_once() -> int:
    """Samples that a portion aims at."""
    if not device.on_cuda():
        return SAMPLES_PER_CHUNK
    # as of a large one where a GPU is only spoken of
    memory = jt.get_mem_info().total_cuda_ram if jt.flags.use_cuda else 2**37
    return max(SAMPLES_PER_CHUNK, min(memory // 2 // _SAMPLE_BYTES, _MOST_SAMPLES))


class Portions:
    """Sizes of the portions of one view, from the samples that its rays turn out to take.

    Args:
        sampler: whose rays; what the densest portion of its last view took per ray is where the next view begins.
        most: rays at once; None: what suits the device.
        unit: rays; sizes are counted in these.

    Attributes:
        size: units of the next portion.
    """

    def __init__(self, sampler: Sampler, most: int | None, unit: int) -> None:
        self._sampler, self._on_cuda = sampler, device.on_cuda()
        rays = (RAYS_ON_CUDA if self._on_cuda else RAYS_PER_CHUNK) if most is None else most
        self._unit, self._most = unit, max(1, rays // unit)
        self._aim, self._densest = samples_at_once(), 0.0
        known = _known.get(sampler)
        first = _FIRST_RAYS[self._on_cuda] if known is None else self._aim / max(known, 1e-6)
        self.size = min(self._most, max(1, int(min(first, rays)) // unit))

    def took(self, units: int, n_samples: int) -> None:
        """A portion of so many units took so many samples."""
        per_ray = n_samples / (units * self._unit)
        self._densest = max(self._densest, per_ray)
        _known[self._sampler] = self._densest
        # As many next as would have met the aim here, but growing slowly: the next ones may be denser.
        wanted = int(self._aim / max(per_ray * self._unit, 1e-6))
        self.size = max(1, min(wanted, _GROWTH[self._on_cuda] * units, self._most))
