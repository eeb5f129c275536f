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
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Runs from a checkout as well as from an installed package.
sys.path.insert(0, str(ROOT))

DESCRIPTION = """\
Doctor, all tests with CUDA parameters, three emptied steps of every method with and without compute-sanitizer, and the
benchmarks, each under its own time limit. What is done when a part is cut is kept in build/test_cuda: logs and JSON.
A second call goes on with the kernels of the first.
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
# One of every further method, of which three steps are made. Cameras that learn are with the data, which is emptied.
FURTHER = [
    *("nerfacto_embedded", "mipnerf360_embedded", "zipnerf_embedded", "nerfw_embedded"),
    *("kplanes_lego_small", "kplanes_explicit_lego_small", "tensorf_embedded"),
    *("tensorf_cp384_lego_small", "triplane_lego_small", "nglod_lego_small", "vqad_lego_small"),
]
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
    """One command and the most seconds that it may take."""

    name: str
    seconds: int
    command: list[str]


def parts(dry: bool) -> list[Part]:
    """What is done, in this order: 355 seconds at most."""
    python = [sys.executable]
    benchmark = [*python, "tools/benchmark.py"]
    steps = [
        *python,
        "-m",
        "jnerf.benchmark.host.small_steps",
        *(METHODS[:1] if dry else METHODS + FURTHER),
    ]
    tests = [*python, "-m", "pytest", "-v", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist") and not dry:  # each compiles, and all share what one has
        tests += ["-n", "logical", "--maxprocesses", "12", "--dist", "loadfile"]
    tests += ["tests/ops/test_ema.py", "-k", "cpu"] if dry else ["tests", "-k", "cuda]"]
    ops = ["--only", "ema", "--samples", "4096", "--repeat", "1"] if dry else ["--repeat", "3"]
    tiny = _TINY if dry else []
    small = ["--steps", "16"] if dry else ["--steps", "64"]
    runs = ["--save-dir", str(OUT / "runs")]
    many = ["--steps", "32" if dry else "300"]
    host = [NGP] if dry else METHODS
    found = [
        Part("doctor", 75, [*python, "-m", "jnerf.doctor", "--compile"]),
        Part("tests", 110, tests),
        Part("steps", 40, steps),
    ]
    sanitizer = shutil.which("compute-sanitizer")
    for tool in ("memcheck", "racecheck") if sanitizer and not dry else ():
        how = ["--tool", tool, "--target-processes", "application-only", "--error-exitcode", "1"]
        found.append(Part(tool, 25, [sanitizer, *how, *steps]))
    measured = {
        "ops": (20, [*ops]),
        "train": (20, ["--config-file", NGP, *many, "--no-eval", *runs, *tiny]),
        "render": (15, ["--config-file", NGP, "--frames", "1", *runs, *tiny]),
        "host": (15, ["--config-file", *host, "--steps", "16", "--repeat", "1"]),
        "profile": (15, ["--config-file", NGP, *small, *tiny]),
    }
    for name, (seconds, flags) in measured.items():
        if name == "train" and dry:
            flags = [*flags, "sampler.fixed_sizes=True"]
        command = [*benchmark, name, *flags, "--json", str(OUT / f"{name}.json")]
        found.append(Part(name, seconds, command))
    return found


def run(part: Part, scale: float) -> tuple[str, float]:
    """Runs a part; returns what became of it and its seconds. Its output is ``<name>.log``."""
    start = time.monotonic()
    environment = dict(os.environ)
    if "-n" in part.command:
        del environment["JNERF_KERNELS"]  # every process of the tests names its own
    with (OUT / f"{part.name}.log").open("wb") as log:
        process = subprocess.Popen(
            part.command,
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            status = process.wait(part.seconds * scale)
            said = "passed" if status == 0 else f"failed with status {status}"
        except subprocess.TimeoutExpired:
            said = f"cut after {part.seconds * scale:.0f} s"
        finally:
            _end(process)
    return said, time.monotonic() - start


def _end(process: subprocess.Popen) -> None:
    """Ends what is left of a part, its compilers included."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


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
    OUT.mkdir(parents=True)
    table = []
    try:
        for part in parts(options.dry):
            print(
                f"test_cuda.py: {part.name}, at most {part.seconds * options.scale:.0f} s ...",
                flush=True,
            )
            table.append((part.name, *run(part, options.scale)))
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
    """Prints the failing tests and the table, writes both, and returns the exit status."""
    log = OUT / "tests.log"
    text = log.read_text(errors="replace") if log.is_file() else ""
    bad = failing(text)
    lines = [f"failed: {name}" for name in bad]
    lines += [f"{'part':12} {'seconds':>8}  result"]
    for name, said, seconds in table:
        more = ""
        if name == "tests":
            more = f" ({len(_PASSED.findall(text))} passed, {len(bad)} failed)"
        lines.append(f"{name:12} {seconds:8.1f}  {said}{more}")
    lines.append(f"logs and JSON: {OUT}")
    (OUT / "summary.txt").write_text("\n".join(lines) + "\n")
    rows = [{"part": name, "seconds": round(s, 1), "result": said} for name, said, s in table]
    found = {"passed": len(_PASSED.findall(text)), "failed": bad, "parts": rows}
    (OUT / "summary.json").write_text(json.dumps(found, indent=2) + "\n")
    print("\n".join(lines))
    if table and table[-1][0] == "interrupted":
        return 130
    return int(any(said != "passed" for _, said, _ in table))


if __name__ == "__main__":
    sys.exit(main())
