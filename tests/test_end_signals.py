"""SIGTERM ends a command as Ctrl-C does, with a word and its own status."""

import os
import signal
import time

import pytest

from jnerf.command_line import exit_status
from jnerf.end_signals import EndSignals


@pytest.fixture(autouse=True)
def as_by_default():
    """Other tests of this process may have left a handler of their libraries, and nohup has SIGHUP ignored."""
    numbers = signal.SIGTERM, signal.SIGHUP
    before = [signal.signal(number, signal.SIG_DFL) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_command_that_is_ended_keeps_what_it_can_and_says_so(capsys, number, status):
    kept = []

    def work():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        except KeyboardInterrupt:
            kept.append(1)
            raise KeyboardInterrupt("3 of 9 frames are kept") from None

    assert exit_status(work, "") == status
    assert kept and signal.getsignal(number) == signal.SIG_DFL
    name = signal.Signals(number).name
    assert capsys.readouterr().err == f"ended by {name}: 3 of 9 frames are kept\n"


def test_what_nohup_ignores_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with EndSignals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_second_acts_as_ever():
    with EndSignals(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
    with EndSignals() as ended:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except KeyboardInterrupt:
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
        assert (ended.name, ended.status) == ("SIGTERM", 143)


def test_a_forked_child_ends_as_it_always_did():
    with EndSignals():
        ready, told = os.pipe()
        child = os.fork()
        if not child:
            if signal.getsignal(signal.SIGTERM) == signal.SIG_DFL:
                os.write(told, b"1")
                time.sleep(20)
            os._exit(3)
        os.close(told)
        assert os.read(ready, 1)
        os.close(ready)
        os.kill(child, signal.SIGTERM)
        _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGTERM
