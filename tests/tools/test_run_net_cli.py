"""The command line: flags, order, exit status, and that it stays off Jittor until it must not."""

import importlib.util
import os
import subprocess
import sys
import types
import warnings
from pathlib import Path

import pytest

from jnerf.errors import CheckpointError, ConfigError, DataError, TrainingError

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "tools" / "run_net.py"
METHOD = str(ROOT / "tests" / "data" / "config" / "methods" / "method.py")


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("run_net_under_test", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calls(monkeypatch):
    """Stands in for check and engine; what `run` was called with."""
    seen = []
    engine = types.ModuleType("jnerf.engine.run")

    def run(config, **options):
        seen.append((config, options))
        return {"complete": True}

    engine.run = run
    monkeypatch.setitem(sys.modules, "jnerf.engine.run", engine)
    monkeypatch.setattr("jnerf.config.check.check", lambda config, complete=True: None)
    monkeypatch.setattr("jnerf.report.write.report_after", lambda config, done: None)
    monkeypatch.setattr("jnerf.engine.pipeline.ranges.check_ranges", lambda config: True)
    return seen


@pytest.mark.parametrize(
    "arguments",
    [
        ["--config-file", METHOD, "seed=5", "--task", "test", "sampler.levels.0=3", "--resume"],
        ["seed=5", "--resume", "sampler.levels.0=3", "--task=test", "--config-file", METHOD],
    ],
)
def test_any_order(tool, calls, arguments):
    assert tool.main([*arguments, "--save-dir", "out", "--checkpoint", "c"]) == 0
    config, options = calls[0]
    assert (config.seed, config.sampler.levels) == (5, [3, 2])
    assert options == dict(task="test", save_dir="out", resume=True, checkpoint="c")


def test_defaults(tool, calls):
    assert tool.main(["--config-file", METHOD]) == 0
    wanted = dict(task="train", save_dir=None, resume=False, checkpoint=None)
    assert {name: calls[0][1][name] for name in wanted} == wanted


def test_print_config_diff_and_check_do_not_run(tool, calls, capsys, tmp_path):
    assert tool.main(["--config-file", METHOD, "--print-config", "seed=9"]) == 0
    text = capsys.readouterr().out
    assert "seed = 9\n" in text
    (tmp_path / "again.py").write_text(text)
    assert tool.main(["--config-file", METHOD, "--diff", str(tmp_path / "again.py")]) == 0
    assert capsys.readouterr().out == "~ seed: 1337 -> 9\n"
    assert tool.main(["--config-file", METHOD, "--diff", METHOD]) == 0
    assert capsys.readouterr().out == "no difference\n"
    assert tool.main(["--config-file", METHOD, "--check"]) == 0
    assert capsys.readouterr().out.startswith(f"{METHOD}: names, types and ranges are ok, and ")
    assert calls == []


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigError, 2), (DataError, 2), (CheckpointError, 2), (TrainingError, 1)],
)
def test_errors_print_without_traceback(tool, calls, monkeypatch, capsys, error, status):
    def fail(config, **options):
        raise error("what was wrong")

    monkeypatch.setattr(sys.modules["jnerf.engine.run"], "run", fail)
    assert tool.main(["--config-file", METHOD]) == status
    assert capsys.readouterr().err == "error: what was wrong\n"


def test_interrupt(tool, calls, monkeypatch):
    def interrupt(config, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules["jnerf.engine.run"], "run", interrupt)
    assert tool.main(["--config-file", METHOD]) == 130


def test_a_failure_that_is_no_disk_fault_keeps_its_traceback(tool, calls, monkeypatch):
    def fail(config, **options):
        raise ConnectionError("no such thing as a network here")

    monkeypatch.setattr(sys.modules["jnerf.engine.run"], "run", fail)
    with pytest.raises(ConnectionError):
        tool.main(["--config-file", METHOD])


def test_warnings_are_one_line(tool, calls, monkeypatch, capsys):
    run = sys.modules["jnerf.engine.run"]

    def warn(config, **_):
        warnings.warn("mind this", stacklevel=1)
        return {"complete": True}

    monkeypatch.setattr(run, "run", warn)
    assert tool.main(["--config-file", METHOD]) == 0
    assert capsys.readouterr().err == "warning: mind this\n"


def test_bad_override(tool, calls, capsys):
    assert tool.main(["--config-file", METHOD, "samplr.x=1"]) == 2
    assert capsys.readouterr().err.startswith(
        "error: override 'samplr.x=1': unknown key 'samplr'. Did you mean 'sampler'?"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--config-file", METHOD, "--resum"], "unknown flag --resum. Did you mean --resume?"),
        (["--config-file", METHOD, "--task", "trian"], "invalid choice: 'trian'"),
        ([], "the following arguments are required: --config-file"),
    ],
)
def test_bad_flags(tool, capsys, arguments, message):
    with pytest.raises(SystemExit) as caught:
        tool.main(arguments)
    assert caught.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("config", ["method", "base"])
@pytest.mark.parametrize("flag", ["--print-config", "--diff"])
def test_a_misspelt_name_is_no_config_to_print_or_compare(tool, capsys, config, flag):
    path = (
        ROOT / "projects/ngp/configs" / ("ngp_base.py" if config == "base" else "ngp_embedded.py")
    )
    words = ["--config-file", str(path), flag, *([str(path)] if flag == "--diff" else [])]
    assert tool.main(words) == 0
    assert capsys.readouterr().out
    assert tool.main([*words, "sampler.typ_o=1"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "override 'sampler.typ_o=1': sampler.typ_o: unknown argument of Occ" in shown.err
    assert "Did you mean 'type'?" in shown.err


def test_the_other_config_of_a_diff_is_checked_too(tool, capsys, tmp_path):
    config = ROOT / "projects/ngp/configs/ngp_embedded.py"
    (tmp_path / "other.py").write_text(f"_base_ = {str(config)!r}\nnetwork = dict(hiden_width=8)")
    assert tool.main(["--config-file", str(config), "--diff", str(tmp_path / "other.py")]) == 2
    assert "other.py:2: network.hiden_width: unknown" in capsys.readouterr().err


# As a shell has it: output is kept until the end, and what is wrong with it shows late.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
PRINT = ["--config-file", str(ROOT / "projects/ngp/configs/ngp_base.py"), "--print-config"]


@pytest.mark.parametrize("flags", [["--help"], PRINT])
def test_a_reader_that_has_seen_enough(flags):
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as closed:
        words = [sys.executable, TOOL, *flags]
        done = subprocess.run(words, stdout=closed, stderr=subprocess.PIPE, env=BUFFERED)
    assert done.stderr == b""


def test_output_to_a_full_disk_is_one_sentence():
    with open("/dev/full", "wb") as full:
        words = [sys.executable, TOOL, *PRINT]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, env=BUFFERED, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: [Errno 28] No space left on device. Free disk space")
    assert done.stderr.count("\n") == 1


def test_no_jittor_for_help(tmp_path):
    code = (
        "import runpy, sys\n"
        "sys.argv = ['run_net.py', '--help']\n"
        "try:\n"
        f"    runpy.run_path({str(TOOL)!r}, run_name='__main__')\n"
        "finally:\n"
        "    print('jittor' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "False"
    assert "examples:" in done.stdout


def test_a_run_that_was_stopped_is_no_success(tool, calls, monkeypatch):
    engine = sys.modules["jnerf.engine.run"]
    monkeypatch.setattr(engine, "run", lambda config, **_: {"complete": False})
    assert tool.main(["--config-file", str(METHOD)]) == 130
