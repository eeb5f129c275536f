"""All that a GPU can tell in six minutes: ``make test-cuda``, for whoever has one for ten."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(ROOT))

from jnerf.benchmark.gpu.parts import Part, Runner, chosen  # noqa: E402
from jnerf.benchmark.gpu.sanitizers import SANITIZERS, find_sanitizer, tool_flags  # noqa: E402
from jnerf.benchmark.gpu.summary import Row, all_passed, forget, results, summarise  # noqa: E402
from jnerf.command_line import INTERRUPTED  # noqa: E402
from jnerf.end_signals import EndSignals  # noqa: E402
from jnerf.runtime.home import jittor_home  # noqa: E402

DESCRIPTION = """\
The first run as it comes (make demo), doctor, training seconds to a PSNR, the kernels that have several ways in all of
them, all tests with CUDA parameters, three emptied steps of every method with and without compute-sanitizer (three of
its tools at once), 200 steps of every method's small form on the GPU and on the CPU, whose PSNR must agree to 0.2 dB,
and the benchmarks, each under its own time limit. What is done when a part is cut is kept in build/test_cuda: logs and
JSON. A second call goes on with the kernels of the first. What of it a GPU has to show stands in records/gpu.json.
"""
EXAMPLES = """\
examples:
  python tools/test_cuda.py
  python tools/test_cuda.py --long                         # then lego to the end, for 36.3 dB: three minutes more
  python tools/test_cuda.py --scale 3                      # fewer cores than 16
  python tools/test_cuda.py --only tests ways              # a part again; what the others found stays
  python tools/test_cuda.py --only small_cpu --scale 10    # on any machine, without a GPU; then, where one is:
  python tools/test_cuda.py --cpu build/test_cuda          # leaves the cores there to the compiler
  python tools/test_cuda.py --dry                          # the same parts on the CPU, tiny: does the script work?
  JITTOR_HOME=$(mktemp -d) python tools/test_cuda.py       # a first run where kernels were compiled before
  jnerf benchmark report build/test_cuda/records/gpu.json  # goals, methods and parts as tables

