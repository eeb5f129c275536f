"""What is fitted to a test picture: an exposure by least squares, an appearance by steps, on its left half."""

import json
from dataclasses import replace
from pathlib import Path

import jittor as jt
import numpy as np
import pytest

from jnerf.config import load_config
from jnerf.config.check import check
from jnerf.engine.checkpoints.asked import load_for_task
from jnerf.engine.checkpoints.state import restore
from jnerf.engine.pipeline.build import build_pipeline
from jnerf.engine.rendering.fitted_views import ViewFit, fit_appearance, fit_exposure, view_fit
from jnerf.engine.rendering.fitting import fitted
from jnerf.engine.rendering.image import render_image
from jnerf.engine.run import run
from jnerf.engine.run_folder import RunFolder
from jnerf.errors import ConfigError
from jnerf.imaging.image import Image
from jnerf.imaging.srgb import to_linear, to_srgb
from jnerf.judging.judgement import StopRequested
from jnerf.metrics import psnr

NGP = Path(__file__).parents[3] / "projects/ngp/configs/ngp_embedded.py"
SMALL = [
    "dataset.n_train=10",
    "dataset.n_test=2",
    "dataset.resolution=32",
    "dataset.disturb=dict(stops=0.8)",
    "network.appearance=2",
    "sampler.target_samples=8192",
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=12",
    "encoder.pos_encoder.max_resolution=64",
    "exp_name=run",
    "report=False",
    "total_steps=150",
]


def test_numbers_find_their_way_downhill():
    right = np.float64([[0.3, -0.2]])
    found = fitted(np.zeros((1, 2)), lambda x, step: 2 * (x - right), 200, 0.02)
    np.testing.assert_allclose(found, right, atol=1e-3)


def picture(factors, alpha=255):
    random = np.random.default_rng(0)
    colors = random.uniform(0.1, 0.5, (12, 16, 3)).astype(np.float32)
    truth = np.full((12, 16, 4), alpha, np.uint8)
    light = to_linear(colors) * np.float32(factors)
    truth[..., :3] = np.round(255 * to_srgb(light))
    image = Image(colors, np.ones((12, 16), np.float32), np.ones((12, 16), np.float32))
    return image, truth


def test_an_exposure_is_a_factor_of_each_channel_by_the_pixels_that_count():
    image, truth = picture([2.0, 1.0, 0.5])
    left, right = ViewFit("exposure").halves(16, 12, None)
    assert left[:, :8].all() and not left[:, 8:].any() and (right == ~left).all()
    truth[:, 8:] = 255  # what is not to be looked at
    found = fit_exposure(image, truth, left).colors
    light = to_linear(image.colors) * np.float32([2, 1, 0.5])
    np.testing.assert_allclose(found, to_srgb(light), atol=3e-3)
    dark = Image(0 * image.colors, image.opacities, image.depths)
    assert not fit_exposure(dark, truth, left).colors.any()


def test_halves_leave_out_what_the_lens_does_not_show():
    shown = np.zeros((4, 6), bool)
    shown[1] = True
    left, right = ViewFit("exposure").halves(6, 4, shown)
    assert left.sum() == right.sum() == 3 and not (left & right).any()
    whole, measured = ViewFit("exposure", "whole").halves(6, 4, shown)
    assert (whole == shown).all() and measured is shown
    assert ViewFit("exposure", "whole").halves(6, 4, None)[1] is None


def test_an_appearance_is_fitted_at_the_end_alone():
    evaluation = {"fit": "appearance", "fit_steps": 7}
    assert view_fit(evaluation, True) == ViewFit("appearance", steps=7)
    assert view_fit(evaluation, False).what == "none"
    assert view_fit({"fit": "exposure", "fit_part": "whole"}, False).part == "whole"
    assert view_fit({}, True).protocol == {}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run whose network has an appearance, on photographs of different exposures."""
    save = tmp_path_factory.mktemp("fitted")
    config = load_config(NGP, [*SMALL, f"save_dir={save}", "evaluation.fit=exposure"])
    run(config, "train")
    return save


def judged(save, *overrides):
    run(load_config(NGP, [*SMALL, f"save_dir={save}", *overrides]), "test")
    return json.loads((save / "run/test/metrics.json").read_text())


def test_metrics_say_what_was_fitted_and_differ(trained):
    first = json.loads((trained / "run/test/metrics.json").read_text())
    assert first["protocol"]["test_fit"] == (
        "exposure of each view by least squares in linear light, a factor for each channel, to its left half; metrics "
        "on its right half"
    )
    assert judged(trained, "evaluation.fit=exposure")["mean"] == first["mean"]
    whole = judged(trained, "evaluation.fit=exposure", "evaluation.fit_part=whole")
    assert whole["protocol"]["test_fit"].endswith("to all of its pixels")
    settings = {"evaluation.fit": "exposure", "evaluation.fit_part": "whole"}
    assert whole["protocol"]["judged_with"] == settings
    plain = judged(trained)
    assert not {"test_fit", "judged_with"} & set(plain["protocol"])
    assert len({run["mean"]["psnr"] for run in (first, whole, plain)}) == 3


def test_an_appearance_that_fits_a_picture_is_found(trained):
    """Of the brightest photograph, which the mean of all images' numbers shows too dark."""
    pipeline = build_pipeline(load_config(NGP, SMALL), training=False)
    restore(pipeline, *load_for_task(RunFolder(trained / "run"), None))
    pipeline.network.eval()
    dataset = pipeline.dataset
    stops = dataset.disturbance.exposures(dataset.n_images, dataset.seed)
    view = dataset.view(int(stops[:, 0].argmax()))
    fit = ViewFit("appearance", steps=30, lr=0.1, rays=400)
    left, right = fit.halves(32, 32, None)
    numbers = fit_appearance(pipeline, view, left, fit, lambda: False)

    def rows(first, end):
        return replace(view.rays(first, end), image_indices=None)

    def error(numbers):
        with pipeline.network.appearance.worn(numbers):
            found = render_image(pipeline, rows, 32, 32).colors
        rgba = view.rgba() / np.float32(255)
        return psnr(found[right], (rgba[..., :3] * rgba[..., 3:])[right])

    resting = jt.array(pipeline.network.appearance.resting())
    assert error(numbers) > error(resting) + 0.5
    with pytest.raises(StopRequested):
        fit_appearance(pipeline, view, left, fit, lambda: True)


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ConfigError, match="evaluation.fit is 'appearance', but network NGPNetwork"):
        build_pipeline(
            load_config(NGP, [*SMALL, "network.appearance=0", "evaluation.fit=appearance"])
        )
    with pytest.raises(ConfigError, match="expected 'none' or 'exposure' or 'appearance'"):
        check(load_config(NGP, ["evaluation.fit=exposures"]))
