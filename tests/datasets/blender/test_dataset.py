"""Blender scenes: what is read, what is drawn, and what is said of broken ones."""

import json
import resource
import shutil
import time

import numpy as np
import pytest
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.errors import ConfigError, DataError


@pytest.fixture
def scene(tmp_path):
    return make_tiny_blender(tmp_path / "ball")


def edit(scene, change, split="train"):
    """Lets ``change`` alter the parsed scene file."""
    path = scene / f"transforms_{split}.json"
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_facts(scene):
    dataset = BlenderDataset(str(scene), aabb_scale=2, near=0.1)
    facts = dataset.facts()
    assert facts["aabb"].tolist() == [-0.5] * 3 + [1.5] * 3 and facts["aabb"].dtype == np.float32
    assert facts["n_images"] == len(facts["cameras"]) == 4 and facts["near"] == 0.1
    eye = np.array(json.loads((scene / "transforms_train.json").read_text())["frames"][2]
                   ["transform_matrix"])[:3, 3]  # fmt: skip
    np.testing.assert_allclose(facts["cameras"].c2w[2, :, 3], eye * 0.33 + 0.5, rtol=1e-6)
    np.testing.assert_allclose(dataset.transform.points(eye), eye * 0.33 + 0.5)


def test_batch_holds_the_truth_at_its_pixels(scene):
    """Each ray of a batch is found again, with its colour, among the rays of its image's view."""
    dataset = BlenderDataset(str(scene), seed=5)
    batch = dataset.sample(64, step=9)
    images = batch.rays.image_indices.numpy()
    assert np.bincount(images, minlength=4).tolist() == [16] * 4
    for i in range(4):
        view = dataset.view(i)
        rays = view.rays()
        assert rays.image_indices.numpy().tolist() == [i] * 256
        here = images == i
        cosine = batch.rays.rays_d.numpy()[here] @ rays.rays_d.numpy().T
        pixel = cosine.argmax(axis=1)
        assert cosine.max(axis=1).min() > 1 - 1e-6
        truth = view.rgba().reshape(-1, 4)[pixel] / 255
        np.testing.assert_allclose(batch.rgba.numpy()[here], truth, atol=1e-6)
        np.testing.assert_array_equal(
            batch.rays.rays_o.numpy()[here], rays.rays_o.numpy()[: here.sum()]
        )


def test_draws_depend_on_seed_and_step_alone(scene):
    def drawn(seed, step):
        return np.stack(BlenderDataset(str(scene), seed=seed).draw_pixels(1000, step))

    np.testing.assert_array_equal(drawn(1, 7), drawn(1, 7))
    assert (drawn(1, 7) != drawn(1, 8)).any() and (drawn(1, 7) != drawn(2, 7)).any()
    dataset = BlenderDataset(str(scene), seed=1)
    dataset.sample(10, 3)  # what was drawn before must not matter
    np.testing.assert_array_equal(dataset.draw_pixels(1000, 7), drawn(1, 7))


def test_draws_cover_every_pixel_evenly(scene):
    dataset = BlenderDataset(str(scene))
    counts = np.zeros((4, 16, 16), int)
    for step in range(16):
        i, x, y = dataset.draw_pixels(4096, step)
        np.add.at(counts, (i, y, x), 1)
    assert counts.min() > 0
    # 64 expected in each of 1024 cells: chi-square has mean 1023, standard deviation 45.
    assert 1023 - 5 * 45 < ((counts - 64) ** 2 / 64).sum() < 1023 + 5 * 45


def test_fewer_rays_than_images_still_reach_all_images(scene):
    dataset = BlenderDataset(str(scene))
    assert {int(dataset.draw_pixels(1, step)[0][0]) for step in range(60)} == {0, 1, 2, 3}


def test_view_rows_are_row_major(scene):
    view = BlenderDataset(str(scene), split="test").view(1)
    assert (view.name, view.width, view.height) == ("r_1", 16, 16)
    whole, rows = view.rays(), view.rays(3, 5)
    assert len(rows) == 32 and rows.image_indices is None
    np.testing.assert_array_equal(rows.rays_d.numpy(), whole.rays_d.numpy()[48:80])
    with pytest.raises(IndexError, match="view 4 of split 'test', which has 4"):
        view.dataset.view(4)


