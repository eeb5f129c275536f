"""All that a GPU can tell in six minutes: ``make test-cuda``, for whoever has one for ten."""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(ROOT))

DESCRIPTION = """\
Doctor, training seconds to a PSNR, the kernels that have several ways in all of them, all tests with CUDA parameters,
three emptied steps of every method with and without compute-sanitizer (three of its tools at once), 200 steps of every
method's small form on the GPU and on the CPU, whose PSNR must agree to 0.2 dB, and the benchmarks, each under its own
time limit. What is done when a part is cut is kept in build/test_cuda: logs and JSON. A second call goes on with the
kernels of the first.
"""
EXAMPLES = """\
examples:
  python tools/test_cuda.py
  python tools/test_cuda.py --scale 3            # fewer cores than 16
  python tools/test_cuda.py --dry                # the same parts on the CPU, tiny: does the script work?

exit status: 0 every part passed, 1 some did not, 2 there is no GPU that jnerf can use, 130 interrupted
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
SANITIZERS = ("memcheck", "racecheck", "synccheck")
_PROCESSES = {"cpu": 6, "cuda": 4}  # that share the methods
_TINY = [
    "sampler.target_samples=4096",
    "sampler.grid_resolution=32",
    "encoder.pos_encoder.log2_table_size=10",
    "dataset.n_train=4",
    "dataset.n_test=1",
    "dataset.resolution=32",
]
_FAILED = re.compile(r"(?:FAILED|ERROR) +(tests/\S+)|(tests/\S+) +(?:FAILED|ERROR)\b")
_PASSED = re.compile(r"\bPASSED\b")


@dataclass(frozen=True)
class Part:
    """Commands that run at once, and the most seconds that they may take.

    Attributes:
        beside: the parts behind it do not wait for it, except the one that is named so.
        device: sets JNERF_DEVICE.
    """

    name: str
    seconds: int
    commands: list[list[str]]
    beside: str = ""
    device: str = ""


def parts(dry: bool) -> list[list[Part]]:
    """What is done, in this order; those of a list at once. 360 seconds at most.

    What decides most comes first. Trainings on the CPU go on beside the tests, the steps and the sanitizers.
    """
    python = [sys.executable]
    emptied = [*python, "-m", "jnerf.benchmark.host.small_steps"]
    methods = METHODS[:1] if dry else METHODS + FURTHER
    tests = [*python, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist") and not dry:  # each compiles, and all share what one has
        tests += ["-n", "logical", "--maxprocesses", "12", "--dist", "worksteal"]
    tests += ["tests/ops/test_ema.py", "-k", "cpu"] if dry else [*_cuda_tests(), "-m", "cuda"]
    found = [
        [Part("doctor", 65, [[*python, "-m", "jnerf.doctor", "--compile"]])],
        *([part] for part in _ahead(dry)),
        [_small("cpu", dry)],
        [Part("tests", 85, [tests])],
        [Part("steps", 25, [[*emptied, *methods]])],
    ]
    sanitizer = shutil.which("compute-sanitizer")
    if sanitizer and not dry:
        how = ["--target-processes", "application-only", "--error-exitcode", "1"]
        found.append([])
        for tool in SANITIZERS:
            command = [sanitizer, "--tool", tool, *how, *emptied]
            found[-1].append(Part(tool, 35, [[*command, *half] for half in _shared(methods, 2)]))
    found.append([_small("cuda", dry)])
    return found + [[part] for part in _measured(dry)]


def _small(device: str, dry: bool) -> Part:
    """200 steps of every method on one device."""
    command = [sys.executable, "-m", "jnerf.benchmark.methods", "--steps", "3" if dry else "200"]
    shares = [SMALL[:1]] if dry else _shared(SMALL, _PROCESSES[device])
    commands = [
        [*command, "--json", str(OUT / f"small_{device}_{i}.json"), *share]
        for i, share in enumerate(shares)
    ]
    if device == "cpu":
        return Part("small_cpu", 145, commands, beside="small_cuda", device="cpu")
    return Part("small_cuda", 25, commands)


def _shared(names: list[str], processes: int) -> list[list[str]]:
    return [names[i::processes] for i in range(processes)]


def _cuda_tests() -> list[str]:
    """Files of tests that may have a device; the marker then tells which have."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [
        str(f.relative_to(ROOT)) for f in files if re.search(r"\bdevice\b", f.read_text("utf-8"))
    ]


def scene() -> str:
    """Lego's config where its pictures are, else that of the scene that the package has."""
    from jnerf.datasets.files.paths import data_root

    return LEGO if (data_root() / "nerf_synthetic" / "lego").is_dir() else NGP


def _ahead(dry: bool) -> list[Part]:
    """What tells most, first. All kernels of a training are compiled at once, and ways find most of theirs there."""
    runs = ["--save-dir", str(OUT / "runs")]
    if dry:  # the CPU has no ways
        train = ["--config-file", NGP, "--steps", "32", "--no-eval", *runs, *_TINY]
        return _benchmarks({"train": (50, [*train, "sampler.fixed_sizes=True"])})
    judged = ["evaluation.steps=[100,200,350,500,700]", "evaluation.n_images=4", "report=False"]
    train = ["--config-file", scene(), "--steps", "1000", *runs, *judged]
    return _benchmarks({"train": (45, train), "ways": (40, ["--repeat", "7"])})


def _measured(dry: bool) -> list[Part]:
    """The other benchmarks, each alone."""
    tiny, file = (_TINY, NGP) if dry else ([], scene())
    runs = ["--save-dir", str(OUT / "runs")]
    ops = ["--only", "ema", "--samples", "4096", "--repeat", "1"] if dry else ["--repeat", "3"]
    host = ["--config-file", *([NGP] if dry else METHODS), "--steps", "16", "--repeat", "1"]
    return _benchmarks(
        {
            "render": (8, ["--config-file", file, "--frames", "1", *runs, *tiny]),
            "profile": (10, ["--config-file", file, "--steps", "16" if dry else "64", *tiny]),
            "host": (10, host),
            "ops": (12, ops),
        }
    )


def _benchmarks(measured: dict[str, tuple[int, list[str]]]) -> list[Part]:
    found = []
    for name, (seconds, flags) in measured.items():
        command = [sys.executable, "tools/benchmark.py", name, *flags]
        record = OUT / "records" / f"{name}_cuda.json"
        found.append(Part(name, seconds, [[*command, "--json", str(record)]]))
    return found


_at_work: set[subprocess.Popen] = set()


def run(part: Part, scale: float) -> tuple[str, float]:
    """Runs a part; returns what became of it and its seconds. Its output is ``<name>.log``, or one for each command."""
    start = time.monotonic()
    environment = dict(os.environ)
    if part.device:
        environment["JNERF_DEVICE"] = part.device
        environment["OMP_NUM_THREADS"] = "1"
    if "-n" in part.commands[0]:
        del environment["JNERF_KERNELS"]  # every process of the tests names its own
    processes = []
    try:
        for i, command in enumerate(part.commands):
            several = len(part.commands) > 1
            if several:  # one lock for all would have them wait for each other's compilers
                environment["JNERF_KERNELS"] = f"{part.name}_{i}"
            with (OUT / f"{part.name}{f'_{i}' if several else ''}.log").open("wb") as log:
                processes.append(
                    subprocess.Popen(
                        command,
                        cwd=ROOT,
                        env=environment,
                        stdout=log,
                        stderr=log,
                        start_new_session=True,
                    )
                )
            _at_work.add(processes[-1])
        end = start + part.seconds * scale
        statuses = [process.wait(max(0, end - time.monotonic())) for process in processes]
        worst = next((status for status in statuses if status), 0)
        said = "passed" if worst == 0 else f"failed with status {worst}"
    except subprocess.TimeoutExpired:
        said = f"cut after {part.seconds * scale:.0f} s"
    finally:
        for process in processes:
            _end(process)
            _at_work.discard(process)
    return said, time.monotonic() - start


