"""What several processes do one after the other, in one start of mpirun: python together.py FOLDER ALONE.

ALONE is the folder of a run of one process that stopped halfway. The tests that read the results say what they mean.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

from ranks import SMALL

import jnerf  # noqa: F401
from jnerf.config import find_config, load_config
from jnerf.engine.hooks import Hook
from jnerf.engine.parallel.team import team
from jnerf.engine.run import run
from jnerf.engine.trainer import Trainer

STEPS, HALF = 40, 20
TRAINING = [
    f"total_steps={STEPS}",
    f"checkpoint.every={HALF}",
    "log_every=10",
    "evaluation.at_end=False",
]


def train(folder, name, *overrides, **options):
    """A training of this process, alone or with the others."""
    halved = "encoder.pos_encoder.table_precision=float16"  # copies of tables are each process's own
    words = [*SMALL[1:], *TRAINING, halved, f"exp_name={name}", *overrides]
    return run(load_config(find_config(SMALL[0]), words), "train", save_dir=folder, **options)


class _Seen(Hook):
    """Counts what a hook is told, to show that one process alone has it."""

    steps = 0

    def after_step(self, trainer):
        """Counts."""
        self.steps += 1


def stopped(folder, step):
    """A training that the last process is asked to end, by a signal to it alone."""
    real = Trainer._train_step

    def ending(self, number, watch):
        if number == step and team().rank == team().size - 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return real(self, number, watch)

    Trainer._train_step = ending
    try:
        return train(folder, "stopped", "checkpoint.every=1000")
    finally:
        Trainer._train_step = real


def main(folder, alone):
    """Everything."""
    seen = _Seen()
    done = train(folder, "straight", "evaluation.at_end=True", hooks=[seen])
    assert seen.steps == (STEPS if team().first else 0)
    assert done["mean"]["psnr"] > 0  # of all views, in each process
    half = stopped(folder, HALF + 3)
    assert not half["complete"] and half["step"] == HALF + 4
    assert train(folder, "stopped", "checkpoint.every=1000", resume=True)["complete"]
    if team().first:
        shutil.copytree(alone, folder / "taken_over")
    team().wait()
    train(folder, "taken_over", resume=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
