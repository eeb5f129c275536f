"""The command line of ``jnerf benchmark``, which is also ``tools/benchmark.py``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable

from jnerf.checks.suggest import hint
from jnerf.command_line import command_parser, exit_status, parse

PROG = "jnerf benchmark"
DESCRIPTION = "Measure speed, memory and quality, and write tables of what was measured."
COMMANDS = {
    "ops": "every op, forward and backward, against the machine's ceilings and the bound",
    "ways": "kernels for CUDA in each way they can go, on the shapes of a step, and the fastest",
    "train": "PSNR against training seconds, samples/s, rays/s, peak memory",
    "profile": "time per op of one training step, and what of it is idle",
    "memory": "peak memory against samples per step and number of images",
    "growth": "CPU time and memory of a step as batches and scenes grow, and of the store of pixels",
    "render": "seconds per frame, frames per second, preview",
    "host": "an emptied training step: Python, launches, kernels by name, syncs, read-backs",
    "compare": "two JSON files, number by number",
    "report": "JSON files to Markdown tables between <!-- benchmark:NAME --> marks",
}
EXAMPLES = """\
examples:
  {prog} ops --json ops.json
  {prog} ops --only hash_encode --simd native,avx2,plain
  {prog} ways --json ways.json
  {prog} ways --only march --only field --repeat 25
  {prog} train --config-file ngp_embedded --steps 100 --no-eval
  {prog} train --config-file ngp_lego nerf_lego --scene A B --plot train.svg evaluation.n_images=25
  {prog} train --run logs/ngp_lego --json train.json --plot train.svg
  {prog} profile --config-file CONFIG --checkpoint PATH --json profile.json
  {prog} memory --config-file CONFIG --json memory.json --plot memory.svg
  {prog} growth --config-file ngp_embedded --json growth.json --plot growth.svg
  {prog} render --config-file CONFIG --checkpoint PATH --frames 10
  {prog} host --config-file ngp_embedded --json host.json
  {prog} compare before.json after.json
  {prog} report docs/benchmarks/*.json --write README.md docs/performance.md
  {prog} report docs/benchmarks/*.json --write README.md --check

exit status: 0 done, 1 failed, a table is out of date, 2 wrong config, data, checkpoint or flag, 130 interrupted
"""
Add = Callable[..., argparse.Action]


def usage(prog: str = PROG) -> str:
    """What ``--help`` without a command prints.

    Args:
        prog: how the program is called.
    """
    rows = "\n".join(f"  {name:9} {text}" for name, text in COMMANDS.items())
    return (
        f"usage: {prog} COMMAND ...\n\n{DESCRIPTION}\n\ncommands:\n{rows}\n\n"
        f"{prog} COMMAND --help says more.\n\n{EXAMPLES.format(prog=prog)}"
    )


def make_parser(command: str, prog: str = PROG) -> argparse.ArgumentParser:
    """The flags of one command.

    Args:
        command: a key of ``COMMANDS``.
        prog: how the program is called.
    """
    lines = EXAMPLES.splitlines(keepends=True)
    own = [line for line in lines if not line.startswith("  {prog}") or f"}} {command} " in line]
    epilog = "".join(own).format(prog=prog)
    text = f"{COMMANDS[command][0].upper()}{COMMANDS[command][1:]}."
    parser = command_parser(f"{prog} {command}", text, epilog)
    add = parser.add_argument
    if command == "compare":
        add("files", nargs=2, metavar="RUN.json", help="before and after, of the same command")
    elif command == "report":
        add("files", nargs="*", metavar="RUN.json", help="default: docs/benchmarks/*.json")
        add("--write", nargs="+", default=[], metavar="FILE.md", help="fill the tables of a file")
        add("--check", action="store_true", help="write nothing; fail when a table would change")
    else:
        _add_measuring(add, command)
    return parser


def _add_measuring(add: Add, command: str) -> None:
    device = {"dest": "device", "action": "store_const"}
    add("--cpu", const="cpu", help="measure on the CPU", **device)
    add("--cuda", const="cuda", help="measure on the GPU (default: where jnerf runs)", **device)
    add("--json", metavar="OUT", help="write what was measured")
    if command in ("ops", "ways"):
        _add_ops(add, command)
        return
    several = {"nargs": "+", "action": "extend", "default": []}
    several = several if command in ("train", "host") else {}
    needed = command != "train"  # which also reads runs that are there
    add(
        "--config-file", required=needed, metavar="F", help="a config's name or .py file", **several
    )
    {
        "train": _add_train,
        "profile": _add_profile,
        "memory": _add_memory,
        "growth": _add_growth,
        "render": _add_render,
        "host": _add_host,
    }[command](add)
    add("overrides", nargs="*", metavar="key.sub=value", help="override one setting")


def _add_ops(add: Add, command: str) -> None:
    what = "op" if command == "ops" else "kernel"
    add("--only", action="append", default=[], metavar="NAME", help=f"this {what}; may be repeated")
    add("--samples", type=positive, default=2**18, metavar="N", help="samples (default: 2^18)")
    add("--repeat", type=positive, default=9, metavar="K", help="repeats (default: 9)")
    if command == "ops":
        add("--simd", default="", metavar="A,B", help="instruction sets: native, avx2, plain")


def _add_train(add: Add) -> None:
    add("--run", metavar="FOLDER", help="train nothing: report the run that lies there")
    add("--scene", nargs="+", default=[], metavar="PATH", help="one run per dataset.root")
    add("--steps", type=positive, metavar="N", help="train so many steps (default: the config's)")
    add("--warm-up", type=natural, metavar="N", help="steps the speed leaves out (default: 256,"
        " at most half)")  # fmt: skip
    add("--no-eval", action="store_true", help="no test views, only speed and memory")
    add("--save-dir", metavar="D", help="keep the run folders there (default: removed)")
    add("--plot", metavar="OUT.svg", help="draw PSNR against seconds")


def _add_profile(add: Add) -> None:
    add("--checkpoint", metavar="PATH", help="profile from there (default: from step 0)")
    add("--steps", type=positive, default=64, metavar="N", help="steps measured (default: 64)")
    add("--warm-up", type=natural, default=16, metavar="N", help="steps before (default: 16)")


def _add_memory(add: Add) -> None:
    add("--steps", type=positive, default=20, metavar="N", help="steps of a run (default: 20)")
    add("--samples", type=numbers, default=[2**k for k in range(15, 21)], metavar="A,B",
        help="samples per step (default: 2^15 to 2^20)")  # fmt: skip
    add("--images", type=numbers, default=[8, 25, 50, 100], metavar="A,B",
        help="training images (default: 8,25,50,100)")  # fmt: skip
    add("--plot", metavar="OUT.svg", help="draw both curves")


def _add_growth(add: Add) -> None:
    add("--steps", type=positive, default=8, metavar="N", help="steps measured (default: 8)")
    add("--samples", type=numbers, default=[2**k for k in range(15, 21)], metavar="A,B",
        help="samples per step (default: 2^15 to 2^20)")  # fmt: skip
    add("--images", type=numbers, default=[8, 50, 250, 1000, 2000], metavar="A,B",
        help="training images (default: 8,50,250,1000,2000)")  # fmt: skip
    add("--gib", type=numbers, default=[1, 10, 100], metavar="A,B",
        help="sizes of the store of pixels, GiB (default: 1,10,100)")  # fmt: skip
    add("--resolution", type=positive, default=128, metavar="N",
        help="width and height of the images (default: 128)")  # fmt: skip
    add("--here", action="store_true", help=argparse.SUPPRESS)  # one point, in this process
    add("--plot", metavar="OUT.svg", help="draw CPU time and memory")


def _add_render(add: Add) -> None:
    add("--checkpoint", metavar="PATH", help="default: the newest of the run folder")
    add("--save-dir", metavar="D", help="folder of the runs (default: save_dir)")
    add("--frames", type=positive, default=5, metavar="N", help="test views (default: 5)")


def _add_host(add: Add) -> None:
    add("--steps", type=positive, default=64, metavar="N", help="steps of a repeat (default: 64)")
    add("--repeat", type=positive, default=3, metavar="K", help="repeats (default: 3)")


def positive(text: str) -> int:
    """An integer of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def natural(text: str) -> int:
    """An integer of at least 0."""
    return 0 if text == "0" else positive(text)


def numbers(text: str) -> list[int]:
    """Positive integers between commas; the empty text is no number.

    >>> numbers("8,100")
    [8, 100]
    """
    return [positive(part) for part in text.split(",") if part]


def parse_arguments(arguments: list[str], prog: str = PROG) -> argparse.Namespace:
    """Parses the command and its flags; on a mistake, exits with status 2."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(usage(prog), end="")
        raise SystemExit(0 if arguments else 2)
    command = arguments[0]
    if command not in COMMANDS:
        text = f"{prog}: error: unknown command {command!r}. {hint(command, COMMANDS)}"
        print(text, file=sys.stderr)
        raise SystemExit(2)
    options = parse(make_parser(command, prog), arguments[1:])
    options.command = command
    return options


def main(arguments: list[str] | None = None, prog: str = PROG) -> int:
    """Runs the command line and returns its exit status.

    Args:
        arguments: None for those of the process.
        prog: how the program is called.
    """
    options = parse_arguments(sys.argv[1:] if arguments is None else arguments, prog)
    if getattr(options, "device", None):
        os.environ["JNERF_DEVICE"] = options.device  # before anything imports Jittor

    def run() -> int | None:
        from jnerf.benchmark import commands

        return commands.run(options)

    return exit_status(run, "Free disk space, make the file writable, or choose another path.")
