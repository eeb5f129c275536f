import gc

import imageio.v2 as imageio
import numpy as np
import pytest

from jnerf.datasets.cameras.cameras import Cameras
from jnerf.engine.rendering.orbit import orbit, up_axis
from jnerf.engine.run import run
from jnerf.errors import JnerfError

AABB = np.float32([-1, -1, -1, 3, 3, 3])


def cameras_on_dome(up, n=40, radius=4.0, elevation=0.5):
    """Cameras that look at the middle of AABB from one height above the horizon of ``up``."""
    up = np.asarray(up, float) / np.linalg.norm(up)
    east = np.cross(up, [0.3, 0.5, 0.8])
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    angles = 2 * np.pi * np.arange(n)[:, None] / n
    back = (
        np.cos(elevation) * (np.cos(angles) * east + np.sin(angles) * north)
        + np.sin(elevation) * up
    )
    right = np.cross(up, back)
    right /= np.linalg.norm(right, axis=1, keepdims=True)
    c2w = np.stack([right, np.cross(back, right), back, 1 + radius * back], axis=-1)
    return Cameras(c2w, np.tile([80.0, 80.0, 50.0, 40.0], (n, 1)), np.tile([100, 80], (n, 1)))


@pytest.mark.parametrize("up", [(0, 0, 1), (0, 1, 0), (0, 0, -1), (1, 2, 3)])
def test_the_orbit_follows_the_training_cameras(up):
    cameras = cameras_on_dome(up)
    unit = np.asarray(up) / np.linalg.norm(up)
    assert np.allclose(up_axis(cameras), unit, atol=1e-5)
    path = orbit(cameras, AABB, 12, 64, 32)
    offsets = path.c2w[:, :, 3] - 1
    assert np.allclose(np.linalg.norm(offsets, axis=1), 4.0, atol=1e-4)
    assert np.allclose(offsets @ unit / 4, np.sin(0.5), atol=1e-4)
    for i in range(12):
        seen = path.project(
            [[1.0, 1.0, 1.0]], i
        )  # the middle of the box is the middle of the picture
        assert seen.visible[0] and np.allclose(seen.xy[0], [32, 16], atol=1e-3)
    # All the way round, in equal steps, and with the training cameras' vertical field of view.
    gaps = np.linalg.norm(offsets - np.roll(offsets, 1, axis=0), axis=1)
    assert np.allclose(gaps, gaps[0], atol=1e-4)
    assert path.intrinsics[0, 1] == pytest.approx(80 / 80 * 32)


def test_cameras_straight_above():
    down = np.concatenate([np.eye(3), [[1.0], [1.0], [5.0]]], axis=1)[None]
    above = Cameras(down, np.array([[50.0, 50, 32, 32]]), np.array([[64, 64]]))
    assert np.isfinite(orbit(above, AABB, 5, 32, 32).c2w).all()


def test_the_render_task_writes_a_film_of_colour_and_depth(tiny, folder):
    run(tiny("total_steps=30"), "train")
    done = run(tiny("render.width=40", "render.height=33", "render.n_frames=6"), "render")
    assert done["files"] == [str(folder / "render/orbit.mp4"), str(folder / "render/orbit.gif")]
    for file in done["files"]:
        frames = imageio.mimread(file)
        assert len(frames) == 6
        assert frames[0].shape[:2] == (32, 80)  # even height, colour and depth side by side
    colour, depth = frames[0][:, :40, :3], frames[0][:, 40:, :3]
    assert colour.max() > 5 and depth.max() > 5 and not np.array_equal(colour, depth)


def test_a_folder_that_cannot_be_written(tiny, folder):
    run(tiny(), "train")
    (folder / "render").write_text("a file in the way")
    with pytest.raises(JnerfError, match="cannot write .*orbit.mp4"):
        run(tiny("render.n_frames=1"), "render")


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_full_disk_is_told_once(tiny, folder):
    run(tiny("total_steps=1"), "train")
    (folder / "render").mkdir()
    (folder / "render/orbit.gif").symlink_to("/dev/full")
    with pytest.raises(JnerfError, match="cannot write .*orbit.gif: .*No space left on device"):
        run(tiny("render.n_frames=2"), "render")
    gc.collect()  # a writer that is thrown away would try again
