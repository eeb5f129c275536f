"""Ranges without a scene: right configs pass, wrong values are told with the line that holds them."""

import re
from pathlib import Path

import pytest

from jnerf.config import find_config, load_config
from jnerf.config.check import check
from jnerf.engine.pipeline.ranges import check_ranges
from jnerf.errors import ConfigError

PICTURES = Path(__file__).resolve().parents[2] / "zoo/user/pictures_config.py"
NOWHERE = "dataset.root=/nowhere"


def checked(path, *overrides):
    config = load_config(path, overrides)
    check(config)
    return check_ranges(config)


CONFIGS = ["ngp_lego", "ngp_fern", "ngp_fox", "neus_scan24", "nerf_lego"]
DEPTH = ["dsnerf_capture", "ngp_tracks_capture", "depth_nerfacto_capture"]


@pytest.mark.parametrize("name", CONFIGS + DEPTH)
def test_configs_are_right_and_need_no_data(name):
    assert checked(find_config(name), NOWHERE)


def with_loss(more):
    return f"loss=dict(_delete_=True, rgb=dict(type='MSELoss'), more=dict({more}))"


@pytest.mark.parametrize(
    ("lines", "at", "message"),
    [
        ("sampler = dict(\n  grid_resolution=64,\n  update_every=0)", 3, "update_every is 0"),
        ("encoder = dict(\n  pos_encoder=dict(\n    n_features=3))", 3, "n_features"),
        ("network = dict(\n  hidden_width=0)", 2, "NGPNetwork: hidden_width is 0"),
        ("ema = dict(\n  decay=2.0)", 2, "decay is 2.0"),
        ("dataset = dict(\n  near=3,\n  far=2)", 2, "0 <= near < far must hold"),
        ("dataset = dict(\n\n  aabb_scale=-1)", 3, "BlenderDataset: aabb_scale must be positive"),
        ("optim = dict(groups=dict(\n  network=dict(frozen=3)))", 1, "frozen is 3"),
    ],
)
def test_a_wrong_value_is_told_with_its_line(tmp_path, lines, at, message):
    path = tmp_path / "mine.py"
    path.write_text(f"{lines}\n_base_ = 'ngp_lego'\n")
    with pytest.raises(ConfigError) as caught:
        checked(path, NOWHERE)
    assert re.search(rf"mine.py:{at}: .*{re.escape(message)}", str(caught.value)), caught.value


def test_a_wrong_value_of_an_override_names_it():
    with pytest.raises(ConfigError, match=r"^override 'network.hidden_width=0': network: NGPNet"):
        checked(find_config("ngp_lego"), NOWHERE, "network.hidden_width=0")


def test_modules_that_do_not_fit_together():
    with pytest.raises(ConfigError, match="requires"):
        checked(find_config("ngp_lego"), NOWHERE, "renderer.type=NeuSRenderer")

    with pytest.raises(ConfigError, match="EikonalLoss requires 'gradients', but renderer Volume"):
        checked(find_config("ngp_lego"), NOWHERE, with_loss("type='EikonalLoss'"))


@pytest.mark.parametrize(
    "more",
    [
        "type='MaskLoss'",
        "type='DepthL1Loss'",
        "type='RayTerminationLoss', weigh_errors=True",
        "type='RayTerminationLoss', widen_errors=True",
        "type='RelativeL2Loss', channel='depths', truth='of_the_scene'",
    ],
)
def test_truths_that_only_the_scene_has_are_no_mistake(more):
    assert checked(find_config("ngp_lego"), NOWHERE, with_loss(more))


def test_without_posed_images_nothing_stands_in():
    assert not checked(PICTURES)
