"""COLMAP scenes: what becomes rays, what is held out, and what is said of broken ones."""

import json

import cv2
import numpy as np
import pytest
from colmap_scenes import Model, tiny_model, write_images, write_model, write_scene
from scenes import ring_poses

from jnerf.datasets.cameras.lenses import OpenCVLens
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.errors import ConfigError, DataError
from jnerf.registry import DATASETS

AS_IT_IS = {"auto_orient": False, "auto_centre": False, "auto_scale": False, "scale": 0.33}


@pytest.fixture
def scene(tmp_path):
    return write_scene(tmp_path / "ball")


@pytest.mark.parametrize("suffix", [".txt", ".bin"])
def test_cameras_and_colours(tmp_path, suffix):
    """The ball is found where its poses say, whichever kind the files are."""
    root = write_scene(tmp_path / "ball", suffix=suffix, sparse="sparse")
    dataset = DATASETS.build({"type": "COLMAPDataset", "root": str(root), "holdout": 0, **AS_IT_IS})
    poses = ring_poses(9)
    np.testing.assert_allclose(dataset.cameras.c2w[:, :, :3], poses[:, :3, :3], atol=1e-6)
    eyes = poses[:, :3, 3] * 0.33 + 0.5
    np.testing.assert_allclose(dataset.cameras.c2w[:, :, 3], eyes, atol=1e-6)
    assert dataset.cameras.names[4] == "view_4" and dataset.facts()["n_images"] == 9
    batch = dataset.sample(300, 0)
    rays_o, rays_d = batch.rays.rays_o.numpy(), batch.rays.rays_d.numpy()
    to_middle = 0.5 - rays_o
    nearest = np.linalg.norm(
        to_middle - (to_middle * rays_d).sum(1, keepdims=True) * rays_d, axis=1
    )
    hit = batch.rgba.numpy()[:, 3] == 1
    np.testing.assert_array_equal(hit, nearest < 0.33)


def test_every_eighth_image_is_held_out(scene):
    train, test = (COLMAPDataset(str(scene), split=split) for split in ("train", "test"))
    assert test.cameras.names == ("view_0", "view_8") and train.n_images == 7
    assert set(train.cameras.names).isdisjoint(test.cameras.names)
    assert COLMAPDataset(str(scene), split="val", holdout=3).cameras.names[1] == "view_3"
    # Both splits are in one and the same field.
    assert train.transform.to_dict() == test.transform.to_dict()
    assert (train.near, train.far, train.aabb.tolist()) == (test.near, test.far, test.aabb.tolist())


def test_scene_is_put_into_the_field(tmp_path):
    """Turned, moved and scaled by any similarity, the scene ends up in the same place."""
    model, moved = tiny_model(), tiny_model()
    turn = cv2.Rodrigues(np.array([0.4, -0.9, 0.3]))[0]
    change = np.eye(4)
    change[:3] = np.column_stack([turn, [5.0, -3, 2]])
    for i, (name, camera, pose, ids) in enumerate(model.images):
        pose = change @ pose
        pose[:3, 3] *= 7
        moved.images[i] = (name, camera, pose, ids)
    moved.points = {k: 7 * (turn @ x + change[:3, 3]) for k, x in model.points.items()}
    plain = COLMAPDataset(str(write_scene(tmp_path / "a", model)), holdout=0)
    found = COLMAPDataset(str(write_scene(tmp_path / "b", moved)), holdout=0)
    assert found.transform.scale == pytest.approx(plain.transform.scale / 7)
    eyes = found.cameras.c2w[:, :, 3]
    np.testing.assert_allclose(eyes.mean(axis=0), 0.5, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(eyes - 0.5, axis=1), 0.5, atol=1e-5)
    np.testing.assert_allclose(found.cameras.c2w[:, :, 1].mean(axis=0)[:2], 0, atol=1e-6)
    np.testing.assert_allclose([found.near, found.far], [plain.near, plain.far], rtol=1e-6)
    np.testing.assert_allclose(found.aabb, plain.aabb)


