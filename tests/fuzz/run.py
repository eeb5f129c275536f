"""Fuzzes every reader for a while: ``python tests/fuzz/run.py --seconds 600`` (or ``make fuzz SECONDS=600``).

Each reader gets an equal share of the time in a process of its own. Inputs are damaged at random, or by atheris where
it is installed (``pip install atheris``), which is led by the lines of jnerf that an input reaches. What breaks the
rule (``tests/helpers/fuzzing/judge.py``) is written to ``build/fuzz/<reader>/``, once for each place in the code, and
the exit status is 1.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from fuzzing.judge import Bench, Fault

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/helpers")]


def main() -> int:
    """Runs the command; returns 1 if a reader broke the rule."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--seconds", type=float, default=600.0, help="of CPU, for all readers together (600)")
    add("--target", nargs="+", metavar="NAME", help="readers; all of them if none is named")
    add("--seed", type=int, default=0, help="of the random damages (0)")
    add("--engine", choices=["random", "atheris"], help="default: atheris if it is installed")
    add("--output", type=Path, default=ROOT / "build/fuzz", help="folder of what is found")
    add("--one", nargs=2, metavar=("NAME", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    options.engine = options.engine or ("atheris" if find_spec("atheris") else "random")
    if options.one:
        return fuzz_one(options)
    from fuzzing.targets import TARGETS

    names = options.target or list(TARGETS)
    if unknown := set(names) - set(TARGETS):
        parser.error(f"no reader {sorted(unknown)[0]!r}: choose of {', '.join(TARGETS)}")
    found = [fuzz(name, options, options.seconds / len(names)) for name in names]
    print(f"{sum(n for n, _ in found)} inputs, {sum(n for _, n in found)} faults", flush=True)
    return int(any(n for _, n in found))


def fuzz(name: str, options: argparse.Namespace, seconds: float) -> tuple[int, int]:
    """Fuzzes one reader in a process of its own, and in another one when an input has killed that.

    Returns:
        Inputs tried and faults found.
    """
    output = options.output / name
    seed, left, crashes, inputs, faults = options.seed, seconds, 0, 0, 0
    while left > 1:
        folder = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-"))
        command = [
            sys.executable,
            __file__,
            "--one",
            name,
            str(folder / "input"),
            "--seconds",
            str(left),
        ]
        command += [
            "--seed",
            str(seed),
            "--engine",
            options.engine,
            "--output",
            str(options.output),
        ]
        with (folder / "said.txt").open("wb") as said:
            subprocess.run(command, stderr=said, check=False)
        if not (folder / "told.json").is_file():
            end = (folder / "said.txt").read_text("utf-8", "replace")[-2000:]
            print(f"{name}: cannot be tried: {end}", flush=True)
            return inputs, faults + 1
        told = json.loads((folder / "told.json").read_text())
        left -= told["seconds"]
        inputs, faults, seed = inputs + told["inputs"], faults + told["faults"], seed + 1000
        if not told["ended"]:
            crashes += 1
            shutil.copytree(folder / "input", output / f"crash{seed}", dirs_exist_ok=True)
            print(f"{name}: the process died -> {output / f'crash{seed}'}", flush=True)
        shutil.rmtree(folder)
        if told["ended"] or crashes > 20:
            break
    print(f"{name}: {inputs} inputs, {faults + crashes} faults", flush=True)
    return inputs, faults + crashes


def fuzz_one(options: argparse.Namespace) -> int:
    """Fuzzes one reader in this process."""
    said = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what readers print is of no interest
    if options.engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["jnerf"]):
            hunt = _hunt(options, said)
        _led(hunt, options)
    else:
        hunt, rng = _hunt(options, said), random.Random(options.seed)
        while hunt.try_one(rng):
            pass
    hunt.tell(ended=True)
    return 0


def _hunt(options: argparse.Namespace, said: TextIO) -> Hunt:
    from fuzzing.judge import Bench, bounded, quiet
    from fuzzing.targets import TARGETS

    quiet()
    bounded()
    name, folder = options.one[0], Path(options.one[1])
    folder.mkdir()
    bench = Bench(TARGETS[name], folder)
    return Hunt(bench, options.output / name, folder.parent / "told.json", options.seconds, said)


def _led(hunt: Hunt, options: argparse.Namespace) -> None:
    """Lets atheris choose the damages; its loop never returns, so the process ends when the time is over."""
    import atheris
    from fuzzing.led import LedRandom

    def one(data: bytes) -> None:
        if not hunt.try_one(LedRandom(data)):
            hunt.tell(ended=True)
            os._exit(0)

    flags = [f"-seed={options.seed + 1}", "-max_len=256", "-rss_limit_mb=0", "-timeout=120"]
    atheris.Setup([sys.argv[0], *flags], one)
    atheris.Fuzz()


class Hunt:
    """Tries inputs until the time is over, and keeps those that break the rule, one for each place.

    Args:
        bench: the reader with its input.
        output: folder of what is found.
        told: file that says what was done, also if the process dies.
        seconds: of CPU.
        said: stream for people.
    """

    def __init__(
        self, bench: Bench, output: Path, told: Path, seconds: float, said: TextIO
    ) -> None:
        self._bench, self._output, self._file, self._said = bench, output, told, said
        self._seconds, self._began = seconds, time.process_time()
        self._tried, self._found = 0, set()
        self.tell()

    def try_one(self, rng: random.Random) -> bool:
        """One input; False when the time is over."""
        files = self._bench.damage(rng)
        fault = self._bench.fault(files)
        self._tried += 1
        if fault is not None:
            self._keep(fault, files)
        if self._tried % 50 == 0:
            self.tell()
        return self._spent() < self._seconds

    def tell(self, ended: bool = False) -> None:
        """Notes what was tried and found."""
        told = {
            "inputs": self._tried,
            "faults": len(self._found),
            "seconds": self._spent(),
            "ended": ended,
        }
        self._file.write_text(json.dumps(told))

    def _spent(self) -> float:
        return time.process_time() - self._began

    def _keep(self, fault: Fault, files: dict[Path, bytes]) -> None:
        kind = fault.what.split(":")[0], fault.where
        if kind in self._found:
            return
        self._found.add(kind)
        place = self._output / re.sub(r"\W+", "_", f"{kind[1]}_{kind[0]}")[-80:]
        place.mkdir(parents=True, exist_ok=True)
        text = f"{fault.what}\n{fault.where}\n\n{fault.trace}"
        (place / "fault.txt").write_text(text, "utf-8", "replace")
        for path, data in files.items():
            (place / path.name).write_bytes(data)
        print(
            f"{self._bench.target.name}: {fault.where}: {fault.what[:150]} -> {place}",
            file=self._said,
        )
        self.tell()


if __name__ == "__main__":
    sys.exit(main())
