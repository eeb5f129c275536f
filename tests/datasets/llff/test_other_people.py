"""LLFF captures as people have them: images that were not reconstructed, stray bounds and cameras."""

import warnings

import numpy as np
import pytest
from captures import facing_poses, make_llff
from scenes import ring_poses

from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.errors import DataError


@pytest.fixture
def scene(tmp_path):
    return make_llff(tmp_path / "scene", facing_poses(9))


def change(scene, row, column, value):
    table = np.load(scene / "poses_bounds.npy")
    table[row, column] = value
    np.save(scene / "poses_bounds.npy", table)


def load(scene, **arguments):
    return LLFFDataset(str(scene), downscale=2, **arguments)


@pytest.mark.parametrize("space", ["ndc", "bounded"])
@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        (15, 1e-7, "row 4: the depth of the nearest content is 1e-07, and .* at least 3"),
        (16, 1e9, "row 4: the depth of the farthest content is 1e.09, and .* at most 5"),
    ],
)
def test_a_stray_bound_is_named_and_drawn_in(tmp_path, scene, space, column, value, message):
    poses = facing_poses(9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        right = load(make_llff(tmp_path / "right", poses), space=space)
    change(scene, 4, column, value)
    with pytest.warns(UserWarning, match=message):
        found = load(scene, space=space)
    np.testing.assert_allclose(found.cameras.c2w, right.cameras.c2w, rtol=0.05, atol=0.02)
    np.testing.assert_allclose([found.near, found.far], [right.near, right.far], rtol=0.05)
    assert np.isfinite(found.sample(64, 0).rays.rays_d.numpy()).all()


def test_bounds_that_only_vary_are_taken_as_they_are(scene):
    for i in range(9):
        change(scene, i, 15, 0.1 * 1.7**i)
        change(scene, i, 16, 50 * 1.7**i)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load(scene)


@pytest.mark.parametrize("space", ["ndc", "bounded", "spherify"])
def test_a_camera_far_off_is_named(tmp_path, space):
    poses = ring_poses(9) if space == "spherify" else facing_poses(9)
    scene = make_llff(tmp_path / "scene", poses)
    change(scene, 6, 3, 4e6)
    with pytest.raises(
        DataError, match="poses_bounds.npy: row 6: the camera stands 4e.06 .* wrong"
    ):
        load(scene, space=space)


def listed(scene, *names):
    (scene / "view_imgs.txt").write_text("\n".join(names) + "\n")


def test_images_that_were_not_reconstructed(scene):
    right = load(scene, holdout=0)
    table = np.load(scene / "poses_bounds.npy")
    np.save(scene / "poses_bounds.npy", table[[0, 2, 3, 5, 7]])
    with pytest.raises(DataError, match="9 images, and .* 5 poses: .* view_imgs.txt"):
        load(scene)
    listed(scene, "v00.JPG", "v02.JPG", "v03.JPG", "", "images/v05.JPG", "v07.JPG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = load(scene, holdout=0)
    assert found.cameras.names == ("v00", "v02", "v03", "v05", "v07")
    assert (found.view(3).rgba() == right.view(5).rgba()).all()


def test_rows_follow_the_list(scene):
    table = np.load(scene / "poses_bounds.npy")
    right = load(scene, holdout=0)
    order = [3, 1, 0, 2, 4, 8, 7, 6, 5]
    np.save(scene / "poses_bounds.npy", table[order])
    listed(scene, *(f"v{i:02d}.png" for i in order))
    found = load(scene, holdout=0)
    assert found.cameras.names == tuple(right.cameras.names[i] for i in order)
    np.testing.assert_allclose(found.cameras.c2w, right.cameras.c2w[order], atol=1e-6)


def test_lists_that_do_not_fit(scene):
    listed(scene, "v00.png")
    with pytest.warns(
        UserWarning, match="view_imgs.txt lists 1 images for 9 poses, and is ignored"
    ):
        assert load(scene, holdout=0).n_images == 9
    (scene / "images_2" / "v08.png").unlink()
    with pytest.raises(DataError, match="view_imgs.txt lists 1 images, and .* 9 poses"):
        load(scene)
    listed(scene, *(f"v{i:02d}.png" for i in range(9)))
    with pytest.raises(DataError, match="lists 1 images that are not in .*images_2, .* v08.png"):
        load(scene)