def test_near_far_and_box_from_the_points(scene):
    dataset = COLMAPDataset(str(scene), **AS_IT_IS)
    # The ball of radius 1 is seen from sqrt(17) away; points at its rim are 4 away.
    assert 0.5 * 0.33 * 3.12 < dataset.near < 0.5 * 0.33 * 3.3
    assert 2 * 0.33 * 3.9 < dataset.far < 2 * 0.33 * 4.1
    assert dataset.aabb.tolist() == [0.0] * 3 + [1.0] * 3
    chosen = COLMAPDataset(str(scene), near=0.1, far=9.0, aabb_scale=4, **AS_IT_IS)
    assert (chosen.near, chosen.far, chosen.aabb[5]) == (0.1, 9.0, 2.5)


def test_images_of_another_size(tmp_path):
    model = tiny_model(size=16)
    root = write_scene(tmp_path / "ball", model)
    write_images(root / "images_big", model, scale=2)
    plain = COLMAPDataset(str(root), holdout=0)
    big = COLMAPDataset(str(root), images="images_big", holdout=0)
    assert big.cameras.sizes[0].tolist() == [32, 32] and big.view(0).rgba().shape == (32, 32, 4)
    np.testing.assert_allclose(big.cameras.intrinsics, plain.cameras.intrinsics * 2)
    back = COLMAPDataset(str(root), images="images_big", holdout=0, downscale=2)
    np.testing.assert_allclose(back.cameras.intrinsics, plain.cameras.intrinsics)
    assert back.view(0).rgba().shape == (16, 16, 4)
    # 16 pixels are no multiple of 3: what is left is rounded, and the intrinsics follow.
    third = COLMAPDataset(str(root), holdout=0, downscale=3)
    assert third.cameras.sizes[0].tolist() == [5, 5]
    np.testing.assert_allclose(third.cameras.intrinsics, plain.cameras.intrinsics * 5 / 16)
    cv2.imwrite(str(root / "images" / "view_3.png"), np.zeros((16, 24, 3), np.uint8))
    with pytest.raises(DataError, match="view_3.png is 24x16 pixels, .* camera 3 16x16: .* scaled"):
        COLMAPDataset(str(root), holdout=0)


def test_cameras_of_several_kinds(tmp_path):
    model = tiny_model()
    focal = model.cameras[3][3][0]
    model.cameras[5] = ("OPENCV", 24, 24, (1.5 * focal, 1.5 * focal, 12, 12, 0.1, 0, 0, 1e-3))
    model.images[2] = (model.images[2][0], 5, *model.images[2][2:])
    dataset = COLMAPDataset(str(write_scene(tmp_path / "ball", model)), holdout=0)
    assert dataset.cameras.sizes[1:4].tolist() == [[16, 16], [24, 24], [16, 16]]
    assert isinstance(dataset.cameras.lens.lenses[1], OpenCVLens)
    assert len(dataset.sample(50, 0).rays) == 50 and dataset.view(2).rgba().shape == (24, 24, 4)


def test_lens_that_cannot_be_inverted_names_the_image(tmp_path):
    model = tiny_model()
    model.cameras[3] = ("SIMPLE_RADIAL", 16, 16, (10.0, 8, 8, -0.9))
    root = write_scene(tmp_path / "ball", model)
    with pytest.raises(DataError, match="^view_1: OpenCVLens with k1 = -0.9.* cannot be inverted"):
        COLMAPDataset(str(root))


def test_names_are_short_where_they_can_be(tmp_path):
    model = tiny_model(4)
    model.images = [
        (f"{side}/0.{suffix}", *image[1:])
        for image, (side, suffix) in zip(
            model.images,
            [("left", "png"), ("right", "png"), ("up", "png"), ("up", "bmp")],
            strict=True,
        )
    ]
    root = write_scene(tmp_path / "ball", model)
    names = COLMAPDataset(str(root), holdout=0).cameras.names
    assert names == ("left_0.png", "right_0.png", "up_0.bmp", "up_0.png")
    names = COLMAPDataset(str(root), holdout=3, split="train").cameras.names
    assert names == ("right_0", "up_0")


