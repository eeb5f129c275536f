"""Cameras that learn: where they start, how rays follow, what they cost, and where test views go."""

import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.placement.alignment import pose_errors
from jnerf.datasets.placement.refinement import PoseRefinement
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.procedural.dataset import ProceduralDataset
from jnerf.errors import ConfigError
from jnerf.ops.move_rays import MODES, reference
from jnerf.registry import CAMERAS, DATASETS

LEARNED = dict(type="PoseRefinement")
SMALL = {"n_train": 6, "n_test": 3, "resolution": 16}


def scene(split="train", **cameras) -> ProceduralDataset:
    return ProceduralDataset(split=split, **SMALL, cameras=LEARNED | cameras)


def turned_and_shifted(dataset) -> np.ndarray:
    """Gives each camera of a dataset another twist, and returns them."""
    twists = np.random.default_rng(0).normal(size=(dataset.n_images, 6)).astype(np.float32) * 0.05
    dataset.learned.twists.update(jt.array(twists))
    return twists


def test_they_start_as_they_are_given():
    plain, learning = ProceduralDataset(**SMALL), scene()
    np.testing.assert_allclose(learning.cameras.c2w, plain.cameras.c2w, atol=1e-7)
    assert plain.learned is None and plain.param_groups() == {} and plain.stats == {}
    assert list(learning.param_groups()["cameras"][0].shape) == [6, 6]
    one, two = plain.sample(64, 3), learning.sample(64, 3)
    assert two.rays.trained and not one.rays.trained and one.rays.rays_d.is_stop_grad()
    for a, b in ((one.rays.rays_o, two.rays.rays_o), (one.rays.rays_d, two.rays.rays_d)):
        np.testing.assert_allclose(b.numpy(), a.numpy(), atol=1e-6)
    np.testing.assert_array_equal(two.rgba.numpy(), one.rgba.numpy())
    assert learning.silhouettes() is None  # they would not be where they seem


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("extras", [(), ("depth",)])
def test_training_rays_are_those_of_the_cameras_now(mode, extras):
    dataset = ProceduralDataset(**SMALL, extras=extras, cameras=LEARNED | {"mode": mode})
    truth = ProceduralDataset(**SMALL, extras=extras)
    twists = turned_and_shifted(dataset)
    batch = dataset.sample(100, 5)
    images, x, y = dataset.draw_pixels(100, 5)
    rays_o, rays_d = dataset.cameras.generate_rays(images, x, y)
    np.testing.assert_allclose(batch.rays.rays_o.numpy(), rays_o, atol=2e-6)
    np.testing.assert_allclose(batch.rays.rays_d.numpy(), rays_d, atol=2e-6)
    moved = reference.move_poses(twists, truth.cameras.c2w, mode, [0.5, 0.5, 0.5])
    np.testing.assert_allclose(dataset.cameras.c2w, moved, atol=1e-6)
    view = dataset.view(2).rays(0, 4)
    of_view = dataset.cameras.generate_rays(
        np.full(64, 2), *np.mgrid[0:4, 0:16].reshape(2, -1)[::-1]
    )
    np.testing.assert_allclose(view.rays_d.numpy(), of_view[1], atol=2e-6)
    # cones of pixels stay as wide, and what was measured at a pixel stays what it is
    np.testing.assert_allclose(batch.rays.radii.numpy(), truth.sample(100, 5).rays.radii.numpy())
    for name in extras:
        np.testing.assert_array_equal(
            batch.extras[name].numpy(), truth.sample(100, 5).extras[name].numpy()
        )


def test_a_disturbance_is_as_large_as_it_says():
    dataset = scene(disturb_degrees=2.0, disturb_distance=0.02)
    given, start = dataset.learned.given, dataset.learned.start
    eyes = given[:, :, 3]
    extent = np.linalg.norm(eyes - eyes.mean(0), axis=1).max()
    np.testing.assert_allclose(
        np.linalg.norm(start[:, :, 3] - eyes, axis=1), 0.02 * extent, rtol=1e-6
    )
    cosines = (np.einsum("nij,nij->n", given[:, :, :3], start[:, :, :3]) - 1) / 2
    np.testing.assert_allclose(np.degrees(np.arccos(cosines)), 2, rtol=1e-4)
    np.testing.assert_allclose(dataset.cameras.c2w, start, atol=1e-6)
    assert (
        scene(disturb_degrees=2.0).learned.start.tolist()
        == scene(disturb_degrees=2.0).learned.start.tolist()
    )
    assert 1 < dataset.stats["pose_degrees_mean"] < 4
    told = dataset.learned.protocol(False)
    assert (
        told["cameras_disturbed"]
        == "each training camera by 2 degrees and 0.02 of the cameras' extent"
    )
    assert "moved by the similarity" in told["cameras"] and "fitted" not in told["cameras"]


