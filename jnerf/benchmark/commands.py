"""What each command does: measure, print, write."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jnerf.benchmark.records.record import make_record, save
from jnerf.checks.cuda_ways import check_kernels
from jnerf.config import find_config
from jnerf.errors import ConfigError, JnerfError
from jnerf.files import check_writable, write_text_atomic

_T = TypeVar("_T")
#: What was varied, and what was measured of it.
Points = list[tuple[str, dict[str, Any]]]


def train(options: Namespace) -> None:
    """``train``: one run per config and scene, each in a process of its own when there are several."""
    from jnerf.benchmark.finished import finished_run
    from jnerf.benchmark.records.plot import training_plot
    from jnerf.benchmark.train import training_record

    pairs = [(file, scene) for file in options.config_file for scene in options.scene or [None]]
    if bool(pairs) == bool(options.run):
        raise ConfigError(
            "give either --config-file with at least one config, a .py file, or --run with the folder of a run"
        )
    check_plot(options.plot)
    told: dict[str, Any] = {}
    if options.run:
        run, told = finished_run(Path(options.run))
        runs = iter([run])
    elif len(pairs) == 1:
        runs = (_train_here(options, *pair) for pair in pairs)
    else:
        folders = _run_folders(options, pairs)
        runs = (
            run
            for pair, folder in zip(pairs, folders, strict=True)
            for run in _train_apart(options, *pair, folder)
        )

    def write(runs: list[dict[str, Any]], more: dict[str, Any]) -> None:
        finish(options, training_record(runs, told, more), training_plot)

    gather(runs, write)


def _train_here(options: Namespace, file: str, scene: str | None) -> dict[str, Any]:
    from jnerf.benchmark.train import measure_training, prepare

    config = _config_of(options, file, scene)
    warm_up = prepare(config, options.steps, not options.no_eval, options.warm_up)
    run = measure_training(config, warm_up, options.save_dir)
    where = str(config.dataset.get("root") or config.dataset.type)
    return {"config": shown(file), "scene": where, **run}


def _config_of(options: Namespace, file: str, scene: str | None) -> Any:
    from jnerf.config import load_config

    return load_config(file, [*options.overrides, *([f"dataset.root={scene}"] if scene else [])])


def _run_folders(options: Namespace, pairs: Sequence[tuple[str, str | None]]) -> list[Path | None]:
    """Where the run of each config and scene is kept, None where none is; an older run there is an error before all."""
    from jnerf.benchmark.children import folders_of
    from jnerf.engine.run_folder import RunFolder

    if not options.save_dir:
        return [None] * len(pairs)
    found = folders_of(pairs, Path(options.save_dir))
    for folder, pair in zip(found, pairs, strict=True):
        RunFolder(folder / _config_of(options, *pair).exp_name).check_free(resume=False)
    return found


def _train_apart(
    options: Namespace, file: str, scene: str | None, folder: Path | None
) -> list[dict[str, Any]]:
    from jnerf.benchmark.children import measure_apart

    flags = ["--no-eval"] if options.no_eval else []
    for name in ("steps", "warm_up"):
        value = getattr(options, name)
        flags += [] if value is None else [f"--{name.replace('_', '-')}", str(value)]
    flags += ["--save-dir", str(folder)] if folder else []
    flags += ["--scene", scene] if scene else []
    record = measure_apart(["train", "--config-file", file, *flags, *options.overrides])
    return record["results"]["runs"]


def profile(options: Namespace) -> None:
    """``profile``: one training step, op by op."""
    from jnerf.benchmark.profile import measure_profile

    config = _config(options)
    results = measure_profile(config, options.checkpoint, options.steps, options.warm_up)
    protocol = {
        "free": "steps as they are in training; per window of steps, median over windows",
        "synchronised": "with a wait for the device after every op, the fastest window; what is left is host time",
        "busy_share": "processor seconds of the free steps / (seconds x threads); waiting threads may spin",
    }
    results = {"config": shown(options.config_file), **results}
    finish(options, make_record("profile", results, protocol))


def ops(options: Namespace) -> None:
    """``ops``: every op, at each instruction set that was asked for."""
    from jnerf.benchmark.ops import check_names, measure_level
    from jnerf.benchmark.simd import level_records, this_level

    check_names(options.only)
    levels = [name for name in options.simd.split(",") if name]
    if levels and levels != [this_level()]:
        results = level_records(options, levels)
    else:
        results = measure_level(options.only, options.samples, options.repeat)
    protocol = {
        "time": "each kernel alone, device synchronised before and after; over the repeats",
        "bytes": "arrays that the kernel reads and writes, each once: what it must move at least",
        "bound": "least of the repeats, of the plain loops and of ours",
        "input": "rays of 800 x 800 views through a thin-shelled occupancy grid of the embedded scene",
        "share_of_ceiling": "larger of GB/s / memory and GFLOP/s / peak, all measured in the same run",
    }

    def write(levels: list[dict[str, Any]], more: dict[str, Any]) -> None:
        last = {level["simd"]: level for level in levels}  # with most ops, if it grew
        finish(options, make_record("ops", {"levels": list(last.values())}, protocol | more))

    gather(results, write)


def ways(options: Namespace) -> None:
    """``ways``: kernels for CUDA, in each way that they can go."""
    check_kernels(options.only)  # first: what follows wants a GPU
    from jnerf.benchmark.gpu.ways import measure_ways

    found = measure_ways(options.only, options.samples, options.repeat)
    protocol = {
        "ms": "each kernel alone, device synchronised before and after, less an empty launch; ways by turns",
        "auto": "what it does by itself",
        "bound": "MB and GFLOP of docs/performance/cuda.md, by the ceilings of the same run",
        "off": "results against those of auto, relative to their length",
    }

    def write(found: list[dict[str, Any]], more: dict[str, Any]) -> None:
        finish(options, make_record("ways", found[-1], protocol | more))

    gather(found, write)


def memory(options: Namespace) -> None:
    """``memory``: one short training per point, each in a process of its own."""
    from jnerf.benchmark.records.plot import memory_plot
    from jnerf.benchmark.sizes.memory import measure_memory

    check_plot(options.plot)
    points = measure_memory(
        options.config_file, options.overrides, options.steps, options.samples, options.images
    )
    protocol = {
        "peak": "largest resident size of the process over all steps and the saving of the last",
        "images": "the first N training views",
    }

    def write(points: Points, more: dict[str, Any]) -> None:
        results = _curves(options, points, ("samples", "images"))
        finish(options, make_record("memory", results, protocol | more), memory_plot)

    gather(points, write)


def growth(options: Namespace) -> None:
    """``growth``: one short training per point, each in a process of its own, and stores of pixels."""
    from jnerf.benchmark.records.plot import growth_plot
    from jnerf.benchmark.sizes.growth import measure_growth, measure_point

    check_plot(options.plot)
    if options.here:
        points = iter([("samples", measure_point(_config(options), options.steps))])
    else:
        sizes = options.samples, options.images, options.gib
        points = measure_growth(
            options.config_file, options.overrides, options.steps, *sizes, options.resolution
        )
    protocol = {
        "ms, ns": "processor time of one thread, over the steps after the first four",
        "opening": "processor time until the first step is made: reading, decoding, building; compiling, if need be",
        "peak": "largest resident size of the process",
        "images": f"Blender scene of {options.resolution} x {options.resolution}, few drawn views under many names",
        "stores": "a file with holes, mapped as beyond the memory there is; 4096 draws, none of them read before",
    }

    def write(points: Points, more: dict[str, Any]) -> None:
        results = _curves(options, points, ("samples", "images", "stores"))
        finish(options, make_record("growth", results, protocol | more), growth_plot)

    gather(points, write)


def _curves(options: Namespace, points: Points, names: tuple[str, ...]) -> dict[str, Any]:
    """Results of points that were measured, by what was varied."""
    curves = {name: [point for about, point in points if about == name] for name in names}
    return {"config": shown(options.config_file), "steps": options.steps, **curves}


def render(options: Namespace) -> None:
    """``render``: whole frames of test views, and previews at an eighth of their size."""
    from jnerf.benchmark.render import measure_rendering

    config = _config(options)
    results = measure_rendering(config, options.checkpoint, options.save_dir, options.frames)
    protocol = {
        "seconds": "one view from rays to arrays on the host, after one that is not counted",
        "preview": "the same view at an eighth of its width and height",
    }
    results = {"config": shown(options.config_file), **results}
    finish(options, make_record("render", results, protocol))


def host(options: Namespace) -> None:
    """``host``: an emptied step of each config, with exact and with fixed sizes where it may have both."""
    from jnerf.benchmark.host import measure_host, variants

    runs = (
        {"config": shown(file), **measure_host(config, options.steps, options.repeat)}
        for file in options.config_file
        for config in variants(file, options.overrides)
    )
    protocol = {
        "emptied": "tiny tables, grids, networks and batches, and a small embedded scene: what is left is the host's",
        "step_ms": "wall, per step, over the repeats; executor_ms of it inside Jittor's executor, python_ms the rest",
        "counts": "per step, of a repeat of their own; whole windows of 16 steps, one update of the grid in each",
    }

    def write(runs: list[dict[str, Any]], more: dict[str, Any]) -> None:
        finish(options, make_record("host", {"runs": runs}, protocol | more))

    gather(runs, write)


def compare(options: Namespace) -> None:
    """``compare``: two records, number by number."""
    from jnerf.benchmark.records.compare import comparison
    from jnerf.benchmark.records.record import load

    before, after = (load(Path(file)) for file in options.files)
    print(comparison(before, after))


def report(options: Namespace) -> int:
    """``report``: tables to the terminal, or into files."""
    from jnerf.benchmark.records.report import default_files, fill_file, read_runs
    from jnerf.benchmark.records.tables import all_tables

    named = [Path(file) for file in options.files]
    runs = read_runs(named or default_files())
    if options.write and named:  # tables of other records stay
        runs = read_runs(default_files()) | runs
    if not options.write:
        if options.check:
            raise ConfigError("--check compares files with their tables: name them with --write")
        for name, record in runs.items():
            print(f"## {name}\n\n{all_tables(record)}\n")
        return 0
    changed = [file for file in options.write if fill_file(Path(file), runs, options.check)]
    for file in options.write:
        state = "as measured" if file not in changed else "differs" if options.check else "written"
        print(f"{file}: {state}")
    return int(options.check and bool(changed))


def _config(options: Namespace) -> Any:
    from jnerf.config import load_config

    return load_config(options.config_file, options.overrides)


def run(options: Namespace) -> int | None:
    """Runs a command; configs may be named, and what it is to write must be writable before it measures.

    Args:
        options: as parsed, with ``command``.

    Raises:
        ConfigError: no such config, or a file or folder cannot be written.
    """
    files = getattr(options, "config_file", None)
    if files:
        paths = [str(find_config(file)) for file in ([files] if isinstance(files, str) else files)]
        options.config_file = paths[0] if isinstance(files, str) else paths
    for name in ("json", "plot", "save_dir"):
        path = getattr(options, name, None)
        if path:
            check_writable(Path(path), f"--{name.replace('_', '-')}")
    commands = {
        f.__name__: f
        for f in (train, host, profile, ops, ways, memory, growth, render, compare, report)
    }
    return commands[options.command](options)


def check_plot(path: str | None) -> None:
    """Raises ConfigError before anything is measured when the plot could not be written after."""
    if path and Path(path).suffix != ".svg":
        raise ConfigError(f"--plot {path}: plots are SVG files; choose a name that ends with .svg")


def gather(parts: Iterator[_T], write: Callable[[list[_T], dict[str, Any]], None]) -> None:
    """Writes parts of a measurement once all are there, or those that are, if another fails or Ctrl-C ends it.

    Args:
        parts: each is measured when it is asked for.
        write: takes them, at least one, and what else the protocol is to say.
    """
    done: list[_T] = []
    try:
        for part in parts:
            done.append(part)
    except (Exception, KeyboardInterrupt) as error:
        if done:
            said = f"ended early by {type(error).__name__}: what was to be measured after this is missing"
            write(done, {"incomplete": said})
        raise
    write(done, {})


def finish(options: Namespace, record: dict[str, Any], plot: Any = None) -> None:
    """Prints a record's tables, and writes it and its plot where the command line says."""
    from jnerf.benchmark.records.tables import all_tables

    print(all_tables(record))
    if options.json:
        save(Path(options.json), record)
        print(f"-> {options.json}")
    path = getattr(options, "plot", None)
    if path and plot is not None:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            write_text_atomic(Path(path), plot(record))
        except OSError as error:
            raise JnerfError(f"cannot write the plot {path}: {error}") from error
        print(f"-> {path}")


def shown(file: str) -> str:
    """A config's path as others can read it: relative to the working directory, or its name."""
    path = Path(file).resolve()
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name
