"""A method whose steps compute next to nothing: what remains of a step is the host's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from inspect import signature
from typing import Any

from jnerf.benchmark.host.scenes import scene_of
from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.pipeline.build import loss_blocks
from jnerf.registry import LOSSES, RENDERERS, SAMPLERS

#: What makes a step empty, wherever a config has the setting. How the method works stays as it is.
EMPTY = {
    "target_samples": 1024,
    "max_steps": 1024,
    "grid_resolution": 32,
    "log2_table_size": 10,
    "n_levels": 4,
    "n_samples": 16,
    "n_coarse": 8,
    "n_fine": 8,
    "n_importance": 8,
    "n_outside": 4,
    "n_rays": 16,
    "n_rays_init": 64,
    "hidden_width": 16,
    "resolutions": 8,
    "background_width": 16,
    "geometry_features": 16,
    "n_points": 64,
    # Rows of octrees and of low-rank grids; each step goes through all of them.
    "base_level": 1,
    "surface_samples": 2000,
    "resolution": 16,
    "final_resolution": 16,
    "n_components": 4,
}
# Of some modules: NeuS puts the position in again where it is narrowest, and has four rounds of samples on each ray.
_MODULES = {
    "NeuSNetwork": {"hidden_width": 48},
    "NeuSSampler": {"n_samples": 4, "n_fine": 2, "n_outside": 2},
}


def variants(file: str, overrides: Sequence[str] = ()) -> Iterator[Any]:
    """The emptied config of a file; twice, with exact sizes and as on CUDA, where its modules may have both.

    Args:
        file: the config.
        overrides: as of the command line; they win. With ``sampler.fixed_sizes`` among them there is one.

    Raises:
        ConfigError: the config is wrong, or a base that lacks what a run needs.
    """
    config = load_config(file, list(overrides))
    check(config)
    empty = [*emptied(config), *overrides]
    sizes = [[]]
    if config.sampler.get("fixed_sizes") is None and _may_be_fixed(config):
        on_cuda = ["sampler.fixed_sizes=True"]
        on_cuda += ["sampler.look_once=True"] if config.sampler.type == "OccupancySampler" else []
        sizes = [["sampler.fixed_sizes=False"], on_cuda]
    for chosen in sizes:
        config = load_config(file, [*empty, *chosen])
        scene = scene_of(config.dataset)
        config.dataset.clear()
        config.dataset.update(scene)
        yield config


def _may_be_fixed(config: Any) -> bool:
    """Whether sizes of a config's samples may stay on the device."""
    losses = [LOSSES.get(block["type"]) for block in loss_blocks(config.loss).values()]
    modules = [RENDERERS.get(config.renderer.type), *losses]
    takes = all(module.takes_padding for module in modules)
    arguments = signature(SAMPLERS.get(config.sampler.type).__init__).parameters
    return "fixed_sizes" in arguments and takes


def emptied(config: Any) -> list[str]:
    """The overrides, as of the command line, that empty a config's steps.

    Args:
        config: the resolved config.
    """
    return overrides_of(config, EMPTY)


def overrides_of(config: Any, least: Mapping[str, int]) -> list[str]:
    """The overrides that give the settings named in ``least`` at most those values, wherever a config has them.

    Args:
        config: the resolved config.
        least: by name.
    """
    least = dict(least)
    for module in (config.network, config.sampler):
        least |= _MODULES.get(module.type, {})
    blocks = {name: block for name, block in config.items() if name not in ("dataset", "render")}
    return [f"{where}={value}" for where, value in _small(blocks, least)]


def _small(block: Mapping[str, Any], least: Mapping[str, int], path: str = "") -> Iterator[tuple]:
    """(setting, value) of everything in a block, and in those inside it, that is larger than it need be."""
    for key, value in block.items():
        if isinstance(value, Mapping) and "schedule" in value and key in least:
            yield f"{path}{key}", least[key]
        elif isinstance(value, Mapping):
            coming = key == "coarse_to_fine" and "n_levels" in block and "n_levels" in least
            levels = dict.fromkeys(("value", "end"), least["n_levels"]) if coming else {}
            yield from _small(value, {**least, **levels}, f"{path}{key}.")
        elif key not in least or isinstance(value, bool):
            continue
        elif isinstance(value, int):
            yield f"{path}{key}", min(value, least[key])
        elif isinstance(value, (list, tuple)) and all(isinstance(v, int) for v in value):
            yield f"{path}{key}", [min(number, least[key]) for number in value]
