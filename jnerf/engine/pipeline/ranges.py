"""The ranges of a config's values, which constructors know: asked without the scene, by building on another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from jnerf.checks.arguments import signature_of
from jnerf.checks.flat import shared_groups
from jnerf.checks.origin import complaint, key_blamed
from jnerf.datasets.placement.box import cube
from jnerf.datasets.posed import PosedImages
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.engine.pipeline.build import build_losses, build_pipeline, facts_of
from jnerf.errors import ConfigError
from jnerf.registry import DATASETS, RENDERERS


def check_ranges(config: Any) -> bool:
    """Builds all modules of a config but its scene, for which a small one stands in: no data is read.

    Args:
        config: found right by ``jnerf.config.check.check``.

    Returns:
        Whether they were built: what is learned without posed images has no scene that could stand in, and only the
        dataset's own ranges are checked.

    Raises:
        ConfigError: a value is out of its range, or modules do not fit together.
    """
    block = config.dataset
    cls = DATASETS.resolve(block, "dataset")
    values = {name: found.default for name, found in signature_of(cls).parameters.items()}
    values |= {key: value for key, value in block.items() if key != "type"}
    _check_groups(cls, block, values)
    if not issubclass(cls, PosedImages):
        return False
    build_pipeline(config, dataset=_stand_in(cls, config, values))
    return True


def _check_groups(cls: type, block: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """What the groups of arguments that formats share say of a dataset's values."""
    for group in (group for owner in cls.__mro__ for group in shared_groups(owner)):
        names = [entry.name for entry in fields(group)]
        try:
            group(**{name: values[name] for name in names if name in values})
        except ConfigError as error:
            text = f"{cls.__name__}: {error}"
            raise ConfigError(
                complaint(block, key_blamed(block, str(error)), "dataset", text)
            ) from error


def _stand_in(cls: type, config: Any, values: Mapping[str, Any]) -> ProceduralDataset:
    """A scene with the box and the reach that a dataset will have, as far as its arguments tell."""
    learned = {name: values.get(name) for name in ("cameras", "exposure", "disturb")}
    scene = ProceduralDataset(n_train=1, n_test=1, resolution=8, **learned)
    if values.get("aabb_scale") is not None:
        scene.aabb = np.asarray(cube(values["aabb_scale"]), np.float32)
    for name in ("near", "far"):
        if values.get(name) is not None:
            setattr(scene, name, float(values[name]))
    # Only the built scene can say which truths it has: what losses ask for, as they are configured, is taken to be
    # there, unless its name is that of something which is rendered.
    losses = build_losses(config, facts_of(config, scene)).values()
    asked = frozenset().union(*(loss.requires for loss in losses))
    scene.provides = cls.provides | (asked - _rendered())
    return scene


def _rendered() -> frozenset[str]:
    """Channels that some renderer provides, whatever it is given."""
    RENDERERS.load()
    provided = (RENDERERS.get(name).provides for name in RENDERERS.names())
    # on a class, ``provides`` may be a property that only instances can answer
    return frozenset().union(*(p for p in provided if isinstance(p, frozenset)))
