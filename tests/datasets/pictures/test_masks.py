"""Masks of image files: what is kept, what is drawn, and what is said of broken ones."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from image_files import pillow
from scenes import ring_poses

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.datasets.pictures.images import ImageFiles
from jnerf.datasets.pictures.masks import MaskFile, kept_pixels, mask_runs, read_mask
from jnerf.datasets.placement.similarity import Similarity
from jnerf.datasets.posed import PosedImages
from jnerf.errors import DataError

SIZES = np.array([[8, 6], [5, 3], [8, 6]])


def write(path, image):
    assert cv2.imwrite(str(path), image)
    return path


@pytest.fixture
def paths(tmp_path):
    rng = np.random.default_rng(0)
    shapes = [(h, w, 4) for w, h in SIZES.tolist()]
    images = [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]
    return [write(tmp_path / f"{i}.png", image) for i, image in enumerate(images)]


def dataset(paths, masks, seed=3):
    cameras = Cameras(ring_poses(3)[:, :3], np.tile([9.0, 9, 4, 3], (3, 1)), SIZES)
    images = ImageFiles(paths, SIZES, masks=masks)
    return PosedImages(cameras, images, Similarity(), [0] * 3 + [1] * 3, 0.1, 9, "train", seed)


def drawn(data, n=6000, step=2):
    counts = [np.zeros((h, w), int) for w, h in SIZES.tolist()]
    for i, x, y in np.stack(data.draw_pixels(n, step), axis=1):
        counts[i][y, x] += 1
    return counts


def test_draws_are_uniform_over_what_is_kept(tmp_path, paths):
    keep = np.random.default_rng(1).random((6, 8)) < 0.4
    data = dataset(paths, [write(tmp_path / "m.png", keep * np.uint8(7)), None, None])
    found = drawn(data)
    assert [count.sum() for count in found] == [2000] * 3  # images still take turns
    assert not found[0][~keep].any()
    for counts in (found[0][keep], found[1].reshape(-1)):
        mean = 2000 / counts.size
        chi_square = ((counts - mean) ** 2 / mean).sum()
        assert abs(chi_square - counts.size) < 5 * np.sqrt(2 * counts.size)
    batch = data.sample(100, 4)
    images, x, y = data.draw_pixels(100, 4)
    truth = [data.images.image(i)[v, u] for i, u, v in zip(images, x, y, strict=True)]
    np.testing.assert_allclose(batch.rgba.numpy() * 255, truth, atol=1e-4)


def test_without_masks_the_same_pixels_are_drawn(paths):
    plain, none = dataset(paths, None), dataset(paths, [None] * 3)
    np.testing.assert_array_equal(plain.draw_pixels(500, 7), none.draw_pixels(500, 7))
    # As they were drawn before there were masks.
    found = [part.tolist() for part in plain.draw_pixels(4, 7)]
    assert found == [[2, 0, 1, 2], [1, 6, 2, 2], [4, 2, 2, 4]]


def test_draws_depend_on_seed_and_step_alone(tmp_path, paths):
    masks = [write(tmp_path / "m.png", np.eye(6, 8, dtype=np.uint8)), None, None]

    def draw(seed, step):
        return np.stack(dataset(paths, masks, seed).draw_pixels(500, step))

    np.testing.assert_array_equal(draw(1, 7), draw(1, 7))
    assert (draw(1, 7) != draw(1, 8)).any() and (draw(1, 7) != draw(2, 7)).any()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=6, max_size=6), min_size=1, max_size=5))
def test_runs_name_every_kept_pixel_once(rows):
    keep = np.array(rows, bool)
    keep[0, 0] = True
    kept = kept_pixels([mask_runs(~keep | True), mask_runs(keep)])
    count = int(keep.sum())
    assert kept.counts.tolist() == [keep.size, count]
    pixels = kept.pick(np.full(count, 1), (np.arange(count) + 0.5) / count)
    assert pixels.tolist() == np.flatnonzero(keep).tolist()
    last = kept.pick(np.array([0, 1]), np.full(2, 1 - 2.0**-48))
    assert last.tolist() == [keep.size - 1, int(np.flatnonzero(keep)[-1])]


@pytest.mark.parametrize("kind", ["grey", "deep", "color", "alpha", "grey alpha", "bilevel"])
def test_what_counts_as_set(tmp_path, kind):
    keep = np.random.default_rng(2).random((6, 8)) < 0.5
    image = {
        "grey": keep * np.uint8(1),
        "deep": keep * np.uint16(1),  # would round to 0 as an 8-bit image
        "color": np.dstack([keep * np.uint8(0), keep * np.uint8(200), keep * np.uint8(0)]),
        "alpha": np.dstack([np.full((6, 8, 3), 9, np.uint8), keep * np.uint8(255)]),
        "grey alpha": np.dstack([np.full((6, 8), 9, np.uint8), keep * np.uint8(255)]),
        "bilevel": keep * np.uint8(255),
    }[kind]
    options = [cv2.IMWRITE_PNG_BILEVEL, 1] if kind == "bilevel" else []
    path = tmp_path / ("m.tif" if kind == "grey alpha" else "m.png")
    if kind == "grey alpha":
        path.write_bytes(pillow(image, "TIFF"))
    else:
        assert cv2.imwrite(str(path), image, options)
    np.testing.assert_array_equal(read_mask(MaskFile(path), 8, 6), keep)
    np.testing.assert_array_equal(read_mask(MaskFile(path, keeps_zeros=True), 8, 6), ~keep)


def test_masks_of_other_sizes(tmp_path):
    """A larger mask keeps a pixel only where it keeps all of it; a smaller one is looked up."""
    large = np.full((12, 16), 255, np.uint8)
    large[5, 7] = 0
    keep = read_mask(MaskFile(write(tmp_path / "l.png", large)), 8, 6)
    assert not keep[2, 3] and keep.sum() == 47
    small = np.array([[255, 0, 0, 255]] * 3, np.uint8)
    keep = read_mask(MaskFile(write(tmp_path / "s.png", small)), 8, 6)
    assert keep.tolist() == [[True] * 2 + [False] * 4 + [True] * 2] * 6


def broken(tmp_path, kind):
    path = tmp_path / "m.png"
    if kind == "missing":
        return path
    if kind == "empty file":
        path.write_bytes(b"")
        return path
    shape = (8, 6) if kind == "shape" else (6, 8)
    return write(path, np.full(shape, 0 if kind == "zero" else 255, np.uint8))


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("missing", r"mask: image .*m.png is missing"),
        ("empty file", r"mask: image .*m.png cannot be decoded: its 0 bytes"),
        ("shape", r"m.png is 6x8 pixels, its image 8x6: .* of the same shape"),
        ("zero", r"m.png keeps none of the 48 pixels of its image \(all are zero"),
        ("full", r"m.png keeps none of the 48 pixels of its image \(zero says keep"),
    ],
)
def test_broken_masks(tmp_path, paths, kind, message):
    mask = MaskFile(broken(tmp_path, kind), keeps_zeros=kind == "full")
    with pytest.raises(DataError, match=message):
        dataset(paths, [None, None, mask]).draw_pixels(8, 0)


def test_as_many_masks_as_images(paths):
    with pytest.raises(DataError, match="3 images need as many masks .* got 1"):
        ImageFiles(paths, SIZES, masks=[None])
