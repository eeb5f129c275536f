"""Image files that users bring, in a scene of every format: the right pixels, or an error that names the file."""

import shutil
import warnings

import cv2
import numpy as np
import pytest
from image_files import (
    FORMATS,
    UNREAD,
    Scene,
    add_declared_size,
    encode,
    lying,
    pillow,
)

from jnerf.datasets.dtu.dataset import DTUDataset
from jnerf.errors import DataError

ALL = list(FORMATS)


@pytest.fixture(params=ALL)
def scene(request, tmp_path):
    return Scene(request.param, tmp_path / "scene")


def pixels(dataset):
    """All pixels, straight RGBA, uint8 [P, 4]."""
    return dataset.images.pixels.view(np.uint8).reshape(-1, 4)


def alike(tmp_path, kind, encoder, suffix, plain=("PNG", ".png"), channels=4):
    """The same scene once as it is, and once in another kind of file: the same cameras, names and pixels."""
    one, other = Scene(kind, tmp_path / "plain"), Scene(kind, tmp_path / "other")
    one.rewrite(lambda image: pillow(image[..., :channels], plain[0]), plain[1])
    other.rewrite(lambda image: encoder(image[..., :channels]), suffix)
    for split in ("train", "test"):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            a, b = one.load(split), other.load(split)
            np.testing.assert_array_equal(pixels(a), pixels(b))
        assert a.cameras.names == b.cameras.names
        np.testing.assert_array_equal(a.cameras.c2w, b.cameras.c2w)


@pytest.mark.parametrize("kind", ALL)
def test_tiff_with_straight_alpha(tmp_path, kind):
    alike(tmp_path, kind, lambda image: pillow(image, "TIFF"), ".tif")


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("suffix", [".ppm", ".bmp", ".jp2"])
def test_other_kinds_of_files(tmp_path, kind, suffix):
    def write(image):
        if suffix == ".jp2":
            return pillow(image, "JPEG2000", num_resolutions=1)
        return encode(image, suffix)

    alike(tmp_path, kind, write, suffix, channels=3)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("suffix", [".jpe", ".jfif"])
def test_other_endings_of_jpeg(tmp_path, kind, suffix):
    alike(tmp_path, kind, lambda image: pillow(image, "JPEG"), suffix, ("JPEG", ".jpg"), 3)


def test_heic(scene):
    scene.rewrite(lambda image: UNREAD[".heic"][0] + bytes(50), ".HEIC")
    if scene.kind == "blender":  # its names have no ending
        for path in scene.folder.glob("*.json"):
            text = path.read_text()
            for i in range(4):
                text = text.replace(f'/r_{i}"', f'/r_{i}.HEIC"')
            path.write_text(text)
    with pytest.raises(DataError, match=r"\.HEIC is HEIC, which is not read: convert the photogr"):
        scene.load()


def test_heic_that_is_called_jpg(scene):
    scene.rewrite(lambda image: UNREAD[".heic"][0] + bytes(50), ".jpg")
    with pytest.raises(DataError, match=r"\.jpg is HEIC, which is not read: convert the photogr"):
        scene.load()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".ppm"])
def test_one_truncated_test_image(scene, suffix):
    """Found when the split is made, which the engine does before it trains."""
    scene.rewrite(lambda image: encode(image[..., :3], suffix), suffix)
    test = scene.load("test")
    name = test.cameras.names[-1]
    (path,) = [
        p
        for p in scene.folder.rglob(f"{name}{suffix}")
        if "mask" not in p.parts and ("test" in p.parts or scene.kind != "blender")
    ]
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=rf"{name}{suffix} cannot be decoded: .* truncated"):
        scene.load("test")


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind != "dtu"])
def test_alpha_of_0_and_1(tmp_path, kind):
    """DTU's alpha is its masks', see below."""
    scene = Scene(kind, tmp_path / "scene")
    scene.rewrite(lambda image: pillow((image // [1, 1, 1, 255]).astype(np.uint8), "PNG"), ".png")
    with pytest.raises(
        DataError,
        match=r"alpha is .nearly. 0 everywhere in all \d+ images, .*\.png, where it is at most 1",
    ):
        scene.load().sample(8, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_masks_of_0_and_1(tmp_path, dtype):
    scene = Scene("dtu", tmp_path / "scene")
    right = {s: pixels(DTUDataset(str(scene.folder), split=s)) for s in ("train", "test")}
    for path in (scene.folder / "mask").iterdir():
        mask = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        assert cv2.imwrite(str(path), (mask > 0).astype(dtype))
    for split, expected in right.items():
        with pytest.warns(UserWarning, match="holds 0 and 1 alone: taken as 0 and") as told:
            found = pixels(DTUDataset(str(scene.folder), split=split))
        np.testing.assert_array_equal(found, expected)
        assert len(told) == 1


@pytest.mark.parametrize("kind", [kind for kind in ALL if kind != "dtu"])
@pytest.mark.parametrize("tag", [6, 8])
def test_photographs_that_lie_on_their_side(tmp_path, kind, tag):
    """The scene speaks of upright pictures; the files hold what the sensor saw."""
    upright, side = Scene(kind, tmp_path / "upright"), Scene(kind, tmp_path / "side")
    upright.rewrite(lambda image: pillow(image[:, 2:14], "PNG"), ".png")
    side.rewrite(lambda image: pillow(lying(image[:, 2:14], tag), "PNG", tag), ".png")
    for one in (upright, side):
        add_declared_size(one, 12, 16)
    for split in ("train", "test"):
        expected = upright.load(split)
        with pytest.warns(UserWarning, match=r"(\d+) of \1 images are turned as .*12x16|24x32"):
            found = side.load(split)
        assert found.cameras.sizes[0].tolist() == [12, 16]
        np.testing.assert_array_equal(found.cameras.intrinsics, expected.cameras.intrinsics)
        np.testing.assert_array_equal(pixels(found), pixels(expected))
        np.testing.assert_array_equal(found.images.image(1), expected.images.image(1))


@pytest.mark.filterwarnings("ignore:.*turned as their orientation tag says")
@pytest.mark.parametrize("kind", ["transforms", "colmap", "nsvf"])
def test_however_small_they_are_made(tmp_path, kind):
    """Of 16 x 14 pixels, 3 x 4 are left: too few to tell what lies and what stands."""
    upright, side = Scene(kind, tmp_path / "upright"), Scene(kind, tmp_path / "side")
    upright.rewrite(lambda image: pillow(image[:, 1:15], "PNG"), ".png")
    side.rewrite(lambda image: pillow(lying(image[:, 1:15], 6), "PNG", 6), ".png")
    for one in (upright, side):
        add_declared_size(one, 14, 16)
    expected, found = (one.load(downscale=4) for one in (upright, side))
    np.testing.assert_array_equal(pixels(found), pixels(expected))


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("tag", [3, 6])
def test_a_tag_alone_turns_nothing(tmp_path, kind, tag):
    alike(tmp_path, kind, lambda image: pillow(image, "PNG", tag), ".png")
    if kind in ("transforms", "colmap", "llff", "dtu", "nsvf"):
        shutil.rmtree(tmp_path / "other")
        shutil.rmtree(tmp_path / "plain")
        alike(tmp_path, kind, lambda image: pillow(image, "TIFF", tag), ".tif")