exit status: 0 every part passed, 1 some did not, 2 no GPU that jnerf can use or a wrong flag, 130 interrupted,
143 or 129 ended by SIGTERM or SIGHUP, with a summary of what is done
"""
OUT = ROOT / "build" / "test_cuda"
NGP = "projects/ngp/configs/ngp_embedded.py"
LEGO = "projects/ngp/configs/ngp_lego.py"
METHODS = [
    NGP,
    "projects/ngp/configs/ngp_lego_l8f4.py",
    "projects/nerf/configs/nerf_lego.py",
    "projects/mipnerf/configs/mipnerf_lego.py",
    "projects/hashnerf/configs/hashnerf_lego.py",
    "projects/plenoxels/configs/plenoxels_lego.py",
    "projects/neus/configs/neus_scan24_wmask.py",
    "projects/neus/configs/hash_neus_scan24_wmask.py",
]
# One of every further method, of which three steps are made.
FURTHER = [
    *("nerfacto_embedded", "mipnerf360_embedded", "zipnerf_embedded", "nerfw_embedded"),
    *("kplanes_lego_small", "kplanes_explicit_lego_small", "tensorf_embedded"),
    *("tensorf_cp384_lego_small", "triplane_lego_small", "nglod_lego_small", "vqad_lego_small"),
]
# What is with the data, and so is not in emptied steps: cameras and exposures that learn, depth, pictures, meshes.
TASKS = ["barf_embedded", "ngp_poses_small", "ngp_exposure_small", "ngp_depth_small"]
TASKS += ["image_albert_small", "sdf_torus_small", "nglod_armadillo_small"]
SMALL = METHODS + FURTHER + TASKS
_PROCESSES = {"cpu": 6, "cuda": 4}  # that share the methods
_TINY = [
    "sampler.target_samples=4096",
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=10",
    "dataset.n_train=4",
    "dataset.n_test=1",
    "dataset.resolution=32",
]


def parts(dry: bool, long: bool = False, scale: float = 1.0) -> list[list[Part]]:
    """What is done, in this order; those of a list at once. 360 seconds at most, and 175 more if ``long``.

    What decides most comes first. Trainings on the CPU go on beside the tests, the steps and the sanitizers.
    """
    python = [sys.executable]
    emptied = [*python, "-m", "jnerf.benchmark.host.small_steps"]
    methods = METHODS[:1] if dry else METHODS + FURTHER
    tests = [*python, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    tests += ["--continue-on-collection-errors"]  # a file that cannot be read fails, the others run
    # One that hangs is named before the part is cut; it may also be no more than slow.
    tests += ["-o", f"faulthandler_timeout={40 * scale:g}", "-o", "faulthandler_exit_on_timeout=false"]
    if importlib.util.find_spec("xdist") and not dry:  # each compiles, and all share what one has
        tests += ["-n", "logical", "--maxprocesses", "12", "--dist", "worksteal"]
    tests += ["tests/ops/test_ema.py", "-k", "cpu"] if dry else [*_cuda_tests(), "-m", "cuda"]
    first = [*python, "-m", "jnerf", "train", "ngp_embedded", f"save_dir={_runs('demo')}"]
    first += ["total_steps=8", *_TINY] if dry else []
    found = [
        [Part("demo", 103, [first])],
        [Part("doctor", 12, [[*python, "-m", "jnerf.doctor", "--compile"]])],
        *([part] for part in _ahead(dry)),
        [_small("cpu", dry)],
        [Part("tests", 78, [tests])],
        [Part("steps", 20, [[*emptied, *methods]])],
    ]
    if not dry:
        found.append(_sanitized(find_sanitizer(os.environ), emptied, methods))
    found.append([_small("cuda", dry)])
    return found + [[part] for part in [*_measured(dry), *(_long(dry) if long else [])]]


def _sanitized(sanitizer: str | None, emptied: list[str], methods: list[str]) -> list[Part]:
    """Emptied steps under the tools of compute-sanitizer, at once."""
    if sanitizer is None:
        return [Part(tool, 33, [], lacks="no compute-sanitizer") for tool in SANITIZERS]
    shares = _shared(methods, 2)
    return [
        Part(tool, 33, [[sanitizer, *tool_flags(tool), *emptied, *share] for share in shares])
        for tool in SANITIZERS
    ]


def _small(device: str, dry: bool) -> Part:
    """200 steps of every method on one device."""
    command = [sys.executable, "-m", "jnerf.benchmark.methods", "--steps", "3" if dry else "200"]
    shares = [SMALL[:1]] if dry else _shared(SMALL, _PROCESSES[device])
    commands = [
        [*command, "--json", str(OUT / f"small_{device}_{i}.json"), *share]
        for i, share in enumerate(shares)
    ]
    if device == "cpu":
        return Part("small_cpu", 130, commands, beside="small_cuda", device="cpu")
    return Part("small_cuda", 24, commands)


def _shared(names: list[str], processes: int) -> list[list[str]]:
    return [names[i::processes] for i in range(processes)]


def _cuda_tests() -> list[str]:
    """Files of tests that take a device; the marker then tells which have a GPU.

    Not all files: what others need beside the package, a browser or COLMAP, may be absent where the GPU is, and pytest
    would end before its first test.
    """
    takes = re.compile(r"def \w+\([^)]*\bdevice\b")
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(f.relative_to(ROOT)) for f in files if takes.search(f.read_text("utf-8"))]


def scene() -> str:
    """Lego's config where its pictures are, else that of the scene that the package has."""
    from jnerf.datasets.files.paths import data_root

    return LEGO if (data_root() / "nerf_synthetic" / "lego").is_dir() else NGP


def _runs(part: str) -> str:
    """The folder of what a part trains."""
    return str(OUT / "runs" / part)


def _ahead(dry: bool) -> list[Part]:
    """What tells most, first. All kernels of a training are compiled at once, and ways find most of theirs there."""
    runs = ["--save-dir", _runs("train")]
    if dry:  # the CPU has no ways
        train = ["--config-file", NGP, "--steps", "32", "--no-eval", *runs, *_TINY]
        return _benchmarks({"train": (50, [*train, "sampler.fixed_sizes=True"])})
    judged = ["evaluation.steps=[100,200,350,500,700]", "evaluation.n_images=4", "report=False"]
    train = ["--config-file", scene(), "--steps", "1000", *runs, *judged]
    return _benchmarks({"train": (25, train), "ways": (32, ["--repeat", "7"])})


def _measured(dry: bool) -> list[Part]:
    """The other benchmarks, each alone."""
    tiny, file = (_TINY, NGP) if dry else ([], scene())
    runs = ["--save-dir", _runs("train")]
    ops = ["--only", "ema", "--samples", "4096", "--repeat", "1"] if dry else ["--repeat", "3"]
    host = ["--config-file", *([NGP] if dry else METHODS), "--steps", "16", "--repeat", "1"]
    return _benchmarks(
        {
            "render": (7, ["--config-file", file, "--frames", "2", *runs, *tiny]),
            "profile": (9, ["--config-file", file, "--steps", "16" if dry else "64", *tiny]),
            "host": (9, host),
            "ops": (8, ops),
        }
    )


