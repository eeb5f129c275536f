"""The first Ctrl-C asks for an end, the second is an end, however soon it comes."""

import signal
import threading

import pytest
from tqdm import tqdm

from jnerf.engine import stop as module
from jnerf.engine.stop import StopSignal


@pytest.fixture
def acted():
    """Numbers of the signals that reached who handled them before."""
    found, numbers = [], (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda n, frame: found.append(n)) for number in numbers]
    yield found
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_asks_and_the_second_acts(acted, number, capsys):
    with StopSignal("saving") as stop:
        assert not stop()
        signal.raise_signal(number)
        assert stop() and not acted
        signal.raise_signal(number)
        assert acted == [number]
    signal.raise_signal(number)
    assert acted == [number] * 2
    assert capsys.readouterr().out == f"{signal.Signals(number).name}: saving; once more to quit at once\n"


def test_the_second_ends_a_job_in_the_background_too(acted):
    """Shells have SIGINT ignored in what scripts begin with ``&``; whoever sends it there means it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with pytest.raises(KeyboardInterrupt), StopSignal("saving") as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop()
        signal.raise_signal(signal.SIGINT)


def test_a_second_one_while_the_first_is_told(acted, monkeypatch):
    monkeypatch.setattr(tqdm, "write", lambda *words, file: signal.raise_signal(signal.SIGINT))
    with StopSignal("saving") as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop() and acted == [signal.SIGINT]


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_a_second_one_while_handlers_are_put_back(acted, monkeypatch, capsys, calls):
    """At whichever of them: it acts once, and all are back."""
    put, count = signal.signal, []

    def slow(number, handler):
        count.append(number)
        if len(count) == calls:
            signal.raise_signal(signal.SIGINT)
        return put(number, handler)

    with StopSignal("saving") as stop:
        monkeypatch.setattr(module.signal, "signal", slow)
        signal.raise_signal(signal.SIGINT)
        monkeypatch.undo()
        assert stop() and acted == [signal.SIGINT]
        assert signal.getsignal(signal.SIGTERM) != stop._take
    assert capsys.readouterr().out.count("once more to quit at once") == 1


def test_without_a_signal_and_elsewhere_than_in_the_main_thread(acted):
    def ask():
        with StopSignal("saving") as stop:
            stop.request()
            found.append(stop())

    found = []
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [True] and not acted
