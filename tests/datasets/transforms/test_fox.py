"""The fox: a real capture with distortion and missing photographs."""

import json

import cv2
import numpy as np
import pytest
from photographs import load

from jnerf.datasets.cameras.lenses import OpenCVLens
from jnerf.errors import DataError


@pytest.fixture(scope="module")
def fox(data_root):
    folder = data_root / "fox"
    if not (folder / "transforms.json").is_file():
        pytest.skip(f"no fox scene in {data_root}")
    return folder


@pytest.mark.filterwarnings("ignore:.*missing and left out")
def test_fox(fox):
    """Every image decodes, the cameras stand in the box, and train and test are parts of one whole."""
    train = load(fox, missing="drop", downscale=8)
    test = load(fox, missing="drop", downscale=8, split="test")
    there = sorted(path.stem for path in (fox / "images").iterdir())
    assert list(test.cameras.names) == there[::8]
    assert sorted(train.cameras.names + test.cameras.names) == there
    assert train.aabb.tolist() == [-1.5] * 3 + [2.5] * 3
    eyes = train.cameras.c2w[:, :, 3]
    assert (eyes > -1.5).all() and (eyes < 2.5).all()
    first = np.array([3.10241136, -5.53017314, -0.98579699]) * 0.33 + 0.5
    np.testing.assert_allclose(eyes[0], first, rtol=1e-6)
    assert type(train.cameras.lens) is OpenCVLens
    np.testing.assert_allclose(
        train.cameras.intrinsics[0], np.array([1375.52, 1374.49, 554.558, 965.268]) / 8
    )
    for dataset in (train, test):
        assert dataset.images.pixels.shape == (135 * 240 * dataset.n_images,)
        colors = dataset.images.pixels.view(np.uint8).reshape(dataset.n_images, -1, 4)
        assert (colors[..., 3] == 255).all() and (colors[..., :3].std(axis=1) > 10).all()


@pytest.mark.filterwarnings("ignore:.*missing and left out")
def test_fox_first_ray_golden(fox):
    """The first pixel's ray from the file's numbers alone, its lens undone by OpenCV."""
    train = load(fox, missing="drop")
    matrix = np.array([[1375.52, 0, 554.558], [0, 1374.49, 965.268], [0, 0, 1]])
    bent = np.array([0.0578421, -0.0805099, -0.000980296, 0.00015575])
    exact = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-12)
    undistort = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)  # OpenCV 5 has one of the two
    corner = np.array([[[0.5, 0.5]]])
    plane = undistort(corner, matrix, bent, R=None, P=None, criteria=exact)[0, 0]
    frames = json.loads((fox / "transforms.json").read_text())["frames"]
    pose = np.array(frames[1]["transform_matrix"])
    expected = pose[:3, :3] @ [plane[0], -plane[1], -1]
    found = train.cameras.generate_rays([0], [0], [0])[1][0]
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected), atol=1e-6)
    on_device = train.cameras.rays(*(np.zeros(1, np.int32) for _ in range(3)))[1].numpy()[0]
    np.testing.assert_allclose(on_device, found, atol=1e-6)


def test_fox_without_its_missing_images_is_refused(fox):
    with pytest.raises(
        DataError, match=r"0005.jpg is missing \(17 of the 67 images .*0005.jpg, 0016"
    ):
        load(fox)
