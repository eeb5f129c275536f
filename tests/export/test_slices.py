"""Slices show what the field says at places of the world."""

import jittor as jt
import numpy as np
import pytest
from mesh_fields import TURNED, DensityBall, SdfBall, pipeline

from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.export.slice_pictures import color_pictures, value_pictures
from jnerf.export.slices import SliceOptions, slices
from jnerf.structures import FieldOutput

SMALL = Similarity(0.25, translation=(0.5, 0.5, 0.5))


def get(network, transform=SMALL, **options):
    return slices(pipeline(network, transform), SliceOptions(**options), transform, False)


@pytest.mark.parametrize("axis, right, up", [("x", 1, 2), ("y", 0, 2), ("z", 0, 1)])
def test_distances_in_world_units(axis, right, up):
    (found,) = get(SdfBall((0.5, 0.6, 0.7), 0.2), axis=axis, at=[0.1], resolution=40)
    assert found.values.shape == (40, 40) and found.kind == "sdf" and found.extent == (-2, 2) * 2
    at = np.empty((40, 40, 3))
    at[..., "xyz".index(axis)] = 0.1
    at[..., right] = -2 + (np.arange(40) + 0.5) * 0.1
    at[..., up] = (2 - (np.arange(40) + 0.5) * 0.1)[:, None]
    expected = np.linalg.norm(at - [0, 0.4, 0.8], axis=-1) - 0.8
    np.testing.assert_allclose(found.values, expected, atol=1e-5)


def test_densities_per_world_unit():
    (found,) = get(DensityBall(), at=[0.0], resolution=20)
    field = DensityBall().density(jt.array(np.float32([[0.525, 0.525, 0.5]]))).item()
    assert found.values[9, 10] == pytest.approx(field * 0.25, rel=1e-3)


def test_places_are_spread_evenly_and_colours_are_those_from_above():
    found = get(SdfBall(), count=4, resolution=16)
    assert [part.at for part in found] == [-1.5, -0.5, 0.5, 1.5]
    top = get(SdfBall(), at=[1.2], resolution=16)[0]  # touches the ball from above
    np.testing.assert_allclose(top.colors[7:9, 7:9].mean(axis=(0, 1)), [128, 128, 255], atol=8)


def test_outside_of_a_turned_box_there_is_nothing():
    (found,) = get(SdfBall(), TURNED, at=[0.0], resolution=32)
    assert np.isnan(found.values[0, 0]) and np.isfinite(found.values).any()
    for picture in (value_pictures([found])[0], color_pictures([found])[0]):
        assert (picture == 225).all(axis=2).any()


@pytest.mark.parametrize("network", [SdfBall(), DensityBall()])
def test_pictures_have_a_bar(network):
    found = get(network, count=2, resolution=64)
    first, second = value_pictures(found)
    assert first.shape[0] == second.shape[0] and first.dtype == np.uint8
    assert first.shape[0] > 64 and first.shape[1] > 64 + 16
    with_bar, without = first.shape[1], color_pictures(found)[0]
    assert without.ndim == 3 and with_bar > 80
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 50


class Bare(SdfBall):
    provides = frozenset({"sdf"})

    def execute(self, samples) -> FieldOutput:
        raise AssertionError("it has no colours")


def test_a_field_without_colours_has_values():
    assert get(Bare(), count=1, resolution=8)[0].colors is None


@pytest.mark.parametrize(
    "options, message",
    [
        ({"axis": "w"}, "--axis w: choose x, y or z"),
        ({"resolution": 1}, "--resolution 1"),
        ({"resolution": 10**6}, "--resolution 1000000"),
        ({"count": 0}, "--count 0"),
        ({"at": [float("nan")]}, r"--at \[nan\]"),
        ({"at": [0.0, 7.0]}, r"--at 7: along z the field's box is -2 to 2"),
    ],
)
def test_places_out_of_range(options, message):
    with pytest.raises(ConfigError, match=message):
        get(SdfBall(), **options)