def test_penalties_are_lengths_and_finite_at_zero():
    assert scene().penalty(0) is None
    falling = dict(schedule="linear", value=1.0, end=0.0, steps=(0, 10))
    dataset = scene(translation_penalty=2.0, rotation_penalty=falling)
    penalty = dataset.penalty(0)
    grad = jt.grad(penalty, dataset.learned.twists).numpy()
    assert float(penalty.item()) == 0 and (grad == 0).all()
    twists = turned_and_shifted(dataset)
    lengths = (np.linalg.norm(part, axis=1).mean() for part in (twists[:, :3], twists[:, 3:]))
    shift, turn = lengths
    for step, weight in ((0, 1.0), (5, 0.5), (10, 0.0)):
        found = float(dataset.penalty(step).item())
        assert found == pytest.approx(2 * shift + weight * turn, rel=5e-3)


def test_test_views_go_where_the_scene_went():
    training, held_out = scene(), ProceduralDataset(split="test", **SMALL)
    assert held_out.following(ProceduralDataset(**SMALL)) is held_out
    turn = reference.motion([0, 0, 0, 0.02, -0.03, 0.01], "se3")[:, :3]
    whole = Similarity(1.02, turn, (0.01, 0.02, -0.01))
    learned = training.learned
    learned.poses = lambda: whole.poses(learned.given)
    found = held_out.following(training)
    np.testing.assert_allclose(found.cameras.c2w, whole.poses(held_out.cameras.c2w), atol=1e-6)
    assert (
        found.learned is None
        and found.view(0).rays(0, 1).rays_o.numpy()[0].tolist()
        == found.cameras.c2w[0, :, 3].tolist()
    )
    errors = learned.errors()
    assert errors.degrees.max() < 1e-4 and errors.relative.max() < 1e-6
    assert pose_errors(learned.given, learned.given).degrees.max() < 1e-4


def test_too_few_cameras_decide_on_no_similarity():
    dataset = ProceduralDataset(n_train=2, n_test=2, resolution=16, cameras=LEARNED)
    held_out = ProceduralDataset(split="test", n_test=2, resolution=16)
    assert held_out.following(dataset) is held_out and dataset.stats == {}
    assert "left where they are" in dataset.learned.protocol(False)["cameras"]


@pytest.mark.parametrize(
    "block, message",
    [
        (dict(type="PoseRefinement", mode="se(3)"), "Did you mean 'se3'"),
        (dict(type="PoseRefinement", test_steps=-1), "test_steps is -1"),
        (dict(type="PoseRefinement", test_lr=0.0), "test_lr is 0"),
        (dict(type="PoseRefinement", disturb_degrees=-2.0), "disturb_degrees is -2"),
    ],
)
def test_bad_values_are_refused(block, message):
    with pytest.raises(ConfigError, match=message):
        CAMERAS.build(block, c2w=np.zeros((1, 3, 4), np.float32), middle=[0, 0, 0])


@pytest.mark.parametrize(
    "block, message",
    [
        (dict(type="PoseRefinment"), "Did you mean 'PoseRefinement'"),
        (dict(mode="se3"), "no 'type'"),
        (dict(type="PoseRefinement", modus="se3"), "unknown argument"),
        (dict(type="PoseRefinement", mode="se"), "mode"),
        (dict(type="PoseRefinement", rotation_penalty=dict(schedule="liner", value=1.0)), "liner"),
    ],
)
def test_the_block_is_checked_as_any_other(block, message):
    config = dict(type="ProceduralDataset", **SMALL, cameras=block)
    with pytest.raises(ConfigError, match=message):
        DATASETS.build(config, path="dataset", split="train")


def test_the_class_is_registered():
    assert CAMERAS.get("PoseRefinement") is PoseRefinement
