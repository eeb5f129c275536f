"""``train --run``: a run that is there already, from its log instead of from training."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from jnerf.benchmark.records.tables import commit
from jnerf.benchmark.train import WARM_UP, curve, evaluations, speed
from jnerf.errors import DataError

if TYPE_CHECKING:
    from jnerf.engine.run_folder import RunFolder

# What files raise that lack what a run leaves in them, or have something else there.
_DAMAGED = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)


def finished_run(root: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Reads a run folder.

    Speed is that of the last start that trained, since earlier ones may have had other machines and other code.

    Args:
        root: the run's folder.

    Returns:
        An entry of ``runs`` in the schema, and those top entries of the record that are the run's and not this
        process's: machine, commit, versions, date; ``protocol`` names every start.

    Raises:
        DataError: the folder holds no run.
        TrainingError: its last start was too short to say how fast it was.
    """
    from jnerf.datasets.files.text_files import read_json
    from jnerf.engine.run_folder import RunFolder

    folder = RunFolder(root)
    try:
        return _finished(root, folder, read_json(folder.info))
    except _DAMAGED as error:
        said = f"{type(error).__name__}: {error}"
        raise DataError(
            f"--run {root}: run.json and log.jsonl cannot be read ({said:.200}); give the folder of a run, such as "
            "logs/ngp_lego"
        ) from error


def _finished(
    root: Path, folder: RunFolder, info: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The entries, of files that are as a run leaves them."""
    from jnerf.engine.logging import read_log

    sessions = info["sessions"]
    earliest = min(session["from_step"] for session in sessions)
    rows = read_log(folder.log)
    trained = [row for row in rows if "samples_per_s" in row]
    if not trained:
        raise DataError(f"--run {root}: its log.jsonl has no training step")
    steps = trained[-1]["step"]
    # A start that found all steps done trained nothing: it only tested.
    sessions = [s for s in sessions if s["from_step"] < max(steps, earliest + 1)]
    last = sessions[-1]
    warm_up = max(last["from_step"], min(WARM_UP, steps // 2))
    scene = info["protocol"]["dataset"]
    run = {
        "config": _config_file(sessions[0]),
        "scene": str(scene.get("root") or scene["type"]),
        "exp_name": info["protocol"]["exp_name"],
        "steps": steps,
        "train_seconds": trained[-1]["seconds"],
        "wall_seconds": None,
        **speed(rows, warm_up),
        "peak_memory_gib": None,
        "gpu_memory_gib": None,
        "curve": curve(rows),
        "evaluations": evaluations(rows),
        "protocol": info["protocol"],
    }
    starts = "; ".join(f"step {s['from_step']}: {_start(s)}" for s in sessions)
    told = {
        "created": last["started"],
        "git": last["git"],
        "machine": last["machine"] | {"threads": _threads(last)},
        "versions": last["versions"],
        "load": None,
        "protocol": {"starts": starts},
    }
    return run, told


def _config_file(session: dict[str, Any]) -> str:
    """The config that a start had; older ones noted no more than their command."""
    if "config_file" in session:
        return str(session["config_file"])
    command = session["command"]
    at = command.index("--config-file") if "--config-file" in command else -1
    return command[at + 1] if 0 <= at < len(command) - 1 else "?"


def _start(session: dict[str, Any]) -> str:
    return f"{commit(session['git'])}, {_threads(session)} threads"


def _threads(session: dict[str, Any]) -> int:
    """How many threads computed: as many as OMP_NUM_THREADS says, else one per core."""
    machine = session["machine"]
    return int(machine.get("threads") or machine["cores"])
