"""Records as Markdown tables; every kind has a few, by name, and each comes with its protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jnerf.checks.suggest import hint
from jnerf.errors import DataError
from jnerf.figures.metrics import metric, metric_names, metric_title, seconds_to
from jnerf.figures.numbers import number
from jnerf.figures.tables import table

Record = dict[str, Any]


def machine_line(record: Record) -> str:
    """Machine, threads, commit and date: one line below every table."""
    machine = record["machine"]
    device = machine.get("gpu") or f"{machine.get('cpu')}, {machine.get('cores')} cores"
    threads = f"{machine.get('threads')} threads"
    load = "" if record["load"] is None else f", load {record['load']}"
    return f"{device}, {threads}; {commit(record['git'])}; {record['created'][:10]}{load}."


def commit(git: Record) -> str:
    """A record's ``git`` in words."""
    changed = " with local changes" if git["dirty"] else ""
    return f"commit {(git['commit'] or 'unknown')[:10]}{changed}"


def _protocol_line(record: Record) -> str:
    told = "; ".join(f"{name}: {text}" for name, text in record["protocol"].items())
    return f"*{machine_line(record)} {told}.*"


def _training_protocol(run: dict[str, Any]) -> str:
    told = run["protocol"]
    background = told.get("train_background")
    of_views = any("psnr" in row for row in run["evaluations"])
    items, metrics = ("views", "PSNR and SSIM on black, ") if of_views else ("items", "")
    judge = told.get("dataset", {}).get("type")
    more = ", 8 bit, mean over views" if of_views else f", judged by {judge}"
    return (
        f"{run['scene']}, trained on the {told.get('train_split')} split with background {background}, seed "
        f"{told.get('seed')}; tested on {told.get('n_images')} {items} of the {told.get('test_split')} split, "
        f"{metrics}{told.get('weights')} weights{more}"
    )


def train_speed(record: Record) -> str:
    """Samples/s, rays/s and memory of each run."""
    head = ["config", "scene", "steps", "samples/s (min – max)", "rays/s", "samples/step",
            "peak memory, GiB"]  # fmt: skip
    rows = [
        [
            f"`{run['config']}`",
            run["scene"],
            f"{run['measured_from_step']} – {run['steps']}",
            _spread(run["samples_per_s"]),
            number(run["rays_per_s"]["median"]),
            number(run["samples_per_step"]),
            number(run["peak_memory_gib"]),
        ]
        for run in record["results"]["runs"]
    ]
    return table(head, rows, left=2)


def _spread(found: dict[str, float]) -> str:
    return f"{number(found['median'])} ({number(found['min'])} – {number(found['max'])})"


def train_quality(record: Record) -> str:
    """What the judge of the test split said at each evaluation, by whatever names it has."""
    runs = record["results"]["runs"]
    names = metric_names([row for run in runs for row in run["evaluations"]])
    head = ["config", "scene", "steps", "training seconds", *map(metric_title, names)]
    rows, told = [], []
    for run in runs:
        for row in run["evaluations"]:
            metrics = [metric(name, row.get(name)) for name in names]
            cells = [f"`{run['config']}`", run["scene"], number(row["step"], 6)]
            rows.append([*cells, number(row["seconds"]), *metrics])
        if run["evaluations"]:
            told.append(_training_protocol(run))
    if not rows:
        return "No evaluation in this run."
    return table(head, rows, left=2) + "\n\n*" + "; ".join(dict.fromkeys(told)) + ".*"


_LEVELS_DB = (25.0, 28.0, 30.0, 32.0, 33.4, 34.5, 35.6, 36.3)


def train_times(record: Record) -> str:
    """Training seconds until the test views reach a PSNR, linear between two evaluations."""
    rows = []
    for run in record["results"]["runs"]:
        points = [(row["seconds"], row["psnr"]) for row in run["evaluations"] if row.get("psnr")]
        for level in _LEVELS_DB:
            seconds = seconds_to(points, level)
            if seconds is not None:
                rows.append([f"`{run['config']}`", run["scene"], number(level), number(seconds)])
    if not rows:
        return "No evaluation in this run crosses a level."
    return table(["config", "scene", "PSNR, black", "training seconds"], rows, left=2)


