"""What happens between two steps."""

import pytest

from jnerf.engine.hooks import Hook
from jnerf.engine.logging import read_log
from jnerf.engine.run import run


class Witness(Hook):
    """Notes what it is told; asks for a stop after a step."""

    def __init__(self, stop_after=None):
        self.told, self.rows, self.stop_after = [], [], stop_after

    def begin(self, trainer):
        self.told.append(("begin", trainer.step, trainer.total_steps))

    def row(self, trainer, row):
        self.rows.append(row)

    def after_step(self, trainer):
        self.told.append(("step", trainer.step, trainer.stopping()))
        if trainer.step == self.stop_after:
            trainer.write({"event": "enough"})
            trainer.request_stop()

    def end(self, trainer):
        self.told.append(("end", trainer.step, trainer.folder.log.is_file()))


def test_a_hook_sees_every_step_and_row(tiny, folder):
    witness = Witness()
    run(tiny("total_steps=3", "evaluation.steps=[2]", "log_every=2"), "train", hooks=[witness])
    steps = [("step", n, False) for n in (1, 2, 3)]
    assert witness.told == [("begin", 0, 3), *steps, ("end", 3, True)]
    assert witness.rows == read_log(folder / "log.jsonl")
    assert [("eval" in row, row["step"]) for row in witness.rows][-2:] == [(False, 3), (True, 3)]


def test_a_hook_can_stop_training_which_is_saved(tiny, folder):
    witness = Witness(stop_after=2)
    done = run(tiny("total_steps=9"), "train", hooks=[witness])
    assert not done["complete"] and done["step"] == 2
    assert (folder / "checkpoints/step_00000002.safetensors").is_file()
    assert read_log(folder / "log.jsonl")[-1]["event"] == "enough"
    assert run(tiny("total_steps=9"), "train", resume=True)["complete"]


def test_every_hook_ends_whatever_the_others_do(tiny):
    class Broken(Hook):
        def after_step(self, trainer):
            raise ValueError("of the hook")

        def end(self, trainer):
            raise OSError("at the end")

    witness = Witness()
    with pytest.raises(OSError, match="at the end"):
        run(tiny("total_steps=3"), "train", hooks=[Broken(), witness])
    assert witness.told == [("begin", 0, 3), ("end", 1, True)]
