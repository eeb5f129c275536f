"""Work behind: in order, never more than one part ahead, faults told, and nothing left running."""

import threading
import time

import pytest

from jnerf.imaging.behind import Behind


@pytest.mark.parametrize("apart", [False, True])
def test_parts_give_what_they_give_in_their_order(apart):
    with Behind(apart) as behind:
        for i in range(5):
            behind.add(lambda i=i: (i, threading.current_thread() is threading.main_thread()))
    assert behind.found == [(i, not apart) for i in range(5)]


def test_one_part_goes_on_while_the_next_is_made():
    begun, go_on = threading.Event(), threading.Event()
    with Behind(True) as behind:
        behind.add(lambda: begun.set() or go_on.wait(10))
        assert begun.wait(10) and behind.found == []  # whoever gave it has gone on
        go_on.set()
        behind.add(lambda: "second")  # waits for the first
        assert behind.found == [True]
    assert behind.found == [True, "second"]


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("last", [False, True])
def test_a_fault_is_told(apart, last):
    done = []
    with pytest.raises(ZeroDivisionError), Behind(apart) as behind:
        behind.add(lambda: 1 / 0)
        if not last:
            behind.add(lambda: done.append(1))
    assert done == [] and behind.found == []


def test_whoever_is_interrupted_leaves_no_part_half_done():
    done = []

    def part():
        time.sleep(0.05)
        done.append(1)

    with pytest.raises(KeyboardInterrupt), Behind(True) as behind:
        behind.add(part)
        raise KeyboardInterrupt
    assert done == [1]
    assert not [t for t in threading.enumerate() if t.name.startswith("jnerf-behind")]


def test_a_fault_of_a_part_does_not_hide_why_it_ends():
    with pytest.raises(KeyboardInterrupt), Behind(True) as behind:
        behind.add(lambda: 1 / 0)
        raise KeyboardInterrupt
