"""Seven registries with small classes, so that config tests need none of the real modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from jnerf.errors import ConfigError
from jnerf.registry import Registry
from jnerf.schedules import Scheduled

if TYPE_CHECKING:
    import jittor as jt

FAMILIES = ("dataset", "sampler", "encoder", "network", "renderer", "loss", "optim")
FAKES: dict[str, Registry] = {}
for _name in FAMILIES:
    Registry(_name, None, FAKES)


@FAKES["dataset"].register()
class FakeDataset:
    def __init__(
        self,
        root: str,
        split: str,
        seed: int,
        background: tuple[float, float, float] | None = None,
    ) -> None:
        self.root, self.split, self.seed, self.background = root, split, seed, background


@FAKES["sampler"].register()
class FakeSampler:
    def __init__(
        self,
        aabb: jt.Var,
        near: float,
        grid_resolution: int = 128,
        levels: list[int] | None = None,
        jitter: bool = True,
    ) -> None:
        if grid_resolution < 1:
            raise ConfigError(f"grid_resolution must be at least 1, got {grid_resolution}")
        self.aabb, self.near, self.grid_resolution = aabb, near, grid_resolution
        self.levels, self.jitter = levels, jitter


@FAKES["sampler"].register()
class OtherSampler:
    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples


@FAKES["encoder"].register()
class FakeEncoder:
    def __init__(self, n_levels: int = 16, n_dims: int = 3) -> None:
        self.n_levels, self.n_dims = n_levels, n_dims


@FAKES["network"].register()
class FakeNetwork:
    def __init__(self, pos_encoder: Any, dir_encoder: Any, aabb: Any, width: int = 64) -> None:
        self.pos_encoder, self.dir_encoder, self.width = pos_encoder, dir_encoder, width


@FAKES["renderer"].register()
class FakeRenderer:
    def __init__(
        self, background: Literal["random", "white"] | tuple[float, float, float] | None = None
    ) -> None:
        self.background = background


@FAKES["loss"].register()
class FakeLoss:
    def __init__(self, weight: Scheduled = 1.0, delta: float = 0.1) -> None:
        self.weight, self.delta = weight, delta


@FAKES["optim"].register()
class FakeAdam:
    def __init__(
        self,
        params: dict[str, list[Any]],
        lr: Scheduled,
        betas: tuple[float, float] = (0.9, 0.999),
        groups: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        self.params, self.lr, self.betas, self.groups = params, lr, betas, groups


@FAKES["optim"].register()
class FakeEMA:
    def __init__(self, params: dict[str, list[Any]], decay: float) -> None:
        self.params, self.decay = params, decay