def test_masks_remove_rays(scene):
    (scene / "masks").mkdir()
    half = np.zeros((16, 16), np.uint8)
    half[:, :8] = 255
    for i in range(9):
        name = f"view_{i}.png.png" if i % 2 else f"view_{i}.png"
        if i != 4:
            cv2.imwrite(str(scene / "masks" / name), half)
    images, x, _ = COLMAPDataset(str(scene), holdout=0).draw_pixels(2000, 0)
    assert x[images != 4].max() == 7 and x[images == 4].max() == 15
    assert COLMAPDataset(str(scene), holdout=0, masks=False).draw_pixels(2000, 0)[1].max() == 15
    for path in (scene / "masks").iterdir():
        path.rename(path.with_name("x" + path.name))
    with pytest.raises(DataError, match="mask for none of 7 images: .* would be view_1.png.png"):
        COLMAPDataset(str(scene))


@pytest.mark.parametrize("split", ["train", "test"])
def test_pixels_that_masks_leave_out_need_no_direction(tmp_path, split):
    """A barrel whose corners no direction falls on: they are masked, and count neither in training nor in tests."""
    model = tiny_model(size=64)
    # x - 0.3 x^3 turns back at 0.70, or 28 pixels from the middle.
    model.cameras[3] = ("OPENCV", 64, 64, (40.0, 40.0, 32.0, 32.0, -0.3, 0, 0, 0))
    scene = write_scene(tmp_path, model)
    with pytest.raises(DataError, match="view_.: OpenCVLens with k1 = -0.3.* cannot be inverted"):
        COLMAPDataset(str(scene), split=split)
    y, x = np.mgrid[0:64, 0:64] - 31.5
    inside = x * x + y * y <= 27**2
    (scene / "masks").mkdir()
    for i in range(9):
        cv2.imwrite(str(scene / "masks" / f"view_{i}.png"), inside * np.uint8(255))
    data = COLMAPDataset(str(scene), split=split)
    np.testing.assert_array_equal(data.view(1).shown(), inside)
    with pytest.raises(DataError, match="cannot be inverted"):
        COLMAPDataset(str(scene), split=split, masks=False)


def test_missing_images(scene):
    for i in (2, 5):
        (scene / "images" / f"view_{i}.png").unlink()
    message = "2 of 9 images are missing in .*images: view_2.png, view_5.png"
    with pytest.raises(DataError, match=f"{message}.* dataset.missing='drop'"):
        COLMAPDataset(str(scene))
    with pytest.warns(UserWarning, match=f"{message}; they are left out"):
        dataset = COLMAPDataset(str(scene), missing="drop")
    assert dataset.cameras.names == tuple(f"view_{i}" for i in (1, 3, 4, 6, 7, 8))
    with pytest.raises(DataError, match="9 of 9 images .* Did you mean 'images'"):
        COLMAPDataset(str(scene), images="imges", missing="drop")


def test_unreadable_image(scene):
    path = scene / "images" / "view_3.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="view_3.png cannot be decoded"):
        COLMAPDataset(str(scene)).sample(8, 0)


def test_no_points_to_measure_by(tmp_path):
    model = tiny_model()
    model.points = {}
    model.images = [(*image[:3], []) for image in model.images]
    root = str(write_scene(tmp_path / "ball", model))
    with pytest.raises(DataError, match="no points .* dataset.aabb_scale"):
        COLMAPDataset(root)
    with pytest.raises(DataError, match="observe no points .* give dataset.near and dataset.far"):
        COLMAPDataset(root, aabb_scale=2.0, near=0.1)
    assert COLMAPDataset(root, aabb_scale=2.0, near=0.1, far=3.0).far == 3


def _one_image(model: Model):
    model.images = model.images[:1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_one_image, "no image is left for split 'train': there are 1, and every 8th"),
        (lambda m: m.cameras.update({3: ("FOV", 16, 16, (9.0, 9, 8, 8, 1))}), "the model FOV"),
        (lambda m: m.cameras.update({3: ("PINHOLE", 16, 16, (9.0, -9, 8, 8))}), "view_1: intrin"),
        (lambda m: m.images.clear(), "lists no image"),
    ],
)
def test_broken_models(scene, change, message):
    model = tiny_model()
    change(model)
    write_model(scene / "sparse" / "0", model, ".txt")
    with pytest.raises(DataError, match=message):
        COLMAPDataset(str(scene))


