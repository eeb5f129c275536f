"""``ways``: kernels for CUDA in each way they can go, on the shapes of a step of Instant-NGP, and which is fastest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import jittor as jt
import numpy as np
from numpy.typing import NDArray

from jnerf.benchmark.cases import CASES, Case, make_inputs
from jnerf.benchmark.cases.inputs import Inputs
from jnerf.benchmark.kernel_clock import KernelClock, settle
from jnerf.benchmark.stats import rounded, stats
from jnerf.benchmark.yardstick import Ceilings, compile_ahead, measure_ceilings
from jnerf.checks.cuda_ways import VARIABLE, WAYS
from jnerf.errors import ConfigError
from jnerf.ops.common.device import on_cuda

#: Samples trained in a step of the paper, and how many are looked at for each; counted on lego.
STEP_SAMPLES = 2**18
LOOKS = 2.2
#: What a kernel does by itself.
AUTO = "auto"


@dataclass(frozen=True)
class _Choice:
    """A kernel with several ways.

    Attributes:
        name: in ``WAYS``.
        op: whose case runs it.
        case: which of the op's.
        work: C++ function -> (MB, GFLOP) that a step must move and compute, see docs/performance/cuda.md.
        looked: on what is looked at, else on what is trained.
        times: more and fewer rays than a step has, as factors.
        compared: results of all ways must agree; those in place go on from one another.
    """

    name: str
    op: str
    work: dict[str, tuple[float, float]]
    case: int = 0
    looked: bool = False
    times: tuple[float, ...] = (1,)
    compared: bool = True


_CHOICES = (
    _Choice("hash", "hash_encode", {"hash_encode_forward": (130, 0)}, looked=True),
    _Choice("scatter", "hash_encode", {"hash_encode_table_grad": (180, 0)}),
    _Choice("field", "field_mlp", {"field_mlp_forward": (38, 5.4), "field_mlp_backward": (90, 16)}),
    _Choice("mlp", "mlp", {"mlp_forward": (76, 3.5)}, looked=True),
    _Choice(
        "march",
        "ray_march",
        {"ray_march_count": (4, 0), "ray_march_write": (10, 0)},
        looked=True,
        times=(0.25, 1, 4, 16),
    ),
    _Choice("visible", "ray_visible", {"visible_end": (5, 0), "visible_gather": (67, 0)}, 1, True, (1,), False),
    _Choice("composite", "composite", {"composite_forward": (13, 0), "composite_backward": (13, 0)}),
    _Choice("adam", "adam", {"adam_sparse": (166, 0)}, compared=False),
    _Choice("ema", "ema", {"ema": (146, 0)}, compared=False),
    _Choice("copy", "half_copy", {"round_to_stored": (73, 0)}),
)  # fmt: skip


def measure_ways(only: list[str], n_samples: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Measures kernels in all their ways.

    Args:
        only: names in ``WAYS`` (``check_kernels``); none for all.
        n_samples: trained in a step.
        repeats: of each, after two that do not count.

    Yields:
        The results of a record of this kind, with the rows of one case more each time.

    Raises:
        ConfigError: ops do not run on a GPU.
    """
    if not on_cuda():
        raise ConfigError(
            "ways: kernels for the CPU go one way; this compares those for CUDA, on a GPU"
        )
    trained, looked = make_inputs(n_samples), make_inputs(int(LOOKS * n_samples))
    chosen = [choice for choice in _CHOICES if not only or choice.name in only]
    kinds = {choice.name: looked if choice.looked else trained for choice in chosen}
    compile_ahead([lambda c=c: _case(c, kinds[c.name]).run() for c in chosen], bound=False)
    ceilings = measure_ceilings()
    rows: list[dict[str, Any]] = []
    for choice in chosen:
        for times in choice.times:
            case = _case(choice, _with_rays(kinds[choice.name], times))
            share = times * n_samples / STEP_SAMPLES
            for row in _compared(choice, case, share, ceilings, repeats):
                rows.append(row)
                _say(row)
            yield {
                "device": "cuda" if jt.flags.use_cuda else "cpu",
                "samples": trained.n_samples,
                "looked": looked.n_samples,
                "repeats": repeats,
                "ceilings": ceilings.to_dict(),
                "kernels": list(rows),
                "better": better(rows),
            }


