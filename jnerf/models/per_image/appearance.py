"""Numbers that are learned for each training image: exposure, weather, what of a photograph is not the scene.

Generative latent optimisation, as of NeRF in the Wild (Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268),
which appends them to what the colour sees, and of Zip-NeRF's code (Barron et al. 2023,
https://arxiv.org/abs/2304.06706), where a small MLP makes a scale and a shift of the colour's input from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

import jittor as jt
import numpy as np

from jnerf.checks.arguments import argument_problems
from jnerf.checks.least import at_least
from jnerf.checks.types import Checked
from jnerf.errors import ConfigError
from jnerf.models.networks.layers import MLP
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.pick_rows import pick_rows
from jnerf.structures import RayBundle, RaySamples

_RULES = {"mean": "mean of the training images' numbers", "zeros": "zeros"}
_STREAM = 64  # of the initial values

#: Arguments that a network hands over.
FACTS = ("n_images", "n_seen", "seed", "precision")


class Appearance(jt.Module):
    """A row of numbers for each image, and how a colour sees them.

    Args:
        n_images: training images.
        n_seen: features of a sample that the colour MLP sees.
        width: numbers of an image, normally distributed to begin with.
        how: "append": the numbers are further inputs of the colour MLP; "affine": an MLP makes two vectors a, b of
            them, and the colour MLP sees exp(a) * features + b.
        test: what rays without an image take: "mean" of the images' numbers, or "zeros".
        spread: standard deviation of the numbers to begin with.
        hidden: widths of the hidden layers of the MLP of "affine".
        seed: of the initial values.
        precision: see ``MLP``.

    Attributes:
        rule: what ``test`` says, in words.
        n_appended: how many inputs the colour MLP has beside the features and the direction.

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        n_images: int,
        n_seen: int,
        width: int,
        how: Literal["append", "affine"] = "append",
        test: Literal["mean", "zeros"] = "mean",
        spread: float = 1.0,
        hidden: Sequence[int] = (128, 128),
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        at_least("", **{"appearance.width": (width, 1), "appearance.spread": (spread, 0)})
        for name, value, known in (("how", how, ("append", "affine")), ("test", test, _RULES)):
            if value not in known:
                raise ConfigError(
                    f"appearance.{name} is {value!r}; choose one of {', '.join(known)}"
                )
        if how == "affine" and (not hidden or min(hidden) < 1):
            raise ConfigError(f"appearance.hidden is {hidden}; give widths of at least 1")
        self.rule, self._mean = _RULES[test], test == "mean"
        random = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
        numbers = spread * random.standard_normal((n_images, width))
        self.table = jt.array(numbers.astype(np.float32))
        self.n_appended = width if how == "append" else 0
        self._n_seen, self.mlp = n_seen, None
        if how == "affine":
            widths = [width, *hidden, 2 * n_seen]
            options = {"biased": True, "seed": seed, "stream": _STREAM, "precision": precision}
            self.mlp = MLP(widths, **options)
        self._worn: tuple[jt.Var, ...] = ()  # in a tuple: it is no parameter

    def execute(self, rays: RayBundle) -> jt.Var:
        """The numbers of each ray, float32 [R, width]; rays without an image take what ``test`` says."""
        if rays.image_indices is not None and not self._worn:
            return pick_rows([self.table], rays.image_indices)[0]
        shape = len(rays), self.table.shape[1]
        if self._worn:
            return self._worn[0].broadcast(shape)
        if not self._mean:
            return jt.zeros(shape)
        return self.table.mean(0, keepdims=True).broadcast(shape)

    @contextmanager
    def worn(self, numbers: jt.Var) -> Iterator[None]:
        """A block in which all rays take these numbers, float32 [1, width]."""
        self._worn = (numbers,)
        try:
            yield
        finally:
            self._worn = ()

    def resting(self) -> np.ndarray:
        """The numbers of rays without an image, float32 [1, width]; waits for the device."""
        table = self.table.numpy()
        return table.mean(0, keepdims=True) if self._mean else np.zeros_like(table[:1])

    def appended(self, rays: RayBundle) -> list[jt.Var]:
        """What the colour MLP sees beside the direction of a ray: [[R, n_appended]], or nothing."""
        return [self(rays)] if self.n_appended else []

    def seen(self, features: jt.Var, samples: RaySamples) -> jt.Var:
        """What the colour MLP sees of features [S, n_seen] of samples: they themselves, or scaled and shifted."""
        if self.mlp is None:
            return features
        per_ray = self.mlp(self(samples.rays))
        per_sample = gather_rays(per_ray, samples.ray_indices, samples.packed_info)
        return features * jt.exp(per_sample[:, : self._n_seen]) + per_sample[:, self._n_seen :]


def appearance_problem(block: Any) -> str | None:
    """What is wrong with a block of an appearance; None for a good one."""
    if not isinstance(block, Mapping):
        return None
    return next(iter(argument_problems(Appearance, block, "network.appearance", FACTS)), None)


#: A network's argument ``appearance``: 0 for none, the width, or ``Appearance``'s arguments.
AppearanceBlock = int | Annotated[dict, Checked(appearance_problem)]


def make_appearance(
    block: AppearanceBlock, n_images: int, n_seen: int, seed: int, precision: str
) -> Appearance | None:
    """The appearance of a network's argument; None for 0.

    Args:
        block: width, or arguments of ``Appearance``.
        n_images: training images.
        n_seen: features of a sample that the colour MLP sees.
        seed: of the initial values.
        precision: see ``MLP``.

    Raises:
        ConfigError: a value is out of its range.
    """
    if not isinstance(block, Mapping):
        at_least("", appearance=(block, 0))
        block = {"width": block}
        if not block["width"]:
            return None
    given = {"n_images": n_images, "n_seen": n_seen, "seed": seed, "precision": precision}
    return Appearance(**(given | dict(block)))
