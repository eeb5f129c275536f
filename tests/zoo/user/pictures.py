"""As a user would write it: a task without rays, a picture learned point by point, judged by measures of its own."""

from __future__ import annotations

from pathlib import Path

import jittor as jt
import numpy as np

from jnerf.datasets.base import Dataset
from jnerf.encoders.base import Encoder
from jnerf.judging.judgement import Judgement, Subject
from jnerf.models.networks.base import Network
from jnerf.models.networks.layers import MLP
from jnerf.models.renderers.base import Renderer
from jnerf.ops.common import uniform
from jnerf.registry import DATASETS, NETWORKS, RENDERERS, SAMPLERS
from jnerf.samplers.base import Sampler
from jnerf.samplers.field import Field
from jnerf.structures import Batch, FieldOutput, RayBundle, RaySamples, RenderOutput


def picture(x: np.ndarray) -> np.ndarray:
    """Colours of points [R, 2]: rings in red, a ramp in green, half of the picture in blue."""
    rings = 0.5 + 0.5 * np.sin(20 * np.linalg.norm(x - 0.5, axis=1))
    return np.stack([rings, x[:, 0], x[:, 1] > 0.5], 1).astype(np.float32)


@DATASETS.register()
class PictureDataset(Dataset):
    """Points of a picture and their colours."""

    n_dims = 2

    def __init__(self, split: str, seed: int, grid: int = 24) -> None:
        super().__init__(aabb=[0, 0, 1, 1])
        self._seed, self._grid = seed, grid

    def sample(self, n_rays: int, step: int) -> Batch:
        x = uniform(self._seed, step, np.arange(n_rays)[:, None], np.arange(2)[None])
        return self._batch(x)

    def _batch(self, x: np.ndarray) -> Batch:
        rgba = np.concatenate([picture(x), np.ones((len(x), 1), np.float32)], 1)
        return Batch(RayBundle(jt.array(x), jt.zeros(x.shape)), jt.array(rgba))

    def judge_batch(self, render, batch, samples) -> dict[str, float]:
        return {"off": float(jt.abs(render.colors - batch.rgba[:, :3]).mean().item())}

    def judge(
        self, subject: Subject, n_images: int | None = None, folder: Path | None = None
    ) -> Judgement:
        side = (np.arange(self._grid, dtype=np.float32) + 0.5) / self._grid
        x = np.stack(np.meshgrid(side, side), -1).reshape(-1, 2)
        batch = self._batch(x)
        off = np.abs(subject.render(batch.rays).colors.numpy() - batch.rgba.numpy()[:, :3])
        return Judgement(
            {"mean_off": float(off.mean()), "worst_off": float(off.max())},
            protocol={"metric": f"absolute difference on a grid of {self._grid}^2 points"},
        )

    def check_judging(self, n_images: int | None = None) -> None:
        """There is always a grid."""


@SAMPLERS.register()
class Points(Sampler):
    """The origin of each ray is its one sample."""

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        rows = np.arange(len(rays), dtype=np.int32)
        nowhere = jt.zeros((len(rays),))
        packed = jt.array(np.stack([rows, np.ones_like(rows)], 1))
        return RaySamples(rays, nowhere, nowhere, jt.array(rows), packed)


@NETWORKS.register()
class PictureNetwork(Network):
    """Encoded point -> colour."""

    provides = frozenset({"rgbs"})

    def __init__(self, pos_encoder: Encoder, seed: int = 0) -> None:
        super().__init__()
        self.pos_encoder = pos_encoder
        self.mlp = MLP([pos_encoder.out_dim, 32, 16], 3, seed=seed)

    def execute(self, samples: RaySamples) -> FieldOutput:
        return FieldOutput(rgbs=jt.sigmoid(self.mlp(self.pos_encoder(samples.positions))))


@RENDERERS.register()
class Direct(Renderer):
    """What the field says of a point is what is seen."""

    requires = frozenset({"rgbs"})

    def background(self, n_rays: int, step: int | None) -> None:
        return None

    def __call__(
        self, samples: RaySamples, output: FieldOutput, background: jt.Var | None = None
    ) -> RenderOutput:
        ones = jt.ones((len(samples), 1))
        return RenderOutput(output.rgbs, ones, ones * 0, ones.reshape(-1), ones.reshape(-1))
