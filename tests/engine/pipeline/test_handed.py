"""What the engine hands to modules of a user's own: parameters, the split, the number of steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jittor as jt
import numpy as np
import pytest

from jnerf.config.check import check
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.engine.pipeline.build import build_dataset, build_pipeline
from jnerf.engine.run import run
from jnerf.errors import ConfigError
from jnerf.optims.base import Average, Groups, Optimiser
from jnerf.registry import DATASETS, OPTIMS


class Bound:
    """Parameters that come by ``rebind`` alone, as the page about optimisers has it."""

    def rebind(self, params: Groups) -> None:
        self.params = [var for group in params.values() for var in group]

    def state(self) -> dict[str, np.ndarray]:
        return {}

    def load_state(self, state: dict) -> None:
        """There is none."""


@OPTIMS.register()
class BoundDescent(Bound, Optimiser):
    """Gradient descent whose constructor takes no parameters."""

    def __init__(self, lr: float = 5.0) -> None:
        self._lr = lr

    def lr_at(self, step: int) -> float:
        return self._lr

    def step(self, loss: jt.Var, step: int) -> None:
        for var, grad in zip(self.params, jt.grad(loss, self.params), strict=True):
            var.update((var - self._lr * grad).stop_grad())


@OPTIMS.register()
class BoundAverage(Bound, Average):
    """An average that is the weights themselves."""

    def update(self) -> None:
        assert self.params

    @contextmanager
    def applied(self) -> Iterator[None]:
        yield


@DATASETS.register()
class Undivided(ProceduralDataset):
    """The embedded scene, the same views for training and test."""

    def __init__(self, total_steps: int, resolution: int = 8) -> None:
        super().__init__(resolution=resolution, n_train=2, n_test=1)
        self.total_steps = total_steps


def test_an_optimiser_and_an_average_without_the_argument_get_parameters(tiny):
    config = tiny("optim.type=BoundDescent", "ema.type=BoundAverage")
    check(config)
    pipeline = build_pipeline(config)
    there = {id(var) for group in pipeline.param_groups().values() for var in group}
    assert there and set(pipeline.keepers()) == {"optim", "ema"}
    for keeper in pipeline.keepers().values():
        assert {id(var) for var in keeper.params} == there
    assert run(config, "train")["complete"]


def test_a_dataset_without_splits_says_that_its_test_is_its_training(tiny):
    config = tiny("dataset=dict(type='Undivided', _delete_=True)", "total_steps=9")
    check(config)
    with pytest.warns(UserWarning, match="Undivided takes no 'split': its test views are those"):
        assert build_dataset(config, "test").total_steps == 9
    assert build_pipeline(config, training=False).dataset.total_steps == 9


def test_what_a_dataset_is_not_supplied_is_missed_by_the_check(tiny):
    @DATASETS.register()
    class Boxed(ProceduralDataset):
        def __init__(self, aabb: list) -> None: ...

    with pytest.raises(ConfigError, match="Boxed needs the argument 'aabb'"):
        check(tiny("dataset=dict(type='Boxed', _delete_=True)"))
