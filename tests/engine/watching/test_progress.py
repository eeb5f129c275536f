"""A progress bar whose reader has gone does not end the work behind it."""

import os
import signal

from tqdm import tqdm

from jnerf.engine.stop import StopSignal
from jnerf.engine.watching.progress import Unbroken


def test_a_closed_pipe_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    for _ in tqdm(range(3), file=Unbroken(stream), mininterval=0):
        pass
    stop = Unbroken(stream)
    stop.write("x" * 100_000)
    stop.flush()
    try:
        stream.close()
    except BrokenPipeError:
        pass


def test_a_closed_terminal_is_a_polite_request():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # under nohup it is ignored
    try:
        with StopSignal("saving") as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert stop()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_DFL
    finally:
        signal.signal(signal.SIGHUP, before)


def test_nohup_stays_so():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with StopSignal("saving") as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)