def ops_ceilings(record: Record) -> str:
    """What the machine can do, measured in the same run."""
    head = ["instruction set", "device", "memory, GB/s", "fp32, GFLOP/s", "low precision, GFLOP/s",
            "launch, us"]  # fmt: skip
    rows = []
    for level in record["results"]["levels"]:
        top = level["ceilings"]
        low = f"{number(top['low_precision_gflop_s'])} ({top['low_precision']})"
        low = low if top["low_precision_gflop_s"] is not None else "–"
        cells = [number(top["memory_gb_s"]), number(top["fp32_gflop_s"]), low]
        rows.append([level["simd"], level["device"], *cells, number(top["launch_us"])])
    return table(head, rows, left=2)


def ops_kernels(record: Record) -> str:
    """Every kernel: time, bytes, arithmetic; one column of times per instruction set."""
    levels = record["results"]["levels"]
    times = [f"ns, {level['simd']}" for level in levels]
    head = ["op", "kernel", "case", *times, "min", "GB/s", "GFLOP/s", "of the ceiling"]
    by_key = [{_key(row): row for row in level["kernels"]} for level in levels]
    rows = []
    for key, row in by_key[0].items():
        found = [others[key]["ns"]["median"] if key in others else None for others in by_key]
        share = None if row["share_of_ceiling"] is None else f"{row['share_of_ceiling']:.0%}"
        case = ", ".join(filter(None, (row["case"], f"per {row['unit']}")))  # of an op's only case there is no name
        rows.append(
            [row["op"], f"`{row['kernel']}`", case]
            + [number(value) for value in found]
            + [number(row["ns"]["min"]), number(row["gb_s"]), number(row["gflop_s"]), share or "–"]
        )
    return table(head, rows, left=3)


def _key(row: dict[str, Any]) -> tuple[str, ...]:
    return row["op"], row["kernel"], row["case"]


def bound_table(record: Record) -> str:
    """Ours against the bound, ns per trained sample, and the ratio."""
    results = record["results"]
    levels = results.get("levels") or [{"simd": "", **results}]
    blocks = []
    for level in levels:
        head = [f"part {level['simd']}".strip(), "bound, ns", "ours, ns", "ratio to the bound"]
        rows = [
            [row["part"], number(row["bound_ns"]), number(row["ours_ns"]), number(row["ratio"])]
            for row in level["bound"]
        ]
        blocks.append(table(head, rows))
    return "\n\n".join(blocks)


def profile_steps(record: Record) -> str:
    """The step as a whole: free, synchronised, idle."""
    found = record["results"]
    rows = [
        ["one step, free, ms", _spread(found["free_ms"])],
        ["one step, synchronised after every op, ms", number(found["synchronised_ms"])],
        ["of it in Jittor's own kernels, ms", number(found["builtin_ms"])],
        ["of it on the host (Python, graph, NumPy), ms", number(found["host_ms"])],
        ["samples per step", number(found["samples_per_step"])],
        ["ns per sample, free", number(found["ns_per_sample"])],
        ["processor time used, of what there is", f"{found['busy_share']:.0%}"],
    ]
    return table([f"`{found['config']}`, from step {found['step']}", "measured"], rows)


def profile_kernels(record: Record) -> str:
    """Time of each kernel in one synchronised step."""
    found = record["results"]
    total = found["synchronised_ms"]
    rows = [
        [
            row["op"],
            f"`{row['kernel']}`",
            number(row["calls"]),
            number(row["ms"]),
            number(row["ns"]),
            f"{row['ms'] / total:.1%}",
        ]
        for row in found["kernels"]
    ]
    head = ["op", "kernel", "calls per step", "ms per step", "ns per sample", "share"]
    return table(head, rows, left=2)