def _long(dry: bool) -> list[Part]:
    """A whole training, judged on 25 views by the way; what its log has when it is cut lies in its run folder."""
    steps = [16, 32] if dry else [5000, *range(10000, 35000, 2500)]
    judged = [
        f"evaluation.steps={steps}".replace(" ", ""),
        f"evaluation.n_images={1 if dry else 25}",
    ]
    more = ["--steps", "48", *_TINY] if dry else ["checkpoint.every=35000"]
    file = ["--config-file", NGP if dry else scene(), "--save-dir", _runs("long")]
    return _benchmarks({"long": (175, [*file, *judged, "report=False", *more])})


def _benchmarks(measured: dict[str, tuple[int, list[str]]]) -> list[Part]:
    found = []
    for name, (seconds, flags) in measured.items():
        command = [
            sys.executable,
            "tools/benchmark.py",
            "train" if name == "long" else name,
            *flags,
        ]
        record = OUT / "records" / f"{name}_cuda.json"
        found.append(Part(name, seconds, [[*command, "--json", str(record)]]))
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="test_cuda.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--dry", action="store_true", help="on the CPU, tiny")
    add("--long", action="store_true", help="a whole training of lego at the end")
    add("--only", nargs="+", default=[], metavar="PART", help="these parts; the others' files stay")
    add("--cpu", metavar="FOLDER", help="small_cpu is done: its JSON lies there")
    add("--scale", type=float, default=1.0, metavar="X", help="factor of limits")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    stages = parts(options.dry, options.long or "long" in options.only, options.scale)
    names = [part.name for stage in stages for part in stage]
    if unknown := set(options.only) - set(names):
        parser.error(f"--only: there is no part {min(unknown)!r} here, but {', '.join(names)}")
    trained = results(Path(options.cpu), "cpu") if options.cpu else {}
    if options.cpu and not trained:
        parser.error(f"--cpu: {options.cpu} has no small_cpu_*.json; --only small_cpu makes them")
    cold = _cold()  # asking for the device makes files there
    if options.dry:
        os.environ["JNERF_DEVICE"] = "cpu"
    elif options.only != ["small_cpu"] and _device() != "cuda":
        print(
            "test_cuda.py: there is no GPU that jnerf can use (python -m jnerf.doctor says why); "
            "--dry tries the script on the CPU",
            file=sys.stderr,
        )
        return 2
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    os.environ.setdefault("JNERF_KERNELS", "test_cuda")  # one set of kernels for all parts
    left = [name for name in names if not trained or name != "small_cpu"]
    left = [name for name in left if not options.only or name in options.only]
    _clear(left if options.only else [])
    if trained:
        (OUT / "small_cpu_0.json").write_text(json.dumps(trained))
    table: list[Row] = []
    ended = EndSignals()
    try:
        with ended:
            runner = Runner(ROOT, OUT, options.scale)
            runner.run_all(chosen(stages, left), table, lambda: _summarise(table, cold))
    except KeyboardInterrupt:
        summary(table, cold)
        return ended.status or INTERRUPTED
    return summary(table, cold)


def _clear(names: list[str]) -> None:
    """Removes what an earlier call left of these parts; of all where there are no names."""
    if not names:
        shutil.rmtree(OUT, ignore_errors=True)
    forget(OUT, names)
    for name in names:
        shutil.rmtree(_runs(name), ignore_errors=True)
        for path in [*OUT.glob(f"{name}*.log"), *OUT.glob(f"{name}_*.json")]:
            path.unlink()
        (OUT / "records" / f"{name}_cuda.json").unlink(missing_ok=True)
    (OUT / "records").mkdir(parents=True, exist_ok=True)


def _cold() -> bool:
    """Whether Jittor has been built for no device yet, in any set of kernels."""
    root = jittor_home(os.environ) / ".cache" / "jittor"
    return not any(root.glob("*/" * 7 + "jnerf_ready"))


def _device() -> str:
    from jnerf.runtime import SetupError, device

    try:
        return device()
    except SetupError as error:
        return str(error)


def summary(table: list[Row], cold: bool = False) -> int:
    """Prints and writes what was found, and returns the exit status."""
    print(_summarise(table, cold))
    return int(not all_passed(OUT))


def _summarise(table: list[Row], cold: bool) -> str:
    return summarise(OUT, table, [Path(file).stem for file in SMALL], cold)


if __name__ == "__main__":
    sys.exit(main())
