"""Cases of proposal sampling, of nerfacto's sizes: intervals drawn and widened, losses of weights, median depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import jittor as jt
import numpy as np

from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.cases.registry import CASES, Case, with_gradient
from jnerf.ops.distortion import distortion
from jnerf.ops.interlevel import interlevel, interlevel_blurred
from jnerf.ops.median_depth import median_depth
from jnerf.ops.step_resample import Steps, make_spacing, step_resample
from jnerf.ops.step_widen import step_widen

_PROPOSED, _FINAL = 96, 48  # intervals per ray of nerfacto's last proposal, and of its field
_NEAR, _FAR = 0.05, 1000.0


def _steps(n_rays: int, n: int) -> list[jt.Var]:
    """Starts, ends, weights and packed info of n intervals on each ray, in normalised distance."""
    random = np.random.default_rng(n)
    edges = np.sort(random.random((n_rays, n - 1)), axis=1)
    edges = np.pad(edges, ((0, 0), (1, 1)), constant_values=(0, 1)).astype(np.float32)
    weights = random.random((n_rays, n)).astype(np.float32) / n
    packed = np.stack([np.arange(n_rays) * n, np.full(n_rays, n)], axis=1).astype(np.int32)
    arrays = edges[:, :-1].ravel(), edges[:, 1:].ravel(), weights.ravel(), packed
    found = [jt.array(a) for a in arrays]
    jt.sync(found)
    return found


def _n_rays(inputs: Inputs) -> int:
    """Rays with as many intervals as the other cases have samples."""
    return max(inputs.n_samples // _FINAL, 1)


@CASES.of("step_resample")
def _step_resample(inputs: Inputs) -> Iterator[Case]:
    n_rays, spacing = _n_rays(inputs), make_spacing("piecewise")
    earlier = Steps(*_steps(n_rays, _PROPOSED)[:3])

    def run() -> list[jt.Var]:
        found = step_resample(n_rays, _FINAL, spacing, _NEAR, _FAR, earlier=earlier, step=1)
        return [found.t_starts, found.t_ends]

    yield Case(f"{_FINAL} of {_PROPOSED} per ray", "sample", n_rays * _FINAL, run)


@CASES.of("step_widen")
def _step_widen(inputs: Inputs) -> Iterator[Case]:
    n_rays = _n_rays(inputs)
    starts, ends, weights, _ = _steps(n_rays, _PROPOSED)

    def run() -> list[jt.Var]:
        return list(step_widen(starts, ends, weights, n_rays, 0.0025))

    yield Case(f"{_PROPOSED} per ray", "sample", n_rays * _PROPOSED, run)


@CASES.of("interlevel")
def _interlevel(inputs: Inputs) -> Iterator[Case]:
    n_rays = _n_rays(inputs)
    proposal, field = _steps(n_rays, _PROPOSED), _steps(n_rays, _FINAL)

    def of(loss: Callable[[], jt.Var]) -> Callable[[], list[jt.Var]]:
        return lambda: with_gradient(loss(), [proposal[2]])

    size = f"{_PROPOSED} against {_FINAL} per ray"
    yield Case(size, "ray", n_rays, of(lambda: interlevel(proposal, field)))
    yield Case(f"{size}, blurred", "ray", n_rays, of(lambda: interlevel_blurred(proposal, field, 0.03)))


@CASES.of("distortion")
def _distortion(inputs: Inputs) -> Iterator[Case]:
    n_rays = _n_rays(inputs)
    steps = _steps(n_rays, _FINAL)
    yield Case(
        f"{_FINAL} per ray", "ray", n_rays, lambda: with_gradient(distortion(*steps), [steps[2]])
    )


@CASES.of("median_depth")
def _median_depth(inputs: Inputs) -> Iterator[Case]:
    n_rays = _n_rays(inputs)
    starts, ends, weights, packed = _steps(n_rays, _FINAL)
    yield Case(
        f"{_FINAL} per ray", "ray", n_rays, lambda: [median_depth(weights, starts, ends, packed)]
    )
