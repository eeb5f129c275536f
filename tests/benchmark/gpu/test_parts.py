"""Parts of ``make test-cuda`` run at once, are cut with all that they started, and say what became of them."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from jnerf.benchmark.gpu.parts import Part, Runner


@pytest.fixture
def runner(tmp_path):
    return Runner(Path.cwd(), tmp_path, 1.0)


def shell(name, seconds, *commands, **more):
    return Part(name, seconds, [["sh", "-c", command] for command in commands], **more)


def test_a_part_is_cut_with_all_that_it_started_and_keeps_its_output(runner, tmp_path):
    said, seconds = runner.run(shell("long", 1, "echo begun; sleep 60 & echo $!; wait"))
    assert said == "cut after 1 s" and seconds < 5
    begun, child = (tmp_path / "long.log").read_text().split()
    assert begun == "begun" and ended(int(child))


def test_a_failure_is_not_hidden_by_the_cut_of_another_process(runner):
    assert runner.run(shell("bad", 9, "true", "false"))[0] == "failed with status 1"
    cut = runner.run(shell("bad", 1, "sleep 60", "exit 3", "true"))[0]
    assert cut == "failed with status 3, the rest cut after 1 s"


def test_processes_that_do_not_listen_are_given_the_same_seconds(runner, tmp_path, monkeypatch):
    monkeypatch.setattr("jnerf.benchmark.gpu.parts._PATIENCE", 0.5)
    deaf = "trap '' TERM; echo $$; while :; do sleep 1; done"
    said, seconds = runner.run(shell("deaf", 1, *[deaf] * 3))
    assert said == "cut after 1 s" and seconds < 2.4  # 1 + 0.5, not 1 + 3 x 0.5
    assert all(ended(int((tmp_path / f"deaf_{i}.log").read_text())) for i in range(3))


def test_a_part_that_cannot_start_or_lacks_something_does_not_stop_the_rest(runner):
    table = []
    missing = Part("missing", 9, [["/no/such/program"]])
    lacking = Part("memcheck", 9, [], lacks="no compute-sanitizer")
    runner.run_all([[missing, lacking], [shell("quick", 9, "true")]], table, lambda: None)
    said = {name: result for name, result, _ in table}
    assert said["missing"].startswith("failed: ") and "/no/such/program" in said["missing"]
    assert said["memcheck"] == "not run: no compute-sanitizer" and said["quick"] == "passed"


def test_what_goes_on_beside_is_waited_for_by_the_part_of_its_name(runner, tmp_path):
    slow = shell("slow", 9, "sleep 0.5; echo done", beside="last")
    table, done = [], []
    stages = [[slow], [shell("quick", 9, "true")], [shell("last", 9, "true")]]
    runner.run_all(stages, table, lambda: done.append(len(table)))
    assert [row[:2] for row in table] == [(n, "passed") for n in ("quick", "last", "slow")]
    assert (tmp_path / "slow.log").read_text() == "done\n" and done == [1, 3]


def test_an_interruption_ends_what_goes_on_and_names_it(runner, tmp_path):
    waits = "echo $$; sleep 60"
    slow = shell("slow", 99, waits, beside="last")
    stages = [[slow], [shell("quick", 9, "true")], [shell("now", 99, waits), shell("too", 9, "true")]]
    stages += [[shell("last", 9, "true")]]
    table, begun = [], time.monotonic()

    def interrupt():
        for name in ("slow", "now"):
            until(lambda name=name: (tmp_path / f"{name}.log").read_text().strip())
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)

    def done():
        if not thread.ident:
            (tmp_path / "now.log").touch()
            thread.start()

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's shell has it ignored
    try:
        with pytest.raises(KeyboardInterrupt):
            runner.run_all(stages, table, done)
    finally:
        signal.signal(signal.SIGINT, before if before is not None else signal.SIG_DFL)
    assert time.monotonic() - begun < 15
    said = {name: result for name, result, _ in table}
    assert list(said) == ["quick", "now", "too", "slow"] and said["quick"] == "passed"
    assert said["now"] == said["slow"] == "interrupted"
    for name in ("slow", "now"):
        assert ended(int((tmp_path / f"{name}.log").read_text()))


def until(true):
    for _ in range(100):
        if true():
            return True
        time.sleep(0.1)
    return False


def ended(process):
    """Whether it is gone; noticed a little later than it is."""

    def gone():
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        return state == "Z"

    return until(gone)
