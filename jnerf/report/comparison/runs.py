"""The runs of a comparison, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jnerf.errors import ConfigError, DataError
from jnerf.report.run_data import RunData, read_run


def read_runs(paths: Sequence[Path]) -> list[RunData]:
    """Reads run folders.

    Args:
        paths: two or more.

    Raises:
        ConfigError: fewer, or one of them twice.
        DataError: one is no run's folder.
    """
    if len(paths) < 2:
        raise ConfigError(
            f"compare needs two or more run folders, got {len(paths)}. Of one: jnerf report RUN"
        )
    known: dict[Path, Path] = {}
    for path in paths:
        if path.suffix == ".json":
            raise DataError(
                f"{path} is a file, not a run's folder. Records of benchmarks: jnerf benchmark compare A.json B.json"
            )
        same = known.setdefault(path.resolve(), path)
        if same is not path:
            raise ConfigError(f"{path} is given twice; compare it with another run")
    return [read_run(path) for path in paths]


def names_of(runs: Sequence[RunData]) -> list[str]:
    """A name for each, no two alike: the run's own, where two have the same as much of the path as tells them apart.

    Args:
        runs: of different folders.
    """
    names = [run.name for run in runs]
    if len(set(names)) == len(names):
        return names
    parts = [run.folder.root.resolve().parts for run in runs]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(path[-length:]) for path in parts]
        if len(set(names)) == len(names):
            break
    return names
