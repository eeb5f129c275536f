"""``white_transparent`` and ``black_transparent``, as instant-ngp reads them, in both formats that have scene files."""

import cv2
import numpy as np
import pytest
from photographs import edit, load, make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.blender.multiscale import MultiscaleBlenderDataset
from jnerf.errors import DataError


def flatten(folder, colour):
    """Composites the images of a folder onto a colour, without alpha."""
    for path in folder.glob("*.png"):
        image = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        image[image[..., 3] == 0, :3] = colour
        cv2.imwrite(str(path), image[..., :3])


def photographs(tmp_path, colour, keys, **arguments):
    scene = make_photographs(tmp_path)
    if colour is not None:
        flatten(scene / "images", colour)
    edit(scene, lambda d: d.update(keys))
    return load(scene, **arguments)


def blender(tmp_path, colour, keys, **arguments):
    scene = make_tiny_blender(tmp_path)
    if colour is not None:
        flatten(scene / "train", colour)
    edit(scene, lambda d: d.update(keys), "transforms_train.json")
    return BlenderDataset(str(scene), **arguments)


def several_sizes(tmp_path, colour, keys, downscale=1):
    blender(tmp_path, colour, keys)
    return MultiscaleBlenderDataset(str(tmp_path), scales=(1, 2), downscale=downscale)


@pytest.mark.parametrize("make", [photographs, blender, several_sizes])
@pytest.mark.parametrize(("name", "colour"), [("white", 255), ("black", 0)])
@pytest.mark.parametrize("downscale", [1, 2])
def test_a_colour_is_empty(tmp_path, make, name, colour, downscale):
    right = make(tmp_path / "alpha", None, {}, downscale=downscale)
    keys = {f"{name}_transparent": True}
    found = make(tmp_path / "opaque", colour, keys, downscale=downscale)
    for i in range(right.n_images):
        alpha, expected = found.view(i).rgba()[..., 3], right.view(i).rgba()[..., 3]
        assert (alpha == expected).all() and 0 < alpha.mean() < 255
    off = make(tmp_path / "off", colour, {f"{name}_transparent": False}, downscale=downscale)
    assert (off.view(0).rgba()[..., 3] == 255).all()


def test_both_colours_masks_and_a_frames_own_word(tmp_path):
    scene = make_photographs(tmp_path / "photos")
    for path in (scene / "images").glob("*.png"):
        image = np.full((16, 16, 3), 90, np.uint8)
        image[:4], image[12:] = 255, 0
        cv2.imwrite(str(path), image)
    (scene / "masks").mkdir()
    for i in range(9):
        cv2.imwrite(str(scene / "masks" / f"{i:04d}.png"), np.eye(16, dtype=np.uint8) * 255)
    edit(scene, lambda d: d.update(white_transparent=True, black_transparent=True))
    edit(scene, lambda d: d["frames"][2].update(white_transparent=False))
    dataset = load(scene, holdout=0)
    assert dataset.images.kept.counts.tolist() == [16] * 9  # masks are heeded beside it
    rows = [dataset.view(i).rgba()[:, 0, 3].tolist() for i in (1, 2)]
    assert rows == [[0] * 4 + [255] * 8 + [0] * 4, [255] * 12 + [0] * 4]


def test_neither_true_nor_false(tmp_path):
    scene = make_photographs(tmp_path / "photos")
    edit(scene, lambda d: d.update(white_transparent="white"))
    with pytest.raises(
        DataError, match="frame 1 .*'white_transparent' must be true or false, got 'white'"
    ):
        load(scene)