def memory_points(record: Record) -> str:
    """Peak memory at each point of both curves."""
    found = record["results"]
    rows = [["samples per step", number(r["value"], 7), number(r["peak_gib"])] for r in found["samples"]]  # fmt: skip
    rows += [["training images", number(r["value"], 7), number(r["peak_gib"])] for r in found["images"]]  # fmt: skip
    return table(["varied", "number", "peak, GiB"], rows)


def growth_points(record: Record) -> str:
    """Processor time and memory at each point of both curves."""
    head = [
        "varied",
        "number",
        "samples",
        "ms of CPU per step",
        "ns per sample",
        "opening, s of CPU",
        "peak, GiB",
    ]
    found = record["results"]
    rows = [
        [what, number(r["value"], 7), number(r["samples"], 7)]
        + [number(r[key]) for key in ("step_ms", "ns_per_sample", "first_step_s", "peak_gib")]
        for what, points in (("samples", found["samples"]), ("images", found["images"]))
        for r in points
    ]
    return table(head, rows)


def growth_stores(record: Record) -> str:
    """Draws from stores of pixels."""
    head = ["store, GiB", "pixels", "open, ms", "ns per pixel drawn", "resident, GiB"]
    rows = [
        [number(r["gib"]), number(r["pixels"], 12)]
        + [number(r[key]) for key in ("open_ms", "ns_per_pixel", "resident_gib")]
        for r in record["results"]["stores"]
    ]
    return table(head, rows, left=0)


def render_frames(record: Record) -> str:
    """Seconds per frame and preview."""
    found = record["results"]
    size = f"{found['width']} x {found['height']}"
    preview = f"{found['preview_width']} x {found['preview_height']}"
    rows = [
        [size, _spread(found["seconds"]), number(found["fps"])],
        [preview, _spread(found["preview_seconds"]), number(1 / found["preview_seconds"]["median"])],
    ]  # fmt: skip
    told = found.get("metrics") or {"psnr": found.get("psnr")}
    rows[0] += [metric(name, value) for name, value in told.items()]
    rows[1] += ["–"] * len(told)
    head = [f"`{found['config']}`, step {found['step']}", "s per frame (min – max)", "fps"]
    return table([*head, *map(metric_title, told)], rows)


def host_steps(record: Record) -> str:
    """What an emptied step costs the host, and what it asks of Jittor."""
    head = ["config", "sizes", "processor ms", "ms per step", "of it Python", "executor", "kernels",
            "of them Jittor's", "syncs", "read-backs", "uploads", "allocations"]  # fmt: skip
    counts = ("launches", "jittors", "syncs", "readbacks", "uploads", "allocations")
    rows = [
        [
            f"`{run['config']}`",
            run["sizes"],
            number(run["cpu_ms"]["median"]),
            _spread(run["step_ms"]),
            *(number(run[name]["median"]) for name in ("python_ms", "executor_ms")),
            *(number(run[name]) for name in counts),
        ]
        for run in record["results"]["runs"]
    ]
    return table(head, rows, left=2)


def host_views(record: Record) -> str:
    """What a view of an emptied method costs the host, and what it asks of Jittor."""
    head = ["config", "as on", "processor ms", "of it Python", "portions", "kernels", "of them Jittor's",
            "syncs", "read-backs", "uploads"]  # fmt: skip
    counts = ("portions", "launches", "jittors", "syncs", "readbacks", "uploads")
    first = {run["config"]: run for run in reversed(record["results"]["runs"])}
    rows = [
        [
            f"`{config}`",
            view["as_on"],
            *(number(view[name]["median"]) for name in ("cpu_ms", "python_ms")),
            *(number(view[name]) for name in counts),
        ]
        for config, run in reversed(first.items())
        for view in run.get("views", ())
    ]
    return table(head, rows, left=2)


