"""Trainings that were cut before they wrote a record: their logs hold what was measured until then."""

from __future__ import annotations

from pathlib import Path

from jnerf.benchmark.finished import finished_run
from jnerf.benchmark.records.record import save
from jnerf.benchmark.train import training_record
from jnerf.errors import JnerfError

TRAININGS = ("train", "long")


def recover(out: Path) -> None:
    """Writes ``records/<part>_cuda.json`` of each training in ``runs/<part>`` that has left none, as incomplete.

    One that was cut before its log had windows to measure by leaves none.

    Args:
        out: the folder of ``make test-cuda``.
    """
    for part in TRAININGS:
        path = out / "records" / f"{part}_cuda.json"
        if path.is_file():
            continue
        for info in (out / "runs" / part).glob("*/run.json"):
            try:
                run, told = finished_run(info.parent)
            except JnerfError:
                continue
            said = {"incomplete": "cut before its end; from the log of its run"}
            save(path, training_record([run], told, said))
