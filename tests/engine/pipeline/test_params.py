"""Parameters anywhere: named after their place in the config, trained, averaged, saved and restored."""

import jittor as jt
import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.engine.checkpoints.checkpoint import Checkpoint
from jnerf.engine.checkpoints.state import pipeline_state, restore
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.trainer import Trainer
from jnerf.errors import CheckpointError, ConfigError
from jnerf.models.losses.photometric import MSELoss
from jnerf.registry import DATASETS, LOSSES
from jnerf.structures import Batch

NGP, NEUS = "projects/ngp/configs/ngp_embedded.py", "projects/neus/configs/hash_neus_base.py"
SMALL = [
    "encoder.pos_encoder.log2_table_size=11",
    "encoder.pos_encoder.max_resolution=64",
    "sampler.target_samples=4096",
    "sampler.grid_resolution=32",
]
SCENE = "dataset=dict(type='ExposedScene', resolution=16, n_train=4, n_test=1)"


@DATASETS.register()
class ExposedScene(ProceduralDataset):
    """The embedded scene with an exposure for each picture, which training finds."""

    def __init__(self, resolution: int, n_train: int, n_test: int, split: str, seed: int) -> None:
        super().__init__(
            resolution=resolution, n_train=n_train, n_test=n_test, split=split, seed=seed
        )
        self.exposures = jt.zeros((n_train, 1))

    def param_groups(self) -> dict[str, list[jt.Var]]:
        return {"exposures": [self.exposures]}

    def sample(self, n_rays: int, step: int) -> Batch:
        batch = super().sample(n_rays, step)
        factor = jt.exp(self.exposures[batch.rays.image_indices])
        rgba = jt.concat([batch.rgba[:, :3] * factor, batch.rgba[:, 3:]], dim=1)
        return Batch(batch.rays, rgba, batch.extras)


@LOSSES.register()
class TemperedLoss(MSELoss):
    """A loss with a parameter."""

    def __init__(self, weight: float = 1.0) -> None:
        super().__init__(weight)
        self.temperature = jt.ones((1,))

    def param_groups(self) -> dict[str, list[jt.Var]]:
        return {"": [self.temperature]}

    def value(self, render, batch, samples) -> jt.Var:
        return (super().value(render, batch, samples) * jt.exp(self.temperature)).sum()


def made(*overrides, config=NGP, training=True):
    loaded = load_config(config, [*SMALL, *overrides])
    check(loaded)
    return loaded, build_pipeline(loaded, training=training)


def test_groups_are_named_after_their_place_in_the_config(tmp_path):
    _, pipeline = made(
        SCENE, "loss=dict(_delete_=True, rgb=dict(type='HuberLoss'), t=dict(type='TemperedLoss'))"
    )
    groups = pipeline.param_groups()
    assert list(groups) == [
        "encoder.pos_encoder",
        "encoder.dir_encoder",
        "network",
        "dataset.exposures",
        "loss.t",
    ]
    assert [len(group) for group in groups.values()] == [1, 0, 2, 1, 1]
    make_tiny_blender(tmp_path, n=2, size=16)
    scene = f"dataset=dict(type='BlenderDataset', root={str(tmp_path)!r})"
    _, pipeline = made(scene, config=NEUS)
    groups = pipeline.param_groups()
    assert list(groups) == [
        "encoder.pos_encoder",
        "encoder.dir_encoder",
        "network",
        "network.variance",
    ]
    every = [id(p) for group in groups.values() for p in group]
    assert len(set(every)) == len(every)
    trained = [id(p) for p in pipeline.network.parameters() if not p.is_stop_grad()]
    assert sorted(every) == sorted(trained)


def test_they_are_trained_with_options_of_their_own_and_come_back():
    options = "optim.groups.dataset.exposures.lr=0.5"
    config, pipeline = made(SCENE, options, "loss=dict(type='TemperedLoss')")
    loop = Trainer(config, pipeline, None, None, None)
    table = pipeline.network.pos_encoder.table.numpy()
    for step in range(3):
        loop._train_step(step, False)
    exposures = pipeline.dataset.exposures.numpy()
    assert (np.abs(exposures) > 0.05).all()
    assert pipeline.losses["rgb"].temperature.item() < 1
    assert not np.array_equal(table, pipeline.network.pos_encoder.table.numpy())
    state = pipeline_state(pipeline)
    assert state["params.dataset.exposures.0"].shape == (4, 1)
    assert state["optim.dataset.exposures.updates"] == [3] and "ema.loss.rgb.0" in state
    saved = Checkpoint(3, config.seed, 1.0, {k: v.copy() for k, v in state.items()})
    _, other = made(SCENE, options, "loss=dict(type='TemperedLoss')")
    restore(other, saved, "x")
    for name, value in pipeline_state(other).items():
        np.testing.assert_array_equal(value, state[name], err_msg=name)
    # without losses, as for a test, the rest is taken
    _, tested = made(SCENE, options, "loss=dict(type='TemperedLoss')", training=False)
    restore(tested, saved, "x")
    np.testing.assert_array_equal(tested.dataset.exposures.numpy(), exposures)


def test_a_checkpoint_without_them_is_refused():
    _, plain = made()
    saved = Checkpoint(0, 1337, 0.0, pipeline_state(plain))
    _, other = made(SCENE)
    with pytest.raises(
        CheckpointError, match="params.dataset.exposures.0: absent in the checkpoint"
    ):
        restore(other, saved, "x")


def test_an_average_is_no_optimiser_and_the_other_way_round():
    with pytest.raises(
        ConfigError, match=r"optim.type: EMA is not an optimiser. Choose one of: Adam, "
    ):
        made("optim=dict(type='EMA')")
    with pytest.raises(
        ConfigError, match=r"ema.type: Adam is not an average of the weights. Choose on"
    ):
        made("ema=dict(type='Adam')")


@pytest.mark.parametrize(
    "groups, message",
    [
        (
            lambda p: {"sigma": p},
            r"loss.rgb: TemperedLoss.param_groups\(\) must give lists of Vars",
        ),
        (lambda p: [p], r"param_groups\(\) must give lists of Vars by name, such as"),
        (
            lambda p: {"a": [p], "b": [p]},
            r"a parameter \[1\] is in the groups 'loss.rgb.a' and 'loss",
        ),
    ],
)
def test_groups_that_are_none_are_named(monkeypatch, groups, message):
    monkeypatch.setattr(TemperedLoss, "param_groups", lambda self: groups(self.temperature))
    with pytest.raises(ConfigError, match=message):
        made(SCENE, "loss=dict(type='TemperedLoss')")
