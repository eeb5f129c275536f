"""``jnerf view`` and ``jnerf train --viewer``: they say where the page is, and end by Ctrl-C."""

import pytest
from guest import Guest

from jnerf.cli import main


def test_view_ends_by_ctrl_c(trained, capfd):
    guest = Guest(capfd, lambda said: "Ctrl-C ends the viewer" in said)
    guest.start()
    assert main(["view", str(trained[1]), "--port", "0"]) == 0
    guest.join()
    assert b"<html" in guest.page
    assert "SIGINT: ending the viewer" in guest.said + "".join(capfd.readouterr())


def test_a_watched_training_that_is_stopped_ends_as_ever(trained, tmp_path, capfd):
    config = trained[0].copy()
    config.total_steps, config.save_dir = 100_000, str(tmp_path)
    (tmp_path / "mine.py").write_text(config.dump())
    guest = Guest(capfd, lambda said: " 2/100000" in said or "step/s, loss" in said)
    guest.start()
    assert main(["train", str(tmp_path / "mine.py"), "--viewer", "--port", "0"]) == 130
    guest.join()
    assert b"<html" in guest.page
    assert list((tmp_path / "seen/checkpoints").glob("step_*.safetensors"))


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--port", "70000"], "--port is 70000"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--import", "nowhere.py"], "nowhere.py"),
        (["--checkpoint", "nowhere.safetensors"], "nowhere.safetensors"),
    ],
)
def test_wrong_arguments_are_one_line(trained, capfd, arguments, said):
    assert main(["view", str(trained[1]), *arguments]) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1 and said in errors[0]
