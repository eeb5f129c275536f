"""``ops``: every op on realistic inputs, kernel by kernel, against the machine's ceilings and the bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jnerf.benchmark.cases import CASES, Case, make_inputs, op_folders
from jnerf.benchmark.cases.field import NERF, PAPER_GRID
from jnerf.benchmark.cases.optimiser import TOUCHED_TABLE
from jnerf.benchmark.kernel_clock import Call, KernelClock, settle
from jnerf.benchmark.profile import parts_of
from jnerf.benchmark.simd import this_level
from jnerf.benchmark.stats import rounded, stats
from jnerf.benchmark.yardstick import bound_rows, compile_ahead, measure_bound, measure_ceilings
from jnerf.benchmark.yardstick.bound import STEP_SAMPLES
from jnerf.checks.suggest import hint
from jnerf.errors import ConfigError


def check_names(only: list[str]) -> None:
    """Raises ConfigError for an op that does not exist."""
    folders = op_folders()
    for name in only:
        if name not in folders:
            raise ConfigError(f"--only: there is no op {name!r}. {hint(name, folders)}")


def measure_level(only: list[str], n_samples: int, repeats: int) -> Iterator[dict[str, Any]]:
    """Measures ops with what this process compiles for.

    Args:
        only: op folders; none for all.
        n_samples: samples of the inputs.
        repeats: of each case, after two that do not count.

    Yields:
        An entry of ``levels`` in the schema, with one op more each time, and at last with the better ceilings of two
        moments: the machine may be shared.
    """
    import jittor as jt

    from jnerf.runtime import show_kernel_progress

    show_kernel_progress()
    inputs, names = make_inputs(n_samples), only or op_folders()
    compile_ahead([])  # not the cases: to make all of them twice takes longer than it saves
    ceilings = measure_ceilings()
    bound = measure_bound(inputs.positions, ceilings, repeats)
    rows: list[dict[str, Any]] = []

    def level() -> dict[str, Any]:
        for row in rows:
            share = ceilings.share(row["gb_s"], row["gflop_s"])
            row["share_of_ceiling"] = rounded(share, 3)
        return {
            "simd": this_level(),
            "device": "cuda" if jt.flags.use_cuda else "cpu",
            "samples": inputs.n_samples,
            "repeats": repeats,
            "ceilings": ceilings.to_dict(),
            "kernels": list(rows),
            "bound": bound_rows(bound, _ours(rows), "sum"),
        }

    for op in names:
        for case in CASES.load()[op](inputs):
            rows += measure_case(op, case, repeats)
        yield level()
    ceilings = ceilings.best(measure_ceilings())
    bound = bound.least(measure_bound(inputs.positions, ceilings, repeats))
    yield level()


def measure_case(op: str, case: Case, repeats: int) -> Iterator[dict[str, Any]]:
    """The rows of one case, one per kernel of the op, in the order in which they first ran; without their share."""
    for _ in range(2):
        settle(case.run())
    runs: list[list[Call]] = []
    with KernelClock() as clock:
        for _ in range(repeats):
            clock.clear()
            settle(case.run())
            runs.append([call for call in clock.calls if call.op == op])
    for kernel in dict.fromkeys(call.kernel for call in runs[0]):
        yield _row(op, case, kernel, runs)


def _row(op: str, case: Case, kernel: str, runs: list[list[Call]]) -> dict[str, Any]:
    mine = [[call for call in run if call.kernel == kernel] for run in runs]
    ns = stats([sum(call.seconds for call in calls) * 1e9 / case.count for calls in mine])
    n_bytes = sum(call.n_bytes for call in mine[0]) / case.count
    flop = case.flop.get(kernel)
    gb_s = n_bytes / ns["median"]
    gflop_s = None if flop is None else flop / ns["median"]
    return {
        "op": op,
        "kernel": kernel,
        "case": case.name,
        "unit": case.unit,
        "count": case.count,
        "calls": len(mine[0]),
        "ns": ns,
        "bytes": rounded(n_bytes),
        "gb_s": rounded(gb_s),
        "flop": flop,
        "gflop_s": None if gflop_s is None else rounded(gflop_s),
    }


def _ours(rows: list[dict[str, Any]]) -> dict[str, float | None]:
    """ns per trained sample of the parts of the bound, from the paper-size cases that were measured."""
    ns: dict[str, float] = {}
    fused = any(row["op"] == "field_mlp" for row in rows)
    for row in rows:
        mlps = row["op"] in ("mlp", "field_mlp") and not row["case"].startswith(NERF)
        if row["op"] == "mlp" and fused:  # the fused op replaces both
            continue
        if mlps or (row["op"], row["case"]) == ("hash_encode", PAPER_GRID):
            ns[row["kernel"]] = ns.get(row["kernel"], 0.0) + row["ns"]["min"]
        elif (row["op"], row["case"]) == ("adam", TOUCHED_TABLE):
            ns[row["kernel"]] = row["ns"]["min"] * row["count"] / STEP_SAMPLES
    found: dict[str, float | None] = dict(parts_of(ns))
    parts = [found.get(name) for name in ("hash_forward", "hash_backward", "mlps", "adam")]
    found["whole"] = sum(parts) if None not in parts else None
    return found
