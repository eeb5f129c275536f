"""What stood in front of the scene while one photograph was taken: people, cars, a finger.

NeRF in the Wild's transient head (Martin-Brualla et al. 2021, https://arxiv.org/abs/2008.02268, section 4.2): from
numbers of the image, a density and a colour of their own for every sample, and how uncertain that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import jittor as jt
import numpy as np

from jnerf.checks.arguments import argument_problems
from jnerf.checks.least import at_least
from jnerf.checks.types import Checked
from jnerf.models.networks.layers import MLP
from jnerf.models.per_image.channels import CHANNELS
from jnerf.ops.gather_rays import gather_rays
from jnerf.ops.pick_rows import pick_rows
from jnerf.ops.transients import transient_head
from jnerf.structures import RaySamples

_STREAM = 65  # of the initial values

#: Arguments that a network hands over.
FACTS = ("n_images", "n_seen", "scale", "seed", "precision")


class Transients(jt.Module):
    """Geometry features of a sample and numbers of its image -> density, colour, uncertainty.

    Args:
        n_images: training images.
        n_seen: geometry features of a sample.
        width: numbers of an image, normally distributed to begin with.
        hidden_width: of the layers.
        n_layers: hidden layers.
        scale: factor of the densities, as of the network's own.
        bias: added to the logarithm-like input of the density: below 0 there is little of it to begin with.
        seed: of the initial values.
        precision: see ``MLP``.

    Raises:
        ConfigError: a value is out of its range.
    """

    def __init__(
        self,
        n_images: int,
        n_seen: int,
        width: int = 16,
        hidden_width: int = 64,
        n_layers: int = 2,
        scale: float = 1.0,
        bias: float = -1.0,
        seed: int = 0,
        precision: str = "auto",
    ) -> None:
        super().__init__()
        sizes = {"width": width, "hidden_width": hidden_width, "n_layers": n_layers}
        at_least("", **{f"transient.{name}": (size, 1) for name, size in sizes.items()})
        self._scale, self._bias = float(scale), float(bias)
        random = np.random.Generator(np.random.Philox(key=[seed, _STREAM]))
        self.table = jt.array(random.standard_normal((n_images, width)).astype(np.float32))
        widths = [n_seen + width, *[hidden_width] * n_layers, 5]
        options = {"biased": True, "seed": seed, "stream": _STREAM, "precision": precision}
        self.mlp = MLP(widths, **options)

    def execute(self, geometry: jt.Var, samples: RaySamples) -> dict[str, jt.Var]:
        """``CHANNELS`` of samples: [S, 1], [S, 3] in [0, 1] and [S, 1] above 0; none for rays without an image.

        Args:
            geometry: features of the samples, float32 [S, n_seen].
            samples: give the image of each.
        """
        images = samples.rays.image_indices
        if images is None:
            return {}
        per_ray = pick_rows([self.table], images)[0]
        numbers = gather_rays(per_ray, samples.ray_indices, samples.packed_info)
        channels = transient_head(self.mlp(geometry, numbers), self._bias, self._scale)
        return dict(zip(CHANNELS, channels, strict=True))


def transient_problem(block: Any) -> str | None:
    """What is wrong with a block of transients; None for a good one."""
    if not isinstance(block, Mapping):
        return None
    return next(iter(argument_problems(Transients, block, "network.transient", FACTS)), None)


#: A network's argument ``transient``: None for none, or ``Transients``'s arguments.
TransientBlock = Annotated[dict, Checked(transient_problem)] | None
