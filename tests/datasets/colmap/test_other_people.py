"""COLMAP models as people have them: several, without points, with names of Windows, with outliers."""

import shutil
import warnings

import cv2
import numpy as np
import pytest
from colmap_scenes import tiny_model, write_images, write_model, write_scene

from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.colmap.model import find_model, read_model
from jnerf.errors import DataError

both = pytest.mark.parametrize("suffix", [".txt", ".bin"])


@pytest.fixture(autouse=True)
def quiet():
    """Warnings that no test waits for are false alarms."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@both
def test_the_largest_of_several_models_is_taken(tmp_path, suffix):
    for name, n in (("0", 2), ("1", 9), ("10", 3), ("extra", 1)):
        write_model(tmp_path / "sparse" / name, tiny_model(n), suffix)
    write_images(tmp_path / "images", tiny_model())
    message = r"sparse holds 4 models: 1 with 9 images is used, .* left out are 0 \(2\), 10 \(3\), extra \(1\)"
    with pytest.warns(UserWarning, match=message):
        dataset = COLMAPDataset(str(tmp_path))
    assert dataset.n_images == 7
    with pytest.warns(UserWarning, match="4 models"):
        assert find_model(tmp_path, "sparse").folder == tmp_path / "sparse" / "1"
    assert find_model(tmp_path, "sparse/10").folder == tmp_path / "sparse" / "10"
    # A model that cannot be read is not the largest; of equals the first is taken.
    (tmp_path / "sparse" / "1" / f"images{suffix}").write_bytes(b"\x01")
    shutil.copytree(tmp_path / "sparse" / "10", tmp_path / "sparse" / "9")
    with pytest.warns(UserWarning, match="9 with 3 images is used"):
        assert find_model(tmp_path, None).folder == tmp_path / "sparse" / "9"


@both
@pytest.mark.parametrize("file", [True, False])
def test_known_poses_without_points(tmp_path, suffix, file):
    model = tiny_model()
    model.points = {}
    if file:  # of none; images may still speak of features without points
        model.images = [(*image[:3], [-1, -1]) for image in model.images]
    scene = write_scene(tmp_path, model, suffix)
    if not file:
        (scene / "sparse" / "0" / f"points3D{suffix}").unlink()
    given = {"near": 0.1, "far": 3.0, "aabb_scale": 2.0}
    dataset = COLMAPDataset(str(scene), **given)
    assert (dataset.near, dataset.far, dataset.aabb[3]) == (pytest.approx(0.1), 3, 1.5)
    assert dataset.sample(8, 0).rgba.shape == [8, 4]
    for key in given:
        rest = {name: value for name, value in given.items() if name != key}
        with pytest.raises(DataError, match=f"no points .* give .*dataset.{key}"):
            COLMAPDataset(str(scene), **rest)


@both
def test_deleted_points_are_left_out(tmp_path, suffix):
    model = tiny_model()
    whole = COLMAPDataset(str(write_scene(tmp_path / "whole", model, suffix)))
    seen = sum(len([i for i in ids if i >= 0]) for *_, ids in model.images)
    gone = next(i for i in model.images[0][3] if i >= 0)
    lost = sum(gone in ids for *_, ids in model.images)
    del model.points[gone]
    scene = write_scene(tmp_path / "filtered", model, suffix)
    message = (
        f"images{suffix}: {lost} of the {seen} points .* first of them {gone}, of image 'view_0"
    )
    with pytest.warns(UserWarning, match=message):
        dataset = COLMAPDataset(str(scene))
    np.testing.assert_allclose([dataset.near, dataset.far], [whole.near, whole.far], rtol=0.05)
    assert (dataset.cameras.c2w == whole.cameras.c2w).all()


def windows(model, anchor=""):
    names = {image[0]: f"cam{i % 2}/{image[0]}" for i, image in enumerate(model.images)}
    slashes = [(names[image[0]], *image[1:]) for image in model.images]
    backslashes = [(anchor + name.replace("/", "\\"), *rest) for name, *rest in slashes]
    return slashes, backslashes


@both
def test_names_with_backslashes(tmp_path, suffix):
    model = tiny_model()
    slashes, backslashes = windows(model)
    model.images = slashes
    scene = write_scene(tmp_path, model, suffix)
    for name, *_ in slashes[1:]:
        path = scene / "masks" / (name + ".png")
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.eye(16, dtype=np.uint8) * 255)
    right = {split: COLMAPDataset(str(scene), split=split) for split in ("train", "test")}
    model.images = backslashes
    write_model(scene / "sparse" / "0", model, suffix)
    for split, expected in right.items():
        found = COLMAPDataset(str(scene), split=split)
        assert found.cameras.names == expected.cameras.names
        assert (found.cameras.c2w == expected.cameras.c2w).all()
        assert (found.images.pixels == expected.images.pixels).all()
    assert (found.images.kept is None) and right["train"].images.kept is not None
    assert COLMAPDataset(str(scene)).images.kept.counts.tolist().count(16) == 7


@pytest.mark.parametrize("anchor", ["C:\\capture\\images\\", "/home/someone/images/", "Images/"])
def test_names_of_elsewhere(tmp_path, anchor):
    model = tiny_model()
    scene = write_scene(tmp_path, model)
    names = COLMAPDataset(str(scene)).cameras.names
    model.images = [(anchor + name.replace(".png", ".PNG"), *rest) for name, *rest in model.images]
    write_model(scene / "sparse" / "0", model, ".txt")
    with pytest.warns(UserWarning, match="sparse/0: images: 9 of 9 files"):
        assert COLMAPDataset(str(scene)).cameras.names == names


@both
@pytest.mark.parametrize("value", [np.inf, np.nan, 1e300, 1e9])
def test_points_at_infinity(tmp_path, suffix, value):
    model = tiny_model()
    ids = list(model.points)
    right = COLMAPDataset(str(write_scene(tmp_path / "right", model, suffix)))
    model.points[ids[0]] = model.points[ids[0]] + [0.0, value, 0.0]
    scene = write_scene(tmp_path / "wrong", model, suffix)
    if np.isfinite(value):
        dataset = COLMAPDataset(str(scene))
    else:
        with pytest.warns(UserWarning) as caught:
            dataset = COLMAPDataset(str(scene))
        said = " ".join(str(one.message) for one in caught)
        assert (
            f"points3D{suffix}: 1 of 120 points are not finite" in said and f"them {ids[0]}" in said
        )
    np.testing.assert_allclose([dataset.near, dataset.far], [right.near, right.far], rtol=0.05)
    assert (dataset.aabb == right.aabb).all()


def test_one_camera_far_off(tmp_path):
    """It has no say in where the scene lies, and is named, since it sees nothing of it."""
    model = tiny_model(21)
    pose = model.images[5][2].copy()
    pose[:3, 3] *= 1e5
    model.images[5] = (model.images[5][0], 3, pose, model.images[5][3])
    scene = write_scene(tmp_path, model)
    with (
        pytest.warns(UserWarning, match="view_5.png': the camera stands 4.12e.05 .* within 4"),
        pytest.raises(DataError, match="view_5.png': .*box, and rays end .* remove the image"),
    ):
        COLMAPDataset(str(scene), holdout=21)


def test_read_model_without_its_images(tmp_path):
    write_model(tmp_path, tiny_model(), ".txt")
    (tmp_path / "images.txt").unlink()
    with pytest.raises(DataError, match="holds cameras.txt but not images.txt"):
        read_model(tmp_path, ".txt")
