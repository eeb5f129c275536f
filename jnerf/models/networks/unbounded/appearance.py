"""Numbers that are learned for each training image: exposure, weather, what of a photograph is not the scene."""

from __future__ import annotations

import jittor as jt
import numpy as np

from jnerf.errors import ConfigError
from jnerf.structures import RayBundle

_RULES = {"mean": "mean of the training images' numbers", "zeros": "zeros"}


class Appearance(jt.Module):
    """A row for each image (generative latent optimisation; NeRF-W, Martin-Brualla et al. 2021).

    Args:
        n_images: training images.
        width: numbers of an image, normally distributed to begin with.
        test: what rays without an image take: "mean" or "zeros".
        seed: of the initial values.

    Attributes:
        rule: what ``test`` says, in words.

    Raises:
        ConfigError: ``test`` is something else.
    """

    def __init__(self, n_images: int, width: int, test: str, seed: int) -> None:
        super().__init__()
        if test not in _RULES:
            raise ConfigError(f"test_appearance is {test!r}; choose one of {', '.join(_RULES)}")
        self.rule, self._mean = _RULES[test], test == "mean"
        random = np.random.Generator(np.random.Philox(key=[seed, 64]))
        self.table = jt.array(random.standard_normal((n_images, width)).astype(np.float32))

    def execute(self, rays: RayBundle) -> jt.Var:
        """The numbers of each ray, float32 [R, width]; rays without an image take what ``test`` says."""
        if rays.image_indices is not None:
            return self.table[rays.image_indices]
        shape = len(rays), self.table.shape[1]
        if not self._mean:
            return jt.zeros(shape)
        return self.table.mean(0, keepdims=True).broadcast(shape)
