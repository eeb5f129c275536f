"""The judge of views: which views, which pixels, and which metrics it has where."""

import math
from dataclasses import replace
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from photographs import edit, load, make_photographs

from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.judging.judgement import Subject
from jnerf.judging.views import _over, judge_views, spaced_views, views_to_judge
from jnerf.metrics.optional import Measure, MetricAbsent, OptionalMetrics, load_metrics
from jnerf.report.pictures import panels


def test_views_are_spaced_evenly():
    assert spaced_views(5, None) == spaced_views(5, 9) == [0, 1, 2, 3, 4]
    assert spaced_views(200, 5) == [0, 50, 100, 149, 199]
    assert spaced_views(7, 1) == [0]
    with pytest.raises(ConfigError, match="evaluation.n_images is 0"):
        spaced_views(3, 0)


def test_a_split_without_views_says_what_to_do():
    nothing = SimpleNamespace(n_images=0)
    with pytest.raises(ConfigError, match="has no views of this split .* evaluation.at_end=False"):
        views_to_judge(nothing, None)


class _Painter(Subject):
    """Knows the truth in the middle of the views, and is wrong around it by as much as it can be."""

    def __init__(self, dataset, radius):
        self.truths = iter([dataset.view(i).rgba() for i in range(dataset.n_images)])
        y, x = np.mgrid[0:16, 0:16] + 0.5
        self.middle = ((x - 8.5) ** 2 + (y - 7.5) ** 2 <= radius**2)[..., None]

    def image(self, rows, width, height):
        color, alpha = np.split(next(self.truths) / np.float32(255), [3], axis=2)
        wrong = np.where(color * alpha < 0.5, np.float32(1), np.float32(0))
        colors = np.where(self.middle, color * alpha, wrong)
        alpha = np.where(self.middle, alpha, 0)[..., 0]
        return Image(colors, alpha, np.zeros_like(alpha))

    def render(self, rays):
        raise NotImplementedError


def test_pixels_that_show_nothing_do_not_count(tmp_path):
    scene = make_photographs(tmp_path / "scene")
    whole = load(scene, split="test")
    judged = judge_views(whole, _Painter(whole, 7))
    assert judged.mean["psnr"] < 20 and "pixels" not in judged.protocol
    edit(scene, lambda data: data.update(fisheye_crop_radius=7))
    cut = load(scene, split="test")
    judged = judge_views(cut, _Painter(cut, 7))
    assert judged.mean["psnr"] == judged.mean["psnr_white"] == math.inf
    assert judged.mean["ssim"] == pytest.approx(1)
    assert judged.protocol["pixels"] == "of 2 views only those that the lens shows"
    assert judge_views(cut, _Painter(cut, 6)).mean["psnr"] < 30


def test_views_whose_names_make_one_file_name_have_files_of_their_own(tmp_path):
    views = load(make_photographs(tmp_path / "scene"), split="test")
    whole = [replace(views.view(i), name=name) for i, name in enumerate(["frame (1)", "frame_1"])]
    views.view = lambda i: whole[i]
    rows = judge_views(views, _Painter(views, 7), folder=tmp_path / "test").rows
    assert [row["files"] for row in rows] == ["00000_frame_1", "00001_frame_1"]
    for item, view in zip(rows, whole, strict=True):
        truth = cv2.cvtColor(panels(tmp_path / "test", item)["truth"], cv2.COLOR_BGR2RGB)
        assert np.abs(truth - _over(view.rgba(), 0).astype(int)).max() == 0


def test_optional_metrics_are_of_the_test_with_pictures_and_absent_ones_say_why(
    tmp_path, monkeypatch
):
    def missing():
        raise MetricAbsent("it is not installed")

    far = Measure(lambda a, b, where=None: float(np.abs(a - b).max()), "the farthest pixel")
    small = Measure(lambda a, b, where=None: {}["size"], "fails")
    loaders = {"far": far, "small": small}
    loaders = {name: lambda found=found: found for name, found in loaders.items()}
    found = load_metrics(loaders | {"lost": missing, "broken": lambda: 1 / 0})
    monkeypatch.setattr("jnerf.judging.views.optional_metrics", lambda: OptionalMetrics(*found))
    scene = load(make_photographs(tmp_path / "scene"), split="test")
    judged = judge_views(scene, _Painter(scene, 7), folder=tmp_path / "test")
    assert {row["far"] for row in judged.rows} <= {
        judged.mean["far"],
        1.0,
    } and "lost" not in judged.mean
    assert judged.protocol["far"] == "the farthest pixel"
    assert judged.protocol["absent"] == {
        "lost": "it is not installed",
        "broken": "ZeroDivisionError: division by zero",
        "small": "KeyError: 'size'",
    }
    assert "small" not in judged.mean and "small" not in judged.protocol
    on_the_way = judge_views(scene, _Painter(scene, 7))
    assert set(on_the_way.mean) == {"psnr", "psnr_white", "ssim"}
    assert "absent" not in on_the_way.protocol and on_the_way.mean["ssim"] == judged.mean["ssim"]


def test_depth_is_judged_where_it_is_known_in_world_units(tmp_path):
    scene = make_photographs(tmp_path / "scene")
    views = load(scene, split="test")
    size = views.view(0).height, views.view(0).width

    class Far(_Painter):
        def image(self, rows, width, height):
            image = super().image(rows, width, height)
            return Image(image.colors, image.opacities, np.full(size, 0.66, np.float32))

    assert "depth_rmse" not in judge_views(views, Far(views, 9)).mean
    truth = np.zeros(size, np.float32)
    truth[0], truth[1] = 0.33, 0.6
    views.depth_of = lambda i: truth
    judged = judge_views(views, Far(views, 9))
    assert judged.mean["depth_abs_rel"] == pytest.approx((1 + 0.1) / 2, rel=1e-5)
    errors = np.array([0.33, 0.06]) / views.transform.scale
    assert judged.mean["depth_rmse"] == pytest.approx(np.sqrt((errors**2).mean()), rel=1e-5)
    assert judged.mean["depth_delta1"] == 0.5
    assert "world units" in judged.protocol["depth"]
    views.depth_of = lambda i: truth if i else 0 * truth
    assert "depth_rmse" not in judge_views(views, Far(views, 9)).mean  # not of all views
