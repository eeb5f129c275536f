"""Principal points given as fractions, and focal lengths that are not in pixels."""

import warnings

import numpy as np
import pytest
from captures import FOCAL, SIZE, facing_poses, make_llff, make_nsvf
from colmap_scenes import tiny_model, write_scene
from photographs import edit, load, make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.cameras.units import in_pixels
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.llff.dataset import LLFFDataset
from jnerf.datasets.nsvf.dataset import NSVFDataset

SIZES = np.array([[800, 600], [800, 600]])


def said(intrinsics, sizes=SIZES, **arguments):
    return in_pixels(np.array(intrinsics, float), sizes, ["first", "second"], **arguments).tolist()


def test_pixels_stay_as_they_are():
    rows = [[700, 700, 400, 300], [200, 140, 1.5, 900.0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert said(rows) == rows
        assert (
            said([[9, 9, 0.5, 0.5]] * 2, sizes=np.array([[1, 1], [4, 4]])) == [[9, 9, 0.5, 0.5]] * 2
        )
        assert (
            said([[90, 90, 400, 300]] * 2, bent=np.array([True, True])) == [[90, 90, 400, 300]] * 2
        )


def test_fractions_become_pixels():
    with pytest.warns(
        UserWarning, match=r"second: .* \[0.49, 0.51\] .* of 800x600 .* as for 1 of 2"
    ):
        found = said([[700, 700, 400, 300], [700, 700, 0.49, 0.51]])
    np.testing.assert_allclose(found[1], [700, 700, 392, 306])
    with pytest.warns(UserWarning, match="fractions"):
        np.testing.assert_allclose(said([[700, 700, 0.49, 300]] * 2)[0], [700, 700, 392, 300])


def test_millimetres_are_said():
    with pytest.warns(
        UserWarning, match="first: a focal length of 35 pixels .* of 170 degrees .*2 of 2"
    ):
        assert said([[35, 35, 400, 300]] * 2) == [[35, 35, 400, 300]] * 2


def transforms(tmp_path, focal, centre):
    scene = make_photographs(tmp_path / "t")
    edit(scene, lambda d: d.update(fl_x=focal, fl_y=focal, cx=centre, cy=centre))
    return load(scene)


def blender(tmp_path, focal, centre):
    scene = make_tiny_blender(tmp_path / "b")
    numbers = {"fl_x": focal, "cx": centre, "cy": centre}
    edit(scene, lambda d: d.update(numbers), "transforms_train.json")
    return BlenderDataset(str(scene))


def nsvf(tmp_path, focal, centre, tail=""):
    scene = make_nsvf(tmp_path / "n")
    (scene / "intrinsics.txt").write_text(f"{focal} {centre} {centre} 0\n0 0 0\n{tail}")
    return NSVFDataset(str(scene))


def nsvf_of_a_size(tmp_path, focal, centre):
    twice = 2 * centre if centre > 1 else centre
    return nsvf(tmp_path, 2 * focal, twice, f"{2 * SIZE} {2 * SIZE}\n")


def colmap(tmp_path, focal, centre):
    model = tiny_model(size=SIZE)
    model.cameras[3] = ("SIMPLE_PINHOLE", SIZE, SIZE, (focal, centre, centre))
    return COLMAPDataset(str(write_scene(tmp_path / "c", model)))


FORMATS = [transforms, blender, nsvf, nsvf_of_a_size, colmap]


@pytest.mark.parametrize("make", FORMATS)
def test_fractions_in_every_format(tmp_path, make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        expected = make(tmp_path / "right", FOCAL, 0.5 * SIZE).cameras.intrinsics
    with pytest.warns(UserWarning, match="fractions of width and height"):
        found = make(tmp_path / "fractions", FOCAL, 0.5).cameras.intrinsics
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("make", FORMATS)
def test_millimetres_in_every_format(tmp_path, make):
    with pytest.warns(UserWarning, match="If it is in millimetres"):
        found = make(tmp_path, 0.1 * SIZE, 0.5 * SIZE).cameras.intrinsics
    np.testing.assert_allclose(found[:, 0], 0.1 * SIZE, rtol=1e-6)


def test_millimetres_in_poses_bounds(tmp_path):
    scene = make_llff(tmp_path, facing_poses(9))
    table = np.load(scene / "poses_bounds.npy")
    table[:, 14] = 3.0
    np.save(scene / "poses_bounds.npy", table)
    with pytest.warns(UserWarning, match="row 0: a focal length of 3 pixels in an image of 32x32"):
        LLFFDataset(str(scene), downscale=2, space="bounded")
