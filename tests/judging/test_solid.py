"""The judge of meshes: what it says of fields whose errors are known."""

from dataclasses import dataclass

import jittor as jt
import numpy as np
import pytest
from meshes import CUBE, CUBE_FACES, cube_distance, torus

from jnerf.datasets.mesh.solid import Solid
from jnerf.datasets.mesh.triangles import Triangles
from jnerf.datasets.mesh.truth import Truth
from jnerf.datasets.placement.similarity import Similarity
from jnerf.errors import ConfigError
from jnerf.judging.judgement import Subject
from jnerf.judging.solid import Judging, compare_surfaces, compare_volumes, judge_solid
from jnerf.samplers.field import Field

HOW = Judging(2**14, 4000, 16)
BOX = np.float32([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])


def truth_of(mesh=(CUBE, CUBE_FACES)):
    return Truth(Solid(Triangles(*mesh), "normals"), Similarity(0.5, translation=(0.5,) * 3), BOX)


class Cubes(Field):
    """A cube of the field with an edge of its own."""

    def __init__(self, edge):
        self.edge = edge

    def density(self, positions):
        raise NotImplementedError

    def sdf(self, positions):
        return jt.array(np.float32(cube_distance(positions.numpy() - 0.5, self.edge / 2)))


@dataclass
class Model(Subject):
    field: Field
    n_parameters: int = 7

    def image(self, rows, width, height):
        raise NotImplementedError

    def render(self, rays):
        raise NotImplementedError

    def surface(self, resolution):
        return 0.5 + self.field.edge * CUBE, CUBE_FACES


@dataclass
class WithoutSurface(Model):
    def surface(self, resolution):
        return Subject.surface(self, resolution)


def test_the_truth_itself_is_perfect(tmp_path):
    found = judge_solid(truth_of(), Model(Cubes(0.5)), HOW, "cube", tmp_path)
    assert found.mean["iou"] == 1 and found.mean["mae_near"] < 1e-6
    assert found.mean["chamfer_l1"] < 1e-6 and found.mean["nae"] < 0.1
    assert found.rows[0]["name"] == "cube" and found.unit == "shape"
    protocol = found.protocol
    assert protocol["volume_points"] == 2**14 and protocol["parameters"] == 7
    assert protocol["volume_box"] == pytest.approx(BOX.tolist(), abs=1e-6)


def test_a_cube_that_is_too_large(tmp_path):
    """Of edges 0.5 and 0.52: volumes, and the distance between parallel faces, are known."""
    found = judge_solid(truth_of(), Model(Cubes(0.52)), HOW, "cube", tmp_path)
    assert found.mean["iou"] == pytest.approx((0.5 / 0.52) ** 3, abs=0.01)
    assert found.mean["mae_near"] == pytest.approx(0.01, rel=0.1)
    assert found.mean["chamfer_l1"] == pytest.approx(0.01, rel=0.05)
    assert found.mean["nae"] < 8  # of points on its edges, either face of the other is nearest


def test_on_the_way_there_is_no_surface():
    found = judge_solid(truth_of(), Model(Cubes(0.5)), HOW, "cube", None)
    assert set(found.mean) == {"iou", "mae_near"}


def test_a_field_without_a_surface_is_judged_all_the_same(tmp_path):
    found = judge_solid(truth_of(), WithoutSurface(Cubes(0.5)), HOW, "cube", tmp_path)
    assert set(found.mean) == {"iou", "mae_near"}
    assert found.protocol["left_out"].startswith("chamfer_l1, nae: ")


def test_angles_between_surfaces():
    """A torus and itself turned inside out: every normal is the opposite one."""
    truth = truth_of(torus())
    same = compare_surfaces(truth, truth.vertices, truth.faces, 500)
    assert same["chamfer_l1"] < 1e-6 and same["nae"] < 1
    turned = compare_surfaces(truth, truth.vertices, truth.faces[:, ::-1], 500)
    assert turned["nae"] > 179


def test_where_nothing_is_inside_they_agree():
    assert compare_volumes(np.ones(3), np.ones(3)) == {"iou": 1.0}


def test_fewer_points_on_the_way():
    fewer = HOW.thinned(16)
    assert (fewer.volume_points, fewer.surface_points) == (2**10, 250)
    with pytest.raises(ConfigError, match="surface_points is 0"):
        Judging(surface_points=0)
