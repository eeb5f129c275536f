"""Steps without samples, and true pictures without content: the right word at the right time, and none otherwise."""

import re
import warnings

import jittor as jt
import numpy as np
import pytest

from jnerf.engine.guards.samples import SampleGuard, check_truth
from jnerf.engine.run import run
from jnerf.errors import TrainingError
from jnerf.structures import Batch, RayBundle


@pytest.fixture(autouse=True)
def no_warning():
    """A warning that no test waits for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


def test_nothing_is_said_of_steps_with_samples():
    guard = SampleGuard(0)
    guard.note(np.array([64]), 64, False, 0)
    guard.note(np.full(500, 3000), 64, True, 0)


def test_a_first_step_without_samples_ends_the_run():
    with pytest.raises(
        TrainingError, match="none of the 4096 rays of the 1 steps up to step 1 has a"
    ):
        SampleGuard(0).note(np.array([0]), 4096, False, 0)


def test_small_batches_get_more_steps():
    guard = SampleGuard(40)
    with pytest.warns(UserWarning, match="1 of the 1 steps up to step 41 had no sample"):
        guard.note(np.array([0]), 64, False, 40)
    with pytest.raises(TrainingError, match="none of the 1088 rays of the 17 steps up to step 57"):
        guard.note(np.zeros(16, int), 64, False, 40)
    with pytest.raises(TrainingError, match="none of the 64 rays"):
        SampleGuard(0).note(np.array([0]), 64, True, 0)  # and training is over


def test_a_single_sample_is_next_to_nothing():
    with pytest.warns(UserWarning, match="step 1 has only 1 samples on 4096 rays"):
        SampleGuard(0).note(np.array([1]), 4096, False, 0)


def test_single_empty_steps_are_told_once():
    guard = SampleGuard(0)
    guard.note(np.array([4096]), 4096, False, 0)
    with pytest.warns(UserWarning, match="2 of the 4 steps up to step 5 had no sample"):
        guard.note(np.array([9, 0, 0, 9]), 4096, False, 0)
    guard.note(np.array([9, 0, 9]), 4096, False, 0)


def test_a_field_that_has_become_empty_ends_the_run():
    guard = SampleGuard(0)
    guard.note(np.array([4096]), 4096, False, 0)
    with pytest.warns(UserWarning, match="99 of the 100 steps"):
        guard.note(np.eye(1, 100, dtype=int)[0], 4096, False, 0)
    guard.note(np.zeros(156, int), 4096, False, 0)
    with pytest.raises(
        TrainingError, match="last 256 steps up to step 258 .* checkpoint is step 200"
    ):
        guard.note(np.zeros(1, int), 4096, False, 200)


def test_samples_end_a_streak():
    guard = SampleGuard(0)
    guard.note(np.array([4096]), 4096, False, 0)
    with pytest.warns(UserWarning, match="had no sample"):
        guard.note(np.zeros(255, int), 4096, False, 0)
    guard.note(np.array([1]), 4096, False, 0)
    guard.note(np.zeros(255, int), 4096, False, 0)


@pytest.mark.parametrize("padded", [False, True])
def test_a_run_whose_sampler_finds_nothing(tiny, folder, padded):
    message = r"none of the 1344 rays of the 21 steps up to step 21 has a sample.*dataset\.scale"
    with pytest.warns(UserWarning), pytest.raises(TrainingError, match=message):
        blind = [
            f"sampler=dict(type='BlindSampler', padded={padded})",
            "renderer.type=BlackRenderer",
        ]
        run(tiny(*blind, "log_every=21", "total_steps=99", "checkpoint.every=99"), "train")
    assert not list(folder.glob("checkpoints/*"))
    assert not (folder / "test").exists()


def batch(alpha):
    rays = RayBundle(jt.zeros((4, 3)), jt.ones((4, 3)))
    rgba = np.concatenate([np.ones((4, 3)), np.reshape(alpha, (4, 1))], axis=1)
    return Batch(rays, jt.array(rgba.astype(np.float32)))


def test_masks_of_zero_and_one_as_alpha():
    told = "alpha is at most 1 of 255 at 4 random pixels. Masks or alpha channels that hold 0 and 1"
    with pytest.warns(UserWarning, match=re.escape(told)):
        check_truth(batch([0, 1 / 255, 0, 1 / 255]))
    check_truth(batch([0, 0, 0, 1]))


def test_transparent_pictures_are_told_before_the_end_of_the_first_step(tiny):
    with pytest.warns(
        UserWarning, match="the true pictures are all but transparent: alpha is at most 0"
    ):
        run(tiny("dataset.alpha=0.0", "total_steps=2", "evaluation.at_end=False"), "train")
