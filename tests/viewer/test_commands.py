"""``jnerf view`` and ``jnerf train --viewer``: they say where the page is, and end by Ctrl-C."""

import signal
import time

import pytest
from guest import Guest

from jnerf.cli import main


def test_view_ends_by_ctrl_c(trained, tmp_path):
    with Guest(tmp_path / "said.txt", lambda said: "Ctrl-C ends the viewer" in said) as guest:
        assert main(["view", str(trained[1]), "--port", "0"]) == 0
    assert b"<html" in guest.page
    assert "SIGINT: ending the viewer" in guest.said


def test_a_watched_training_that_is_stopped_ends_as_ever(trained, tmp_path):
    config = trained[0].copy()
    config.total_steps, config.save_dir = 100_000, str(tmp_path)
    (tmp_path / "mine.py").write_text(config.dump())
    trains = lambda said: " 2/100000" in said or "step/s, loss" in said  # noqa: E731
    with Guest(tmp_path / "said.txt", trains) as guest:
        assert main(["train", str(tmp_path / "mine.py"), "--viewer", "--port", "0"]) == 130
    assert b"<html" in guest.page
    assert list((tmp_path / "seen/checkpoints").glob("step_*.safetensors"))


def test_a_guest_who_sees_no_page_ends_the_command_too(tmp_path):
    """Or the suite would hang."""
    guest = Guest(tmp_path / "said.txt", patience=0.1)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    try:
        with pytest.raises(KeyboardInterrupt), guest:
            time.sleep(60)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "not enough was printed" in guest.error


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
