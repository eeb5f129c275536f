"""The renderer of signed distances: equation 13, its gradients, where it puts the surface."""

import jittor as jt
import numpy as np
import pytest

from jnerf.errors import ConfigError
from jnerf.models.renderers.neus import NeuSRenderer
from jnerf.ops.surface_density.reference import falling, section_density
from jnerf.structures import FieldOutput, RayBundle, RaySamples


def phi(x, s):
    return 1 / (1 + np.exp(-s * x))


def plane(n=64, s=200.0, tilt=0.0, length=1.0):
    """One ray along x towards the plane x = 0.5, tilted; (samples, output) and its cosine."""
    edges = np.linspace(0, length, n + 1, dtype=np.float32)
    middle = (edges[1:] + edges[:-1]) / 2
    normal = np.float32([-np.cos(tilt), np.sin(tilt), 0])
    sdf = (0.5 - middle) * np.cos(tilt)
    rays = RayBundle(jt.zeros((1, 3)), jt.array(np.float32([[1, 0, 0]])))
    packing = np.zeros(n, np.int32), np.int32([[0, n]])
    samples = RaySamples(rays, *map(jt.array, (edges[:-1], edges[1:], *packing)))
    output = FieldOutput(
        rgbs=jt.array(np.tile(np.float32([0.2, 0.4, 0.6]), (n, 1))),
        extras={
            "sdf": jt.array(sdf.astype(np.float32)[:, None]),
            "normals": jt.array(np.tile(normal, (n, 1))),
            "sharpness": jt.array(np.float32([[s]])),
        },
    )
    return samples, output


def test_alphas_are_those_of_equation_13():
    random = np.random.default_rng(0)
    sdf, slope = random.uniform(-0.05, 0.05, 500), -random.uniform(0, 1.2, 500)
    lengths, s = random.uniform(1e-3, 0.02, 500), 300.0
    alpha = 1 - np.exp(-section_density(sdf, slope, lengths, s) * lengths)
    start, end = sdf - slope * lengths / 2, sdf + slope * lengths / 2
    expected = np.maximum((phi(start, s) - phi(end, s)) / phi(start, s), 0)
    np.testing.assert_allclose(alpha, expected, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize("tilt", [0.0, 1.0])
def test_weight_lies_on_the_surface(tilt, device):
    samples, output = plane(n=100, s=800.0, tilt=tilt)
    render = NeuSRenderer()(samples, output)
    assert render.opacities.item() == pytest.approx(1, abs=1e-3)
    assert render.depths.item() == pytest.approx(0.5, abs=0.01)
    np.testing.assert_allclose(render.colors.numpy(), [[0.2, 0.4, 0.6]], atol=1e-3)
    normal = [[-np.cos(tilt), np.sin(tilt), 0]]
    np.testing.assert_allclose(render.extras["normals"].numpy(), normal, atol=1e-3)
    assert render.extras["gradients"].shape == [100, 3] and "inside" not in render.extras
    assert NeuSRenderer.provides == {
        "colors",
        "opacities",
        "depths",
        "weights",
        "trans",
        "normals",
        "gradients",
    }


def test_a_ray_that_leaves_the_object_sees_nothing():
    samples, output = plane()
    away = FieldOutput(
        rgbs=output.rgbs,
        extras=output.extras | {"sdf": -output.extras["sdf"], "normals": -output.extras["normals"]},
    )
    assert NeuSRenderer()(samples, away).opacities.item() == 0


def test_a_background_adds_its_density():
    samples, output = plane(n=10, s=800.0)
    inside = np.float32([1] * 4 + [0] * 6)[:, None]  # the plane lies behind the fifth
    extras = output.extras | {"inside": jt.array(inside), "outside": jt.array((1 - inside) * 3)}
    render = NeuSRenderer()(samples, FieldOutput(rgbs=output.rgbs, extras=extras))
    assert render.opacities.item() == pytest.approx(1 - np.exp(-3 * 0.6), rel=1e-3)
    np.testing.assert_array_equal(render.extras["inside"].numpy(), inside)


def test_the_cosine_is_annealed():
    cosine = np.array([-1, -0.5, 0, 0.5, 1])
    np.testing.assert_allclose(falling(cosine, 1.0), [-1, -0.5, 0, 0, 0])
    np.testing.assert_allclose(falling(cosine, 0.0), [-1, -0.75, -0.5, -0.25, 0])
    renderer = NeuSRenderer(anneal_steps=10)
    found = []
    for step in (0, 5, 10, 20):
        renderer.update(step)
        found.append(renderer.annealed)
    assert found == [0, 0.5, 1, 1] and NeuSRenderer().annealed == 1


def test_wrong_arguments_are_named():
    with pytest.raises(ConfigError, match="anneal_steps is -1; it must be at least 0"):
        NeuSRenderer(anneal_steps=-1)