def _end(process: subprocess.Popen) -> None:
    """Ends what is left of a part, its compilers included."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def run_all(stages: list[list[Part]], scale: float, table: list[tuple[str, str, float]]) -> None:
    """Runs the parts; ``table`` gets a row for each that is done."""
    beside: dict[str, tuple[Part, Future]] = {}
    with ThreadPoolExecutor() as pool:
        try:
            for stage in stages:
                names = ", ".join(part.name for part in stage)
                most = max(part.seconds for part in stage) * scale
                going = [(part, pool.submit(run, part, scale)) for part in stage]
                if stage[0].beside:
                    print(f"test_cuda.py: {names} goes on beside what follows", flush=True)
                    beside[stage[0].beside] = going[0]
                    continue
                print(f"test_cuda.py: {names}, at most {most:.0f} s ...", flush=True)
                going += [beside.pop(part.name) for part in stage if part.name in beside]
                table += [(part.name, *future.result()) for part, future in going]
        except BaseException:
            for process in list(_at_work):
                _end(process)
            raise


def failing(log: str) -> list[str]:
    """Tests that a log of pytest -v says failed, each once.

    >>> failing("tests/a.py::test_b[cuda] FAILED [ 1%]\\ntests/a.py::test_c[cuda] PASSED [ 2%]")
    ['tests/a.py::test_b[cuda]']
    """
    return list(dict.fromkeys(a or b for a, b in _FAILED.findall(log)))


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="test_cuda.py",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--dry", action="store_true", help="on the CPU, tiny")
    parser.add_argument("--scale", type=float, default=1.0, metavar="X", help="factor of limits")
    options = parser.parse_args(arguments)
    if options.dry:
        os.environ["JNERF_DEVICE"] = "cpu"
    elif _device() != "cuda":
        print(
            "test_cuda.py: there is no GPU that jnerf can use (python -m jnerf.doctor says why); "
            "--dry tries the script on the CPU",
            file=sys.stderr,
        )
        return 2
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    os.environ.setdefault("JNERF_KERNELS", "test_cuda")  # one set of kernels for all parts
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "records").mkdir(parents=True)
    table: list[tuple[str, str, float]] = []
    try:
        run_all(parts(options.dry), options.scale, table)
    except KeyboardInterrupt:
        table.append(("interrupted", "", 0.0))
    return summary(table)


def _device() -> str:
    from jnerf.runtime import SetupError, device

    try:
        return device()
    except SetupError as error:
        return str(error)


def summary(table: list[tuple[str, str, float]]) -> int:
    """Prints the methods on both devices, the failing tests and the table, writes all, and returns the exit status."""
    from jnerf.benchmark.methods import compare

    log = OUT / "tests.log"
    text = log.read_text(errors="replace") if log.is_file() else ""
    bad = failing(text)
    cpu, cuda = (_results(device) for device in ("cpu", "cuda"))
    tried = any(name == "small_cuda" for name, _, _ in table)
    names = [Path(file).stem for file in SMALL] if len(cpu) + len(cuda) > 2 else list(cpu | cuda)
    rows = compare.compared(names, cpu, cuda) if tried else []
    lines = [*compare.table(rows), ""] if rows else []
    lines += _told()
    lines += [f"failed: {name}" for name in bad]
    lines.append(f"{'part':12} {'seconds':>8}  result")
    for name, said, seconds in table:
        more = ""
        if name == "tests":
            more = f" ({len(_PASSED.findall(text))} passed, {len(bad)} failed)"
        if name == "small_cuda":
            more = f" ({sum(row['result'] == 'same' for row in rows)} of {len(rows)} as on the CPU)"
        lines.append(f"{name:12} {seconds:8.1f}  {said}{more}")
    lines.append(f"logs and JSON: {OUT}")
    lines.append("tables of the benchmarks: jnerf benchmark report build/test_cuda/records/*.json")
    (OUT / "summary.txt").write_text("\n".join(lines) + "\n")
    done = [{"part": name, "seconds": round(s, 1), "result": said} for name, said, s in table]
    found = {"passed": len(_PASSED.findall(text)), "failed": bad, "parts": done, "methods": rows}
    (OUT / "summary.json").write_text(json.dumps(found, indent=2) + "\n")
    print("\n".join(lines))
    if table and table[-1][0] == "interrupted":
        return 130
    wrong = any(row["result"] != "same" for row in rows)
    return int(wrong or any(said != "passed" for _, said, _ in table))


def _told() -> list[str]:
    """Seconds to a PSNR, and which ways of kernels are faster, of the records that there are."""
    from jnerf.benchmark.records import tables
    from jnerf.benchmark.records.record import load

    found = {path.stem: load(path) for path in sorted((OUT / "records").glob("*.json"))}
    lines = []
    if "train_cuda" in found and found["train_cuda"]["results"]["runs"][0]["evaluations"]:
        lines += [*tables.train_times(found["train_cuda"]).splitlines(), ""]
    if "ways_cuda" in found:
        better = found["ways_cuda"]["results"]["better"]
        lines += [f"{case}: faster with JNERF_CUDA_WAYS={way}" for case, way in better.items()]
        lines += [] if better else ["no kernel has a faster way than its own"]
    return lines


def _results(device: str) -> dict[str, Any]:
    """What the processes of a device have written so far, by method."""
    found: dict[str, Any] = {}
    for path in sorted(OUT.glob(f"small_{device}_*.json")):
        found |= json.loads(path.read_text())
    return found


if __name__ == "__main__":
    sys.exit(main())