def test_no_model(scene):
    (scene / "sparse" / "0" / "cameras.txt").unlink()
    with pytest.raises(DataError, match="no COLMAP model found: looked for cameras.bin"):
        COLMAPDataset(str(scene))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "tset"}, "split must be train, val or test, got 'tset'"),
        ({"holdout": 1}, "holdout must be 2 or more, or 0"),
        ({"near": 2.0, "far": 1.0}, "near < far must hold, got near=2.0, far=1.0"),
        ({"near": 50.0}, r"near < far must hold, got near=50.0, far=[\d.]+"),
        ({"scale": -1.0}, "scale must be positive, got -1"),
        ({"aabb_scale": 0.0}, "aabb_scale must be positive"),
        ({"downscale": 0}, "downscale must be 1 or more"),
    ],
)
def test_arguments_out_of_range(scene, arguments, message):
    with pytest.raises(ConfigError, match=message):
        COLMAPDataset(str(scene), **arguments)


def test_fox_as_a_colmap_model(data_root, tmp_path):
    """A real capture and its lens, written as COLMAP would: rays agree with OpenCV's undistortion."""
    folder = data_root / "fox"
    if not folder.is_dir():
        pytest.skip(f"no fox scene in {data_root}")
    file = json.loads((folder / "transforms.json").read_text())
    frames = [f for f in file["frames"] if (folder / f["file_path"]).is_file()][:9]
    keys = ("fl_x", "fl_y", "cx", "cy", "k1", "k2", "p1", "p2")
    params = tuple(file[key] for key in keys)
    model = Model({1: ("OPENCV", int(file["w"]), int(file["h"]), params)})
    model.points = {1: np.zeros(3), 2: np.full(3, 0.2)}
    poses = np.array([frame["transform_matrix"] for frame in frames])
    model.images = [
        (frame["file_path"], 1, pose, [1, 2]) for frame, pose in zip(frames, poses, strict=True)
    ]
    write_model(tmp_path / "sparse", model, ".bin")
    dataset = COLMAPDataset(str(tmp_path), images=str(folder), holdout=0, **AS_IT_IS)
    assert dataset.n_images == 9 and dataset.view(0).rgba().shape == (1920, 1080, 4)
    random = np.random.default_rng(0)
    x, y = (random.random((2, 200)).T * dataset.cameras.sizes[0]).astype(int).T
    matrix = np.array([[params[0], 0, params[2]], [0, params[1], params[3]], [0, 0, 1]])
    plane = getattr(cv2, "undistortPointsIter", cv2.undistortPoints)(  # OpenCV 5 has one of the two
        np.stack([x, y], axis=1)[:, None] + 0.5, matrix, np.array(params[4:]), R=None, P=None,
        criteria=(cv2.TERM_CRITERIA_COUNT, 100, 0),
    )[:, 0]  # fmt: skip
    order = np.argsort([frame["file_path"] for frame in frames])
    for i in range(9):
        local = np.column_stack([plane * [1, -1], -np.ones(200)])
        expected = local @ poses[order[i], :3, :3].T
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        found = dataset.cameras.generate_rays(np.full(200, i), x, y)[1]
        np.testing.assert_allclose(found, expected, atol=2e-6)


def test_axes_of_the_cameras_around_the_points(tmp_path):
    root = str(write_scene(tmp_path / "ball"))
    up, principal = (
        COLMAPDataset(root, around="points", auto_frame=frame) for frame in ("up", "principal")
    )
    assert not np.allclose(up.transform.rotation, principal.transform.rotation)
    cameras = COLMAPDataset(root, auto_frame="principal")
    np.testing.assert_allclose(principal.transform.rotation, cameras.transform.rotation)


def test_a_model_that_lies_elsewhere(tmp_path):
    root = write_scene(tmp_path / "ball")
    (root / "sparse").rename(tmp_path / "elsewhere")
    dataset = COLMAPDataset(str(root), sparse=str(tmp_path / "elsewhere" / "0"))
    assert dataset.summary()["source"] == (tmp_path / "elsewhere" / "0").as_posix()
