"""Masks of transforms.json scenes: where they are looked for, and which way round they are read."""

import json

import cv2
import numpy as np
import pytest

from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.errors import DataError

SIZE = 8


@pytest.fixture
def scene(tmp_path):
    """Three grey photographs in ``images/left`` of a camera that does not move."""
    folder = tmp_path / "photos"
    (folder / "images" / "left").mkdir(parents=True)
    frames = []
    for name in "abc":
        path = folder / "images" / "left" / f"{name}.jpg"
        cv2.imwrite(str(path), np.full((SIZE, SIZE, 3), 100, np.uint8))
        frames.append(
            {"file_path": f"images/left/{name}.jpg", "transform_matrix": np.eye(4).tolist()}
        )
    (folder / "transforms.json").write_text(json.dumps({"fl_x": 9.0, "frames": frames}))
    return folder


def write(path, left, size=SIZE):
    """A mask that is set in its left half, or its right one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((size, size), np.uint8)
    mask[:, : size // 2] = 255
    assert cv2.imwrite(str(path), mask if left else 255 - mask)


def name_masks(scene, **by_frame):
    path = scene / "transforms.json"
    data = json.loads(path.read_text())
    for frame in data["frames"]:
        name = frame["file_path"][-5]
        if name in by_frame:
            frame["mask_path"] = by_frame[name]
    path.write_text(json.dumps(data))


def halves(scene, **arguments):
    """Which halves of each image are drawn from: ``l``, ``r`` or ``lr``."""
    data = TransformsDataset(str(scene), holdout=0, **arguments)
    i, x, y = data.draw_pixels(600, 1)
    width = data.cameras.sizes[0, 0]
    assert set(y.tolist()) == set(range(width))
    return [
        "l" * bool((x[i == k] < width // 2).any()) + "r" * bool((x[i == k] >= width // 2).any())
        for k in range(3)
    ]


def test_none(scene):
    assert halves(scene) == ["lr"] * 3
    assert TransformsDataset(str(scene), holdout=0).images.kept is None


def test_named_by_frames(scene):
    write(scene / "cut" / "a.png", left=True)
    write(scene / "cut" / "c.png", left=False, size=4 * SIZE)
    name_masks(scene, a="cut/a.png", c="./cut/c.png")
    assert halves(scene) == ["l", "lr", "r"]
    assert halves(scene, downscale=2) == ["l", "lr", "r"]
    assert halves(scene, masks=False) == ["lr"] * 3


def test_beside_the_images_what_is_set_is_ignored(scene):
    write(scene / "images" / "left" / "dynamic_mask_b.png", left=True)
    assert halves(scene) == ["lr", "r", "lr"]


@pytest.mark.parametrize("name", ["left/b.png", "left/b.jpg.png", "images/left/b.png", "b.png"])
def test_in_a_folder_of_their_own(scene, name):
    write(scene / "masks" / name, left=True)
    assert halves(scene) == ["lr", "l", "lr"]


def test_what_a_frame_names_comes_first(scene):
    write(scene / "masks" / "left" / "b.png", left=True)
    write(scene / "other.png", left=False)
    name_masks(scene, b="other.png")
    assert halves(scene) == ["lr", "r", "lr"]


def test_only_training_rays_heed_them(scene):
    write(scene / "masks" / "b.png", left=True)
    test = TransformsDataset(str(scene), split="test", holdout=0)
    assert test.images.kept is None and (test.view(1).rgba()[..., :3] > 90).all()


def test_named_but_missing(scene):
    name_masks(scene, a="cut/a.png", b="cut/b.png")
    message = r"2 of the masks .* 'mask_path' are missing: a.png, b.png. The first .*cut/a.png"
    with pytest.raises(DataError, match=message):
        halves(scene)
    assert halves(scene, masks=False) == ["lr"] * 3


def test_a_folder_of_masks_of_something_else(scene):
    write(scene / "masks" / "mask_of_a.png", left=True)
    with pytest.raises(DataError, match="masks holds a mask for none of the 3 images: .* a.png"):
        halves(scene)


def test_named_by_a_number(scene):
    name_masks(scene, a=7)
    with pytest.raises(DataError, match="left/a.jpg': 'mask_path' must be a string, got 7"):
        halves(scene)


def test_masked_out_whole(scene):
    (scene / "masks").mkdir()
    cv2.imwrite(str(scene / "masks" / "b.png"), np.zeros((SIZE, SIZE), np.uint8))
    with pytest.raises(DataError, match="b.png keeps none of the 64 pixels of its image"):
        halves(scene)


@pytest.fixture
def fisheye(scene):
    """The same photographs, enlarged, of a lens that turns back at a radius of 1.22, or 25 pixels of 64 x 64."""
    for path in (scene / "images" / "left").iterdir():
        cv2.imwrite(str(path), np.full((64, 64, 3), 100, np.uint8))
    describe(scene, fl_x=20.5, w=64, h=64, camera_model="OPENCV_FISHEYE", k1=-0.1)
    return scene


def describe(scene, **keys):
    path = scene / "transforms.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def disc(size, radius):
    y, x = np.mgrid[0:size, 0:size] + 0.5 - size / 2
    return x * x + y * y <= radius**2


@pytest.mark.parametrize("downscale", [1, 2])
@pytest.mark.parametrize("by", ["circle", "masks", "both"])
@pytest.mark.parametrize("split", ["train", "test"])
def test_pixels_that_are_left_out_need_no_direction(fisheye, by, downscale, split):
    size = 64 // downscale
    inside = disc(size, 24 / downscale)
    if by in ("circle", "both"):
        describe(fisheye, fisheye_crop_radius=24)
    if by in ("masks", "both"):
        (fisheye / "masks" / "left").mkdir(parents=True)
        mask = disc(64, 24 if by == "masks" else 26) * np.uint8(255)
        for name in "abc":
            cv2.imwrite(str(fisheye / "masks" / "left" / f"{name}.png"), mask)
    data = TransformsDataset(str(fisheye), split=split, holdout=2, downscale=downscale)
    shown = data.view(0).shown()
    if downscale == 1 or by == "circle":
        np.testing.assert_array_equal(shown, inside)
    else:  # a mask keeps a pixel only if it keeps all that the pixel covers
        assert not (shown & ~inside).any() and shown.sum() > 0.9 * inside.sum()
    if split == "train":
        _, x, y = data.draw_pixels(20000, 3)
        assert set(zip(y.tolist(), x.tolist(), strict=True)) == set(map(tuple, np.argwhere(shown)))
    else:
        assert data.images.kept is None


def test_circle_of_a_healthy_lens(scene):
    """It bounds what is trained on and compared, whatever the lens; in pixels of the stored image without w, h."""
    describe(scene, fisheye_crop_radius=3, cx=4.5)
    data = TransformsDataset(str(scene), holdout=0, downscale=1)
    y, x = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    expected = (x - 4.5) ** 2 + (y - 4) ** 2 <= 9
    np.testing.assert_array_equal(data.view(1).shown(), expected)
    assert data.images.kept.counts.tolist() == [expected.sum()] * 3


def test_circles_that_keep_nothing(scene, fisheye):
    describe(fisheye, fisheye_crop_radius=-1)
    with pytest.raises(DataError, match="'fisheye_crop_radius' must be positive .*, got -1"):
        TransformsDataset(str(fisheye))
    describe(fisheye, fisheye_crop_radius=0.5)
    with pytest.raises(DataError, match=r"[abc].jpg: its masks .* keep none of its 4096 pixels"):
        TransformsDataset(str(fisheye), holdout=0).draw_pixels(8, 0)


def test_circle_that_is_too_large(fisheye):
    for keys in ({}, {"fisheye_crop_radius": 28}):
        describe(fisheye, **keys)
        with pytest.raises(
            DataError, match="k1 = -0.1, .* cannot be inverted .*'fisheye_crop_radius'"
        ):
            TransformsDataset(str(fisheye))


def test_ignored_masks_excuse_nothing(fisheye):
    (fisheye / "masks" / "left").mkdir(parents=True)
    for name in "abc":
        cv2.imwrite(str(fisheye / "masks" / "left" / f"{name}.png"), disc(64, 24) * np.uint8(255))
    assert TransformsDataset(str(fisheye)).n_images == 2
    with pytest.raises(DataError, match="cannot be inverted"):
        TransformsDataset(str(fisheye), masks=False)
