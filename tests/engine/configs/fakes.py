"""The smallest possible member of each family: a method that trains in milliseconds.

The scene is a ball of constant colour; the field a 4 x 4 x 4 grid of (density, rgb), read at the nearest cell. They
are complete implementations of the seven interfaces, but their maths is only as good as these tests need.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from types import SimpleNamespace

import jittor as jt
import numpy as np

from jnerf.datasets.base import Dataset
from jnerf.datasets.cameras.cameras import Cameras
from jnerf.models.losses.base import Loss
from jnerf.models.networks.base import Network
from jnerf.models.renderers.base import Renderer
from jnerf.ops.common import uniform
from jnerf.optims.base import Average, Optimiser
from jnerf.registry import DATASETS, LOSSES, NETWORKS, OPTIMS, RENDERERS, SAMPLERS
from jnerf.samplers.base import Sampler
from jnerf.samplers.field import Field
from jnerf.schedules import Scheduled
from jnerf.structures import Batch, FieldOutput, RayBundle, RaySamples, RenderOutput

SIZE = 16


def look_at(position: np.ndarray, target: np.ndarray) -> np.ndarray:
    back = (position - target) / np.linalg.norm(position - target)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(back, right), back, position], axis=1)


@DATASETS.register()
class FakeDataset(Dataset):
    """Six cameras around a ball in the unit cube."""

    def __init__(
        self,
        split: str,
        seed: int,
        n_views: int = 6,
        alpha: float = 1.0,
        middle: float = 0.5,
        root: str | None = None,
    ) -> None:
        super().__init__([0, 0, 0, 1, 1, 1], 0.2, 3.0)
        self.seed, self.n_images, self._alpha = seed, n_views, alpha
        angles = 2 * np.pi * (np.arange(n_views) + (0.5 if split == "test" else 0.0)) / n_views
        places = np.stack([np.cos(angles), np.sin(angles), np.full(n_views, 0.6)], 1) * 1.2 + middle
        poses = np.stack([look_at(place, np.full(3, middle)) for place in places])
        intrinsics = np.tile(np.float32([SIZE, SIZE, SIZE / 2, SIZE / 2]), (n_views, 1))
        self.cameras = Cameras(poses, intrinsics, np.full((n_views, 2), SIZE))

    def _truth(self, rays_o: np.ndarray, rays_d: np.ndarray) -> np.ndarray:
        offset = np.float32(0.5) - rays_o
        along = (offset * rays_d).sum(1, keepdims=True)
        hit = (np.linalg.norm(offset - along * rays_d, axis=1) < 0.3).astype(np.float32)
        alpha = np.float32(self._alpha) * hit[:, None]
        return np.concatenate([np.tile(np.float32([0.8, 0.4, 0.2]), (len(hit), 1)), alpha], 1)

    def sample(self, n_rays: int, step: int) -> Batch:
        rays = np.arange(n_rays)
        images = ((rays + step) % self.n_images).astype(np.int32)
        x = (uniform(self.seed, step, rays, 100) * SIZE).astype(np.int32)
        y = (uniform(self.seed, step, rays, 101) * SIZE).astype(np.int32)
        rays_o, rays_d = self.cameras.generate_rays(images, x, y)
        bundle = RayBundle(jt.array(rays_o), jt.array(rays_d), jt.array(images))
        return Batch(bundle, jt.array(self._truth(rays_o, rays_d)))

    def view(self, i: int) -> SimpleNamespace:
        def rays(y0: int, y1: int) -> tuple[np.ndarray, np.ndarray]:
            y, x = np.mgrid[y0:y1, 0:SIZE].reshape(2, -1)
            return self.cameras.generate_rays(np.full(x.shape, i), x, y)

        def rgba() -> np.ndarray:
            truth = self._truth(*rays(0, SIZE)).reshape(SIZE, SIZE, 4)
            return (truth * 255 + 0.5).astype(np.uint8)

        return SimpleNamespace(
            name=f"./test/r_{i}",
            width=SIZE,
            height=SIZE,
            rays=lambda y0, y1: RayBundle(*map(jt.array, rays(y0, y1))),
            rgba=rgba,
            shown=lambda: None,
        )


@SAMPLERS.register()
class FakeSampler(Sampler):
    """Eight even intervals between near and far; counts its updates, as a sampler with a state would."""

    def __init__(self, near: float, far: float, seed: int, n_rays: int | None = None) -> None:
        self.near, self.far, self.seed, self._n_rays = near, far, seed, n_rays
        self.updates = np.zeros(3, np.int64)

    @property
    def n_rays(self) -> int | None:
        return self._n_rays

    def update(self, field: Field, step: int) -> None:
        self.updates += int(field.density(jt.rand(2, 3) * 0).shape[0])

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        n, k = len(rays), 8
        edges = np.linspace(self.near, self.far, k + 1, dtype=np.float32)
        jitter = np.zeros((n, 1), np.float32)
        if step is not None:
            jitter = uniform(self.seed, step, np.arange(n), 0)[:, None] * (edges[1] - edges[0])
        starts, ends = (edges[None, :-1] + jitter).ravel(), (edges[None, 1:] + jitter).ravel()
        packed = np.stack([np.arange(n) * k, np.full(n, k)], 1).astype(np.int32)
        owners = np.repeat(np.arange(n, dtype=np.int32), k)
        return RaySamples(rays, *map(jt.array, (starts, ends, owners, packed)))

    def state(self) -> dict[str, np.ndarray]:
        return {"updates": self.updates.copy()}

    def load_state(self, state: dict) -> None:
        self.updates = np.array(state["updates"])


@SAMPLERS.register()
class BlindSampler(FakeSampler):
    """Finds no sample on any ray; with ``padded``, one row of padding."""

    def __init__(self, near: float, far: float, seed: int, padded: bool = False) -> None:
        super().__init__(near, far, seed)
        self._rows = int(padded)

    def __call__(self, rays: RayBundle, field: Field, step: int | None) -> RaySamples:
        rows, n = self._rows, len(rays)
        nothing = jt.zeros((rows,)), jt.zeros((rows,)), jt.zeros((rows,), "int32")
        count = jt.zeros((1,), "int32") if rows else None
        return RaySamples(rays, *nothing, jt.zeros((n, 2), "int32"), count=count)


@RENDERERS.register()
class BlackRenderer(Renderer):
    """Renders nothing of any samples."""

    requires = frozenset({"sigmas"})

    def background(self, n_rays: int, step: int | None) -> None:
        return None

    def __call__(self, samples: RaySamples, output: FieldOutput, background=None) -> RenderOutput:
        n, nothing = len(samples.rays), 0 * output.sigmas.sum()
        zeros = nothing + jt.zeros((n, 1))
        return RenderOutput(zeros + jt.zeros((1, 3)), zeros, zeros, output.sigmas, output.sigmas)


@NETWORKS.register()
class FakeNetwork(Network):
    """A grid of cells, each with a density and a colour."""

    provides = frozenset({"sigmas", "rgbs"})

    def __init__(self, seed: int, cells: int = 4) -> None:
        super().__init__()
        rng = np.random.default_rng(seed)
        self.cells = cells
        self.table = jt.array(rng.normal(0, 0.1, (cells**3, 4)).astype(np.float32))

    def _read(self, positions: jt.Var) -> jt.Var:
        cell = (positions.clamp(0.0, 0.999) * self.cells).int32()
        return self.table[cell[:, 0] * self.cells**2 + cell[:, 1] * self.cells + cell[:, 2]]

    def density(self, positions: jt.Var) -> jt.Var:
        return jt.exp(self._read(positions)[:, 0])

    def execute(self, samples: RaySamples) -> FieldOutput:
        features = self._read(samples.positions)
        return FieldOutput(jt.exp(features[:, 0]), jt.sigmoid(features[:, 1:]))


@RENDERERS.register()
class FakeRenderer(Renderer):
    """Weights are normalised densities, not volume rendering: enough to have something to fit."""

    requires = frozenset({"sigmas", "rgbs"})

    def __init__(self, background: str | None = "random", seed: int = 0) -> None:
        self.kind, self.seed = background, seed

    def background(self, n_rays: int, step: int | None) -> jt.Var | None:
        if self.kind is None or step is None:
            return None
        draws = uniform(self.seed, step, np.arange(n_rays)[:, None], np.arange(200, 203)[None])
        return jt.array(draws)

    def __call__(self, samples: RaySamples, output: FieldOutput, background=None) -> RenderOutput:
        n = len(samples.rays)
        alphas = (1 - jt.exp(-output.sigmas * 0.1)).reshape(n, -1)
        opacities = alphas.mean(1, keepdims=True)
        weights = alphas / alphas.shape[1]
        colors = (weights.unsqueeze(2) * output.rgbs.reshape(n, -1, 3)).sum(1)
        middles = ((samples.t_starts + samples.t_ends) / 2).reshape(n, -1)
        depths = (weights * middles).sum(1, keepdims=True)
        if background is not None:
            colors = colors + (1 - opacities) * background
        return RenderOutput(
            colors, opacities, depths, weights.reshape(-1), alphas.reshape(-1), background
        )


@RENDERERS.register()
class NormalRenderer(FakeRenderer):
    """Needs what FakeNetwork does not provide."""

    requires = frozenset({"sigmas", "normals"})


@NETWORKS.register()
class NormalNetwork(FakeNetwork):
    """Would provide it."""

    provides = frozenset({"sigmas", "rgbs", "normals"})


@LOSSES.register()
class FakeLoss(Loss):
    """Mean squared error; at one step it can become NaN, stop or kill the process."""

    requires = frozenset({"colors", "rgba"})

    def __init__(
        self,
        weight: Scheduled = 1.0,
        nan_at: int = -1,
        sigint_at: int = -1,
        sigterm_at: int = -1,
        kill_at: int = -1,
    ) -> None:
        super().__init__(weight)
        self.nan_at, self.kill_at = nan_at, kill_at
        self.signals = {sigint_at: signal.SIGINT, sigterm_at: signal.SIGTERM}

    def value(self, render, batch, samples) -> jt.Var:
        return jt.sqr(render.colors - batch.target(render.background)).mean()

    def __call__(self, render, batch, samples, step: int) -> jt.Var:
        if step == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if step in self.signals:
            os.kill(os.getpid(), self.signals[step])
        error = super().__call__(render, batch, samples, step)
        return error * float("nan") if step == self.nan_at else error


@LOSSES.register()
class DepthLoss(FakeLoss):
    """Needs a truth that FakeDataset does not have."""

    requires = frozenset({"depths", "true_depths"})


@OPTIMS.register()
class FakeMomentum(Optimiser):
    """Gradient descent with momentum: an optimiser with a state."""

    def __init__(self, params: dict, lr: float = 5.0, explode_at: int = -1) -> None:
        self.params = [var for group in params.values() for var in group]
        self.lr, self.explode_at = lr, explode_at
        self.momenta = [jt.zeros(var.shape).stop_grad() for var in self.params]

    def rebind(self, params: dict) -> None:
        raise AssertionError("FakeNetwork keeps its parameters")

    def lr_at(self, step: int) -> float:
        return self.lr

    def retune(self, lr: float, groups: dict | None) -> None:
        self.lr = lr

    def step(self, loss: jt.Var, step: int) -> None:
        grads = jt.grad(loss, self.params)
        for i, (var, grad) in enumerate(zip(self.params, grads, strict=True)):
            self.momenta[i].update((0.9 * self.momenta[i] + grad).stop_grad())
            scale = float("inf") if step == self.explode_at else self.lr
            var.update(var - scale * self.momenta[i])
        jt.sync(self.params + self.momenta)

    def state(self) -> dict[str, np.ndarray]:
        return {f"momentum.{i}": var.numpy() for i, var in enumerate(self.momenta)}

    def load_state(self, state: dict) -> None:
        for i, var in enumerate(self.momenta):
            var.update(jt.array(state[f"momentum.{i}"]).stop_grad())


@OPTIMS.register()
class FakeAverage(Average):
    """Plain moving average of the weights."""

    def __init__(self, params: dict, decay: float = 0.9) -> None:
        self.params = [var for group in params.values() for var in group]
        self.decay = decay
        self.averages = [var.numpy() for var in self.params]

    def rebind(self, params: dict) -> None:
        raise AssertionError("FakeNetwork keeps its parameters")

    def update(self) -> None:
        for i, var in enumerate(self.params):
            self.averages[i] = self.decay * self.averages[i] + (1 - self.decay) * var.numpy()

    @contextmanager
    def applied(self):
        raw = [var.numpy() for var in self.params]
        for var, average in zip(self.params, self.averages, strict=True):
            var.update(jt.array(average.astype(np.float32)))
        try:
            yield
        finally:
            for var, old in zip(self.params, raw, strict=True):
                var.update(jt.array(old))

    def state(self) -> dict[str, np.ndarray]:
        return {f"average.{i}": average.copy() for i, average in enumerate(self.averages)}

    def load_state(self, state: dict) -> None:
        self.averages = [state[f"average.{i}"].copy() for i in range(len(self.averages))]


@OPTIMS.register()
class ClockAverage(FakeAverage):
    """Applies nothing and keeps nothing but a count: an average with a state of other names."""

    def state(self) -> dict[str, np.ndarray]:
        return {"updates": np.zeros(1, np.int64)}