def host_kernels(record: Record) -> str:
    """The kernels of an emptied step, by name."""
    runs = record["results"]["runs"]
    blocks = []
    for run in runs:
        rows = [[f"`{row['kernel']}`", number(row["calls"])] for row in run["kernels"]]
        head = [f"`{run['config']}`, {run['sizes']} sizes", "calls per step"]
        blocks.append(table(head, rows))
    return "\n\n".join(blocks)


def ways_kernels(record: Record) -> str:
    """Every way of every kernel, and what to ask for where another is faster."""
    found = record["results"]
    head = ["choice", "way", "kernel", "case", "ms", "min", "bound, ms", "ratio to the bound", "off"]
    rows = [
        [row["choice"], row["way"], f"`{row['kernel']}`", row["case"]]
        + [number(row["ms"]["median"]), number(row["ms"]["min"]), number(row["bound_ms"])]
        + [number(row["ratio"]), number(row["off"])]
        for row in found["kernels"]
    ]
    told = [f"- {case}: `JNERF_CUDA_WAYS={way}`" for case, way in found["better"].items()]
    told = told or ["No kernel has a way that takes a tenth less than its own."]
    return table(head, rows, left=4) + "\n\n" + "\n".join(told)


def gpu_goals(record: Record) -> str:
    """What a GPU had to show, and what it has shown."""
    rows = [
        [row["what"], *(number(row[name]) for name in ("goal", "floor", "measured")), row["result"]]
        for row in record["results"]["goals"]
    ]
    return table(["goal", "aim", "floor", "measured", "result"], rows)


def gpu_methods(record: Record) -> str:
    """Small forms of methods on both devices."""
    rows = [
        [row["method"], row["metric"] or "–"]
        + [number(row[name], 4) for name in ("cpu", "cuda", "difference")]
        + [row["result"]]
        for row in record["results"]["methods"]
    ]
    head = ["method", "metric", "CPU", "GPU", "difference", "result"]
    return table(head, rows, left=2) if rows else "No method was trained on both devices."


def gpu_parts(record: Record) -> str:
    """The parts of ``make test-cuda``, what compute-sanitizer found, and the tests that failed."""
    found = record["results"]
    rows = [[row["part"], number(row["seconds"]), row["result"]] for row in found["parts"]]
    said = found.get("findings", {}).items()
    told = [f"- {tool}: `{line}`" for tool, lines in said for line in lines]
    told += [f"- hung or broke its process: `{name}`" for name in found.get("stalled", ())]
    told += [f"- failed: `{name}`" for name in found["failed"]]
    told = told or [f"{found['passed']} tests passed, none failed."]
    return table(["part", "seconds", "result"], rows) + "\n\n" + "\n".join(told)


TABLES: dict[str, dict[str, Callable[[Record], str]]] = {
    "train": {"speed": train_speed, "quality": train_quality, "times": train_times},
    "ways": {"kernels": ways_kernels},
    "gpu": {"goals": gpu_goals, "methods": gpu_methods, "parts": gpu_parts},
    "ops": {"ceilings": ops_ceilings, "kernels": ops_kernels, "bound": bound_table},
    "profile": {"steps": profile_steps, "kernels": profile_kernels, "bound": bound_table},
    "memory": {"points": memory_points},
    "growth": {"points": growth_points, "stores": growth_stores},
    "render": {"frames": render_frames},
    "host": {"steps": host_steps, "views": host_views, "kernels": host_kernels},
}


def one_table(record: Record, name: str) -> str:
    """A record's table of that name with its protocol below.

    Raises:
        DataError: records of this kind have no such table.
    """
    known = TABLES[record["kind"]]
    if name not in known:
        raise DataError(
            f"a record of '{record['kind']}' has no table '{name}'. {hint(name, known)}"
        )
    return f"{known[name](record)}\n\n{_protocol_line(record)}"


def all_tables(record: Record) -> str:
    """Every table of a record, and its protocol once."""
    parts = [make(record) for make in TABLES[record["kind"]].values()]
    return "\n\n".join([*parts, _protocol_line(record)])
