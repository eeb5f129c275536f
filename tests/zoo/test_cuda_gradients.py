"""Gradients of every parameter with our CUDA sources, run on the CPU, against the CPU's own in fp32.

Weights stay as they are, so that steps do not drift apart. Of each gradient two numbers are judged. The length of its
error relative to its own: rounding by a share u moves about 10 u of all ReLUs to their other side, and what each
of them carried is lost or won, so that up to sqrt(10 u) is to be expected: 0.14 with bf16 (u = 2^-9), 0.05 with fp16
(2^-12), 1e-3 with fp32. And its slope, how much of the right gradient is in it: flips cancel there, but a share that
is left out, or counted twice, does not.

``JNERF_CUDA_ON_HOST=1`` takes every method (six minutes of a core, compiling included), else one is taken.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from cuda_mode import ARCHITECTURES, cuda_sources
from cuda_trainings import ALL, TINY, WIDE, exactly
from gradients_of import after, gradients

from jnerf.benchmark.methods.form import small_form

# (error, error of the slope) of what is multiplied in a precision.
BOUNDS = {"fp32": (6e-3, 2e-3), "fp16": (0.06, 5e-3), "bf16": (0.2, 0.03)}
# Layers wider than the fused kernels round all activations to bf16, whatever 16 bits are asked for, and NeuS's colours
# see normals, which are derivatives.
WIDE_BOUNDS = {"fp32": (6e-3, 2e-3), "fp16": (0.25, 0.1), "bf16": (0.25, 0.1)}
# Of distances at 32 points, what is left to learn is small beside what is rounded. NeuS with a background has ten
# layers more, with sharp ends.
OWN = {("sdf_torus_small", p): (0.4, 0.2) for p in ("fp16", "bf16")}
OWN |= {("nglod_armadillo_small", p): (0.4, 0.3) for p in ("fp16", "bf16")}
OWN |= {("neus_scan24", "fp32"): (0.03, 2e-3)}
# Of weights that have learned: densities are no longer all alike, and a sample that is kept or not counts.
LEARNED = {"nerf_lego": (0.03, 6e-3), "neus_scan24": (0.03, 6e-3)}
STEPS = 16
WHOLE = bool(os.environ.get("JNERF_CUDA_ON_HOST"))
FILES = ALL if WHOLE else ALL[:1]


def small(file, folder, precision):
    """The config of a few steps; those of the grid's first updates are among them."""
    return small_form(file, STEPS + 3, folder, exactly(precision, file), **TINY)


def compared(cpu, cuda):
    """Parameter of a step -> (error, error of the slope), where there is more than one number."""
    found = {}
    for name, mine in cpu.items():
        right, given = np.float64(mine).ravel(), np.float64(cuda[name]).ravel()
        assert given.shape == right.shape and np.isfinite(given).all(), name
        if name.endswith("sizes"):  # rays, samples: on the edge of being kept
            assert np.abs(given - right)[:2].max() <= 3, name
        elif right.size > 1:
            length = right @ right
            if not length:
                assert not given.any(), name
                continue
            error = given - right
            found[name] = np.sqrt(error @ error / length), abs(given @ right / length - 1)
    assert found
    return found


def judge(found, bounds):
    """Fails with the worst that is outside of the bounds."""
    for k, what in enumerate(("error", "slope")):
        worst = max(found, key=lambda name: found[name][k])
        assert found[worst][k] < bounds[k], f"{what} of gradient {worst}: {found[worst][k]:.1e}"


@pytest.mark.parametrize("precision", BOUNDS if WHOLE else ["fp16"])
@pytest.mark.parametrize("file", FILES)
def test_first_gradients_are_the_cpus(file, precision, tmp_path):
    cpu = gradients(small(file, tmp_path, "fp32"))
    with cuda_sources():
        cuda = gradients(small(file, tmp_path, precision))
    bounds = (WIDE_BOUNDS if file in WIDE else BOUNDS)[precision]
    judge(compared(cpu, cuda), OWN.get((file, precision), bounds))


@pytest.mark.parametrize("file", FILES)
def test_gradients_after_some_steps_are_the_cpus(file, tmp_path):
    config = small(file, tmp_path, "fp32")
    start = after(config, STEPS)
    cpu = gradients(config, start)
    with cuda_sources():
        cuda = gradients(config, start)
    judge(compared(cpu, cuda), LEARNED.get(file, BOUNDS["fp32"]))


@pytest.mark.parametrize("precision", BOUNDS if WHOLE else ["fp32"])
@pytest.mark.parametrize("arch", ARCHITECTURES if WHOLE else [90])
def test_every_architecture_has_the_cpus_gradients(arch, precision, tmp_path):
    cpu = gradients(small(ALL[0], tmp_path, "fp32"))
    with cuda_sources(arch):
        cuda = gradients(small(ALL[0], tmp_path, precision))
    found = compared(cpu, cuda)
    judge(found, BOUNDS[precision])
    exact = max(error for error, _ in found.values()) < 6e-3
    # Turing has no bf16, so that float takes its place; nowhere else may 16 bits be as good as 32.
    assert exact == (precision == "fp32" or (arch, precision) == (75, "bf16"))
