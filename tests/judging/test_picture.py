"""The judge of pictures: the same numbers as of whole pictures, a part at a time, and JPEG beside them."""

from dataclasses import dataclass

import cv2
import jittor as jt
import numpy as np
import pytest

from jnerf.datasets.image.picture import Picture, Stored
from jnerf.judging import picture as judge
from jnerf.judging.jpeg import best_jpeg
from jnerf.judging.judgement import Subject
from jnerf.metrics import psnr, ssim
from jnerf.structures import RayBundle, RenderOutput

RGB = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 256, (61, 47, 3), np.uint8), (0, 0), 2)


@dataclass
class Copy(Subject):
    """A model that has learnt these colours [N, 3]; pixels are asked for by their numbers."""

    colors: np.ndarray
    n_parameters: int = 1000
    most: int = 0

    def render(self, rays):
        self.most = max(self.most, len(rays))
        ones = jt.ones((len(rays), 1))
        where = rays.rays_o.numpy()[:, 0].astype(int)
        return RenderOutput(jt.array(self.colors[where]), ones, ones, ones, ones)

    def image(self, rows, width, height):
        raise NotImplementedError


def numbered(first, end):
    numbers = np.arange(first, end, dtype=np.float32)[:, None]
    return RayBundle(jt.array(numbers), jt.array(numbers))


def judged(pixels, learnt, folder, space="srgb", full=255.0):
    found = Picture(Stored(pixels, full), space, (0.0, 0.0, 0.0), "test")
    return judge.judge_picture(found, Copy(learnt.reshape(-1, 3)), numbered, "a/b", folder)


@pytest.fixture
def learnt():
    return (RGB / 255 + np.random.default_rng(1).normal(0, 0.02, RGB.shape)).astype(np.float32)


def test_parts_give_the_numbers_of_the_whole(learnt, tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "_AT_ONCE", 100)
    monkeypatch.setattr(judge, "_COMPARED", 100)
    found = judged(RGB, learnt, tmp_path)
    truth = RGB / np.float32(255)
    seen = np.round(np.clip(learnt, 0, 1) * 255) / np.float32(255)
    assert found.mean["psnr"] == pytest.approx(psnr(learnt, truth), abs=1e-4)
    assert found.mean["psnr_8bit"] == pytest.approx(psnr(seen, truth), abs=1e-4)
    assert found.mean["ssim"] == pytest.approx(ssim(seen, truth), abs=1e-6)
    assert found.rows[0]["psnr"] == found.mean["psnr"]
    assert found.protocol["parameters_per_pixel"] == pytest.approx(1000 / (61 * 47), abs=1e-4)
    assert found.protocol["error_full"] == judge._FULL_ERROR
    rate = found.protocol["rate"]
    assert (rate["fp32"]["bytes"], rate["fp16"]["bytes"]) == (4000, 2000)
    for size in rate.values():
        assert size["jpeg"]["bytes"] <= size["bytes"] and size["jpeg"]["psnr"] > 20
    assert rate["fp32"]["jpeg"]["psnr"] >= rate["fp16"]["jpeg"]["psnr"]


def test_pictures_are_written(learnt, tmp_path):
    judged(RGB, learnt, tmp_path / "test")
    read = {path.name: cv2.imread(str(path)) for path in (tmp_path / "test").iterdir()}
    assert sorted(read) == ["a_b.png", "a_b_error.png", "a_b_prediction.png", "a_b_truth.png"]
    np.testing.assert_array_equal(read["a_b_truth.png"][..., ::-1], RGB)
    parts = np.split(read["a_b.png"], 3, axis=1)
    for name, part in zip(("prediction", "truth", "error"), parts, strict=True):
        np.testing.assert_array_equal(part, read[f"a_b_{name}.png"])


def test_large_pictures_are_shown_in_part(learnt, tmp_path, monkeypatch):
    monkeypatch.setattr(judge, "_MOST_KEPT", 100)
    monkeypatch.setattr(judge, "_STRIP", 30)
    found = judged(RGB, learnt, tmp_path)
    assert set(found.mean) == {"psnr"} and "beyond 100 pixels" in found.protocol["left_out"]
    (file,) = tmp_path.iterdir()
    truth = np.split(cv2.imread(str(file)), 3, axis=1)[1]
    np.testing.assert_array_equal(truth[..., ::-1], RGB[::3, ::3])


def test_without_a_folder_there_is_psnr_alone(learnt):
    assert set(judged(RGB, learnt, None).mean) == {"psnr"}
    assert judged(RGB, (RGB / 255).astype(np.float32), None).mean["psnr"] > 120


def test_linear_light_is_judged_by_its_peak_and_shown_as_srgb(tmp_path):
    light = np.full((16, 16, 3), 4.0, np.float32)
    found = judged(light, light - 0.4, tmp_path, "linear", None)
    assert found.protocol["peak"] == 4 and found.mean["psnr"] == pytest.approx(20, abs=1e-3)
    assert (cv2.imread(str(tmp_path / "a_b_truth.png")) == 255).all()


def test_best_jpeg_is_the_largest_that_fits():
    grey = RGB[..., 0]
    found = best_jpeg(grey, 600)
    data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, found.quality + 1])[1]
    assert 50 < found.quality < 80 and found.bytes <= 600 < len(data)
    assert 0 < best_jpeg(RGB, 1500).quality < 100
    assert best_jpeg(grey, 10) is None
    assert best_jpeg(RGB, 10**7).quality == 100


def test_jpeg_says_how_far_off_it_is():
    found = best_jpeg(RGB[..., 0], 10**7)
    data = cv2.imencode(".jpg", RGB[..., 0], [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
    decoded = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert found.psnr == pytest.approx(psnr(decoded[..., None] / 255, RGB[..., :1] / 255), abs=1e-3)