def _case(choice: _Choice, inputs: Inputs) -> Case:
    return next(islice(CASES.load()[choice.op](inputs), choice.case, None))


def _say(row: dict[str, Any]) -> None:
    where = f"{row['choice']}={row['way']} {row['kernel']}, {row['case']}"
    print(f"{where}: {row['ms']['min']} ms, off {row['off']}", flush=True)


def better(rows: list[dict[str, Any]]) -> dict[str, str]:
    """What ``JNERF_CUDA_WAYS`` should say of a kernel by its case, where another way than its own took a tenth less."""
    found: dict[str, str] = {}
    for choice, case in dict.fromkeys((row["choice"], row["case"]) for row in rows):
        own = [row for row in rows if (row["choice"], row["case"]) == (choice, case)]
        ms = {way: sum(r["ms"]["min"] for r in own if r["way"] == way) for way in _ways(choice)}
        now, best = ms.pop(AUTO), min(ms, key=lambda way: ms[way])
        if ms[best] < 0.9 * now:
            found[f"{choice}, {case}"] = f"{choice}={best}"
    return found


def _ways(choice: str) -> tuple[str, ...]:
    return (AUTO, *WAYS[choice])


def _with_rays(inputs: Inputs, times: float) -> Inputs:
    """The same rays several times over, or a part of them; only marching sees them."""
    if times == 1:
        return inputs
    n = max(int(inputs.n_rays * times), 1)
    index = np.arange(n) % inputs.n_rays
    rays = [jt.array(v.numpy()[index]).stop_grad() for v in (inputs.rays_o, inputs.rays_d)]
    jt.sync(rays)
    return replace(inputs, rays_o=rays[0], rays_d=rays[1])


@contextmanager
def asked(choice: str, way: str) -> Iterator[None]:
    """Inside, a kernel goes this way, and all others go their own.

    Args:
        choice: a name in ``WAYS``.
        way: one of its ways, or ``AUTO``.
    """
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = "" if way == AUTO else f"{choice}={way}"
    try:
        yield
    finally:
        if before is None:
            del os.environ[VARIABLE]
        else:
            os.environ[VARIABLE] = before


def _compared(
    choice: _Choice, case: Case, share: float, ceilings: Ceilings, repeats: int
) -> Iterator[dict[str, Any]]:
    """Rows of one case: every way by turns, so that a device that warms up treats them alike."""
    seconds: dict[tuple[str, str], list[float]] = {}
    results: dict[str, list[NDArray[Any]]] = {}
    for way in _ways(choice.name):
        with asked(choice.name, way):
            for _ in range(2):
                found = case.run()
                settle(found)
            results[way] = [v.numpy() for v in found] if choice.compared else []
    for _ in range(repeats):
        for way in _ways(choice.name):
            with asked(choice.name, way), KernelClock() as clock:
                settle(case.run())
            for kernel in choice.work:
                took = [call.seconds for call in clock.calls if call.kernel == kernel]
                seconds.setdefault((kernel, way), []).append(sum(took))
    for (kernel, way), values in seconds.items():
        mb, gflop = (share * amount for amount in choice.work[kernel])
        bound = max(mb / ceilings.memory_gb_s, 1e3 * gflop / ceilings.best_gflop_s)
        ms = stats([max(1e3 * value - 1e-3 * ceilings.launch_us, 0.0) for value in values])
        yield {
            "choice": choice.name,
            "way": way,
            "kernel": kernel,
            "case": case.name,
            "ms": ms,
            "bound_ms": rounded(bound),
            "ratio": rounded(ms["min"] / bound, 3),
            "off": _off(results[AUTO], results[way]) if choice.compared else None,
        }


def _off(right: list[NDArray[Any]], given: list[NDArray[Any]]) -> float:
    """The largest error of an array of results, relative to its length."""
    worst = 0.0
    for a, b in zip(right, given, strict=True):
        if a.shape != b.shape:
            return float("inf")
        length = float(np.linalg.norm(a.astype(np.float64)))
        error = float(np.linalg.norm(b.astype(np.float64) - a))
        worst = max(worst, error / length if length else error)
    return rounded(worst, 3)
