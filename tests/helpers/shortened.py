"""The documentation's commands, run in this process and made short: tiny scenes, few steps, small pictures."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from documents import ROOT
from small_runs import small_sizes, tiny_scenes

if TYPE_CHECKING:
    from jnerf.config.block import Config

#: Commands that do not run here, by how they begin, and why.
NOT_RUN = {
    ("source",): "the environment of the tests stands in for it",
    ("export",): "scenes are tiny ones of the tests",
    ("pip",): "needs a network",
    ("uv",): "needs a network",
    ("python", "-m", "pip"): "needs a network",
    ("tensorboard",): "runs until it is stopped",
    ("ray",): "makes this machine a host of a cluster; tests/sweep/test_cluster.py has one",
    ("jupyter",): "opens a browser; test_notebooks.py executes the notebooks",
}
#: Words put behind a command; of two equal flags the last wins.
SHORT = {
    "test": ["evaluation.n_images=1"],
    "render": ["--force", "evaluation.n_images=1"],
    "mesh": ["--resolution", "24", "--level", "1.1"],
    "points": ["--count", "500"],
    "slices": ["--resolution", "16"],
}
#: The level of distances.
DISTANCE = "0.0"
#: Steps of runs that pages train, and of those that they take for granted, which have learned something.
STEPS, LEARNED = 2, 60
#: Commands of which only flags and configs are looked at, and what runs them small.
PARSED = {
    "benchmark": "tests/tools/test_benchmark.py",
    "process": "tests/capture",
    "view": "tests/viewer",
}
_LOOKS = ("--check", "--print-config", "--diff", "--help")


class Shortened:
    """Runs the commands of a page in a folder of its own.

    Args:
        folder: where the page's commands run: the working directory.
        shared: what pages share: scenes, and runs that pages take for granted.
    """

    def __init__(self, folder: Path, shared: Path) -> None:
        self._folder, self._shared = folder, shared
        self._scenes = tiny_scenes(shared / "scenes")
        self.scene = shared / "scenes" / "scene"

    def run(self, words: list[str]) -> str | None:
        """Runs a command.

        Returns:
            What is wrong, None if it ran, or is in ``NOT_RUN``.
        """
        if "&&" in words:
            cut = words.index("&&")
            return self.run(words[:cut]) or self.run(words[cut + 1 :])
        if any(tuple(words[: len(begin)]) == begin for begin in NOT_RUN):
            return None
        if words[0] == "mpirun":  # one process stands in for several: tests/engine/parallel
            words = words[words.index("jnerf") :]
        if words[0] == "make":
            done = subprocess.run(["make", "-n", "-C", str(ROOT), *words[1:]], capture_output=True)
            return None if done.returncode == 0 else done.stderr.decode()
        if words[:3] == ["python", "-m", "jnerf.doctor"]:
            words = ["jnerf", "doctor", *words[3:]]
        if words[0] != "jnerf":
            return "neither run nor in NOT_RUN of tests/helpers/shortened.py"
        return self._jnerf(words[1], words[2:])

    def _jnerf(self, name: str, rest: list[str]) -> str | None:
        from jnerf.cli import main

        if name in PARSED and "--help" not in rest:
            return _parsed(name, rest)
        if name == "doctor":
            # `make test` compiles; pip would change the environment of the tests.
            rest = [word for word in rest if word not in ("--compile", "--fix")]
            rest = [str(self.scene) if word.startswith("scenes/") else word for word in rest]
        elif name == "sweep":  # what it trains small is in tests/cli/test_sweep.py
            rest = self._planned(rest)
        elif name == "train" and not any(flag in rest for flag in _LOOKS):
            rest = [word for word in self._training(rest) if word != "--viewer"]  # it stays open
        elif name != "train" and "--help" not in rest:
            rest = self._on_runs(name, rest)
        try:
            status = main([name, *rest])
        except SystemExit as stop:
            status = stop.code
        return None if not status else f"exit status {status}: jnerf {name} {' '.join(rest)}"

    def _planned(self, words: list[str]) -> list[str]:
        """The words of ``jnerf sweep``, which shows its plan alone; scenes that are names are there."""
        for name in words[words.index("--scene") + 1 :]:
            if name.startswith("--"):
                break
            if name.isidentifier():
                (self._shared / "nerf_synthetic" / name).mkdir(parents=True, exist_ok=True)
        return [*words, "--dry-run"]

    def _on_runs(self, name: str, words: list[str]) -> list[str]:
        """The words of a command on runs, which are there then, short."""
        at = 1 if name == "export" else 0
        if name in (*SHORT, "export"):
            words = [*words[:at], str(self._borrow(words[at])), *words[at + 1 :]]
        words = [str(self._borrow(word)) if word.startswith("logs/") else word for word in words]
        if name == "render":
            return _film(words)
        if "--texture" in words:
            words = [*words, "--texture", "64", "--faces", "300"]
        short = SHORT.get(words[0] if name == "export" else name, [])
        if name == "mesh" and Path(words[0]).name.startswith("sdf"):
            short = ["--resolution", "24", "--level", DISTANCE]
        return [*words, *short]

    def _training(self, words: list[str]) -> list[str]:
        """The words of ``jnerf train``, short; a run that is in the way is removed."""
        from jnerf.config import find_config, load_config

        resumed = "--resume" in words
        if resumed:
            self._borrow(words[0])
        config = load_config(find_config(words[0]), [word for word in words[1:] if "=" in word])
        run = Path(words[0]) if Path(words[0]).is_dir() else Path("logs") / config.exp_name
        if not resumed:
            shutil.rmtree(run, ignore_errors=True)
        return [*words, *self.sizes(config), f"total_steps={LEARNED + 1 if resumed else STEPS}"]

    def sizes(self, config: Config) -> list[str]:
        """Overrides that make a training short."""
        scene = self._scenes[config.dataset.type]
        short = ["evaluation.steps=[]", "evaluation.every=none", "evaluation.at_end=false"]
        return [*small_sizes(config), *scene, *short, f"total_steps={STEPS}"]

    def _borrow(self, name: str) -> Path:
        """The folder of a run that a page names, trained here or before."""
        run = Path(name) if "/" in name else Path("logs") / name
        if run.suffix or len(run.parts) > 2:
            return run  # a file of a run
        if not run.is_dir():
            known = _config_of(run.name)
            trained = self._shared / "logs" / known
            if not trained.is_dir():
                self._train(known)
            shutil.copytree(trained, run)
        return run

    def _train(self, name: str) -> None:
        from jnerf.cli import main

        words = [word for word in self._training([name]) if word != "evaluation.at_end=false"]
        words += ["--save-dir", str(self._shared / "logs"), "evaluation.n_images=1"]
        words += [f"total_steps={LEARNED}"]
        assert main(["train", *words]) == 0


def _config_of(name: str) -> str:
    """The config whose run stands in for a run of this name."""
    from jnerf.config.find import named_configs

    return name if name in named_configs() else "ngp_embedded"


def _film(words: list[str]) -> list[str]:
    """The words of ``jnerf render``, of two small frames; views are small already."""
    for flag, values in (("--seconds", 1), ("--frames", 1), ("--resolution", 2)):
        if flag in words:
            at = words.index(flag)
            words = words[:at] + words[at + 1 + values :]
    small = [] if "views" in words else ["--resolution", "16", "16"]
    small += ["--frames", "2"] if small and "--window" not in words else []
    return [*words, *small, *SHORT["render"]]


def _parsed(name: str, words: list[str]) -> str | None:
    """What is wrong with a command's flags and configs, and their overrides; None if nothing is."""
    from jnerf.benchmark.cli import parse_arguments
    from jnerf.cli.commands import parser_of
    from jnerf.command_line import parse
    from jnerf.config import load_config

    try:
        options = parse_arguments(words) if name == "benchmark" else parse(parser_of(name), words)
    except SystemExit as stop:
        return f"exit status {stop.code}: jnerf {name} {' '.join(words)}" if stop.code else None
    files = getattr(options, "config_file", None) or []
    for file in [files] if isinstance(files, str) else files:
        load_config(ROOT / file, options.overrides)
    return None