def test_downscale_keeps_the_field_of_view(scene):
    full, half = BlenderDataset(str(scene)), BlenderDataset(str(scene), downscale=2)
    assert half.cameras.sizes.tolist() == [[8, 8]] * 4 and half.view(0).rgba().shape == (8, 8, 4)
    points = np.array([[0.5, 0.5, 0.5], [0.6, 0.45, 0.55]])
    np.testing.assert_allclose(
        half.cameras.project(points, 3).xy, full.cameras.project(points, 3).xy / 2, rtol=1e-5
    )
    with pytest.raises(DataError, match="16x16 pixels cannot be divided by downscale=3"):
        BlenderDataset(str(scene), downscale=3)


def test_intrinsics_of_file_and_frame(scene):
    def change(data):
        data.update(fl_x=20.0, fl_y=21.0, cx=7.0, w=16, h=16)
        data["frames"][1]["fl_x"] = 30.0

    edit(scene, change)
    found = BlenderDataset(str(scene)).cameras.intrinsics
    assert found[0].tolist() == [20, 21, 7, 8] and found[1].tolist() == [30, 21, 7, 8]


def _set(key, value, frame=1):
    return lambda data: data["frames"][frame].__setitem__(key, value)


def _pose(change):
    def apply(data):
        matrix = data["frames"][1]["transform_matrix"]
        data["frames"][1]["transform_matrix"] = change(np.array(matrix)).tolist()

    return apply


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("frames"), r"train.json has no frames: .* found keys camera_angle_x"),
        (lambda d: d.update(frames=[]), r"has no frames: .* found an empty list"),
        (lambda d: d.pop("camera_angle_x"), "frame 0 './train/r_0': no focal length"),
        (lambda d: d.update(camera_angle_x=4.0), r"'camera_angle_x' must be in \(0, pi\), got 4.0"),
        (lambda d: d.update(fl_x="20"), "'fl_x' must be a number, got '20'"),
        (lambda d: d.update(k1=0.1), "k1 = 0.1: BlenderDataset reads pinhole images only"),
        (lambda d: d.update(is_fisheye=True), "is fisheye, .* dataset.type to TransformsDataset"),
        (lambda d: d.update(latlong=True), "is equirectangular, .* dataset.type to TransformsDataset"),
        (lambda d: d.update(camera_model="OPENCV_FISHEYE"), "is fisheye, .* TransformsDataset"),
        (lambda d: d.update(orthographic=True), "'orthographic' means an orthographic camera"),
        (lambda d: d["frames"][1].pop("file_path"), "frame 1 has no 'file_path'"),
        (lambda d: d["frames"][1].pop("transform_matrix"), r"r_1': 'transform_matrix' must be"),
        (_set("transform_matrix", [[1, 2], [3]]), "must be a 4x4 .* matrix of numbers"),
        (_set("file_path", "./train/r_0"), "two frames name the image"),
        (_set("file_path", "./train/r_7"), r"r_7.png is missing \(1 of the 4 .* Did you mean"),
        (_pose(lambda m: m * np.nan), "frame 1 './train/r_1': the pose holds NaN"),
        (_pose(lambda m: m * 0), "frame 1 './train/r_1': .* singular"),
        (_pose(lambda m: m @ np.diag([1, 1, -1, 1])), "r_1': .* mirrors"),
        (_pose(lambda m: m + [[0, 0, 0, 99]]), "r_1': the camera stands .* lower dataset.scale"),
    ],
)
def test_broken_scene_file(scene, change, message):
    edit(scene, change)
    with pytest.raises(DataError, match=message):
        BlenderDataset(str(scene))


def test_broken_json_names_line_and_column(scene):
    path = scene / "transforms_train.json"
    path.write_text(path.read_text()[:40])
    with pytest.raises(DataError, match=r"transforms_train.json:\d+:\d+: not valid json"):
        BlenderDataset(str(scene))
    path.write_text("[]")
    with pytest.raises(DataError, match="expected a json object .* found a list"):
        BlenderDataset(str(scene))


def test_missing_split_lists_what_is_there(scene):
    with pytest.raises(
        DataError, match="transforms_tset.json not found. .* 'transforms_test.json'"
    ):
        BlenderDataset(str(scene), split="tset")


def test_missing_scene_says_where_it_looked(scene, monkeypatch):
    monkeypatch.setenv("JNERF_DATA", str(scene.parent))
    assert BlenderDataset("ball").n_images == 4
    message = f"'bal' not found: looked for {scene.parent}/bal. .* holds: ball. Did you mean 'ball'"
    with pytest.raises(DataError, match=message):
        BlenderDataset("bal")
    monkeypatch.delenv("JNERF_DATA")
    monkeypatch.chdir(scene.parent)
    with pytest.raises(DataError, match="JNERF_DATA is not set.*set JNERF_DATA to the folder"):
        BlenderDataset("nowhere")
    shutil.copytree(scene, scene.parent / "data" / "ball")
    assert BlenderDataset("ball").n_images == 4


def test_image_of_another_size(scene):
    (scene / "train" / "r_2.png").write_bytes(
        (make_tiny_blender(scene.parent / "other", size=12) / "train" / "r_2.png").read_bytes()
    )
    dataset = BlenderDataset(str(scene))
    with pytest.raises(DataError, match="r_2.png: expected an image of 16x16 .* found 12x12"):
        dataset.sample(8, 0)


def test_truncated_image(scene):
    path = scene / "train" / "r_3.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="r_3.png cannot be decoded"):
        BlenderDataset(str(scene)).sample(8, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, "scale must be positive, got 0"),
        ({"offset": (0.5, 0.5)}, "offset must be three numbers"),
        ({"aabb_scale": -1}, "aabb_scale must be positive"),
        ({"near": 2.0, "far": 1.0}, "near < far must hold, got near=2.0, far=1.0"),
        ({"downscale": 0}, "downscale must be 1 or more"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        BlenderDataset(str(scene), **arguments)


@pytest.fixture(scope="module")
def lego(data_root):
    folder = data_root / "nerf_synthetic" / "lego"
    if not folder.is_dir():
        pytest.skip(f"no lego scene in {data_root}")
    return BlenderDataset(str(folder.absolute()), seed=1337)


def test_lego_first_ray_golden(lego):
    """Computed by hand from the first transform_matrix and camera_angle_x = 0.6911112."""
    assert lego.n_images == 100
    rays_o, rays_d = lego.cameras.generate_rays([0], [0], [0])
    eye = np.array([-0.05379832, 3.84547043, 1.20808232]) * 0.33 + 0.5
    np.testing.assert_allclose(rays_o[0], eye, rtol=1e-6)
    edge = 399.5 / (400 / np.tan(0.3455556035))
    rows = [[-0.99990219, 0.00419225, -0.01334572],
            [-0.01398868, -0.29965907, 0.95394367],
            [0.0, 0.95403719, 0.29968831]]  # fmt: skip
    expected = np.array(rows) @ [-edge, edge, -1]
    np.testing.assert_allclose(rays_d[0], expected / np.linalg.norm(expected), atol=1e-6)


def test_lego_fits_in_300_mb_and_draws_quickly(lego):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lego.sample(30_000, 0)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert lego.images.pixels.nbytes == 256_000_000 and grown < 300e6
    times = []
    for step in range(1, 12):
        start = time.process_time()
        lego.sample(30_000, step)
        times.append(time.process_time() - start)
    assert min(times) < 0.02  # 3 ms when nothing else runs


def test_the_first_steps_may_come_from_the_middle_of_the_images(scene):
    dataset = BlenderDataset(str(scene), crop_steps=3, crop_fraction=0.5)
    size = dataset.cameras.sizes[0, 0]
    for step in range(5):
        _, x, y = dataset.draw_pixels(4096, step)
        low, high = (size // 4, size - size // 4) if step < 3 else (0, size)
        assert [x.min(), y.min(), x.max() + 1, y.max() + 1] == [low, low, high, high]


@pytest.mark.parametrize("steps, fraction", [(-1, 0.5), (5, 0.0), (5, 1.5)])
def test_a_crop_that_is_none(scene, steps, fraction):
    with pytest.raises(ConfigError, match="crop_steps is .* and crop_fraction"):
        BlenderDataset(str(scene), crop_steps=steps, crop_fraction=fraction)
