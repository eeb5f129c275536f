"""The import hook, with a stand-in for Jittor; then one import of the real one; seeds and threads."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import fake_jittor
import pytest

from jnerf.runtime import SetupError, build, num_threads, onednn, set_num_threads, set_seed
from jnerf.runtime.plan import Plan

# Background jobs of a shell, which a test run may be, ignore it, and so do their children.
DEFAULT_SIGINT = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


@pytest.fixture
def fake(tmp_path):
    """Runs code in a process whose Jittor is the stand-in; ``fake.home`` is that process's home folder."""
    packages, home = tmp_path / "packages", tmp_path / "home"
    fake_jittor.install(packages)
    home.mkdir()

    def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return fake_jittor.run(code, home, packages, **variables)

    run.home = home
    return run


def ok(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_import_of_jnerf_is_cheap_and_touches_nothing(fake):
    code = "import jnerf, sys; print(sorted({'jittor', 'jittor_utils', 'numpy', 'ssl'} & set(sys.modules)))"
    assert ok(fake(code)) == "[]"
    assert list(fake.home.iterdir()) == []


def test_the_workers_of_jittors_import_are_gone():
    code = (
        "import jnerf, jittor, jittor_utils, multiprocessing\n"
        "print(multiprocessing.active_children(), jittor_utils.pool_size)"
    )
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout == "[] 0\n", done.stderr


def test_numpy_does_not_warn_of_subnormal_numbers():
    code = "import jnerf, jittor, numpy; numpy.finfo('float32'); numpy.finfo('float64')"
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT)}
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr


def test_asking_whether_jittor_exists_builds_nothing(fake):
    assert (
        ok(fake("import jnerf, importlib.util as u; print(bool(u.find_spec('jittor')))")) == "True"
    )
    assert fake_jittor.imports(fake.home) == 0


def test_side_effects_of_jittors_import_are_undone(fake):
    code = (
        "import jnerf, random, numpy, ssl\n"
        "random.seed(7); numpy.random.seed(7)\n"
        "import jittor\n"
        "assert random.random() == random.Random(7).random()\n"
        "assert numpy.random.rand() == numpy.random.RandomState(7).rand()\n"
        "assert ssl._create_default_https_context is ssl.create_default_context\n"
        "assert type(jittor.__loader__).__name__ == 'SourceFileLoader'\n"
        "print('done')"
    )
    assert ok(fake(code)) == "done"


def test_https_is_verified_even_if_only_jittor_utils_is_imported(fake):
    code = "import jnerf, jittor_utils, ssl; print(ssl._create_default_https_context.__name__)"
    assert ok(fake(code)) == "create_default_context"


def test_built_once_in_a_child_then_remembered_inside_the_cache(fake):
    ok(fake("import jnerf, jittor"))
    assert fake_jittor.imports(fake.home) == 2  # the child and the program
    ok(fake("import jnerf, jittor"))
    assert fake_jittor.imports(fake.home) == 3
    (stamp,) = (fake.home / ".cache" / "jittor").glob("*/jnerf_ready")
    stamp.unlink()
    ok(fake("import jnerf, jittor"))
    assert fake_jittor.imports(fake.home) == 5


def test_exit_0_of_the_build_is_tried_again(fake):
    assert (
        ok(fake("import jnerf, jittor; print('alive')", FAKE_JITTOR="if count == 1: sys.exit(0)"))
        == "alive"
    )
    assert fake_jittor.imports(fake.home) == 3


def test_exit_0_in_the_program_restarts_it(fake):
    code = "import sys, jnerf, jittor, os; print('alive', sys.argv[1:], 'JNERF_RESTARTED' in os.environ)"
    assert ok(fake(code, FAKE_JITTOR="if count == 2: sys.exit(0)")) == "alive [] False"
    assert fake_jittor.imports(fake.home) == 4


def test_exit_0_for_ever_is_an_error_not_silence(fake):
    result = fake(
        "import jnerf, jittor; print('alive')", FAKE_JITTOR="if count % 2 == 0: sys.exit(0)"
    )
    assert result.returncode == 1 and "alive" not in result.stdout
    assert "start this program (or notebook kernel) again" in result.stderr
    result = fake("import jnerf, jittor", FAKE_JITTOR="sys.exit(0)")
    assert result.returncode == 1


def test_exit_0_of_a_program_from_standard_input_is_an_error(fake):
    warm = fake("import jnerf, jittor")
    ok(warm)
    code = (
        "import subprocess, sys\n"
        "done = subprocess.run([sys.executable, '-'], input=b'import jnerf, jittor')\n"
        "sys.exit(done.returncode)"
    )
    result = fake(code, FAKE_JITTOR="sys.exit(0)")
    assert result.returncode == 1 and "start this program" in result.stderr


def test_failed_build_shows_the_end_of_its_output_and_names_the_log(fake):
    fault = "print('g++: fatal error', flush=True); os._exit(3)"
    result = fake("import jnerf, jittor", FAKE_JITTOR=fault)
    assert result.returncode == 1
    assert "could not be built (exit status 3)" in result.stderr
    assert "g++: fatal error" in result.stderr and "python -m jnerf.doctor" in result.stderr
    (log,) = (fake.home / ".cache" / "jittor").glob("*/jnerf_build.log")
    assert str(log) in result.stderr and "g++: fatal error" in log.read_text()


def test_what_fails_in_our_order_is_built_in_jittors(fake):
    code = "import jnerf, jittor; print('alive')"
    assert ok(fake(code, FAKE_JITTOR="if count == 1: os._exit(3)")) == "alive"
    assert fake_jittor.imports(fake.home) == 3


def test_the_build_in_our_order_is_tried_first_and_only_on_the_cpu(tmp_path, monkeypatch):
    for device, tries in (("cpu", [True, False]), ("cuda", [False])):
        seen = []
        monkeypatch.setattr(
            build,
            "_import_in_child",
            lambda code, log, progress, home, seen=seen: (
                seen.append("\nif True:" in code),
                (3, "no"),
            )[1],
        )
        with pytest.raises(SetupError, match="exit status 3"):
            build.ensure(tmp_path, tmp_path, Plan(device), io.StringIO())
        assert seen == tries


def test_interrupted_build_leaves_no_process_behind(fake):
    worker = "import subprocess, time; p = subprocess.Popen(['sleep', '99']); "
    note = "open(os.path.expanduser('~/pids'), 'w').write(f'{os.getpid()} {p.pid}'); time.sleep(99)"
    code = DEFAULT_SIGINT + (
        "import jnerf, os, threading, time, _thread\n"
        "def interrupt():\n"
        "    while not os.path.exists('pids') or not open('pids').read(): time.sleep(0.1)\n"
        "    _thread.interrupt_main()\n"
        "threading.Thread(target=interrupt, daemon=True).start()\n"
        "try: import jittor\n"
        "except KeyboardInterrupt: print('interrupted')"
    )
    assert ok(fake(code, FAKE_JITTOR=worker + note)) == "interrupted"
    for pid in (fake.home / "pids").read_text().split():
        state = Path(f"/proc/{pid}/stat")
        assert not state.exists() or state.read_text().split()[2] == "Z"


def test_a_jittor_that_corrupts_arrays_is_refused(fake):
    result = fake("import jnerf, jittor", FAKE_JITTOR="read_back = lambda x: x * 0")
    assert (
        result.returncode == 1
        and "Jittor corrupts data: [0. 1. 2. 3.] became [0. 0. 0. 0.]" in result.stderr
    )


def test_numpy_3_is_refused_with_the_mend(fake, tmp_path):
    (tmp_path / "packages" / "numpy").mkdir()
    (tmp_path / "packages" / "numpy" / "__init__.py").write_text("__version__ = '3.0.1'")
    result = fake(
        "import jnerf\ntry:\n  import jittor\nexcept ImportError as error:\n  print(error)"
    )
    assert "NumPy 3.0.1 is installed" in ok(result)
    assert "python -m pip install 'numpy>=1.26,<3'" in result.stdout
    assert fake_jittor.imports(fake.home) == 0


def test_device_is_known_without_jittor_and_wrong_wishes_are_refused(fake):
    code = "import jnerf, sys; from jnerf.runtime import device; print(device(), 'jittor' in sys.modules)"
    assert ok(fake(code, JNERF_DEVICE="cpu")) == "cpu False"
    result = fake("import jnerf, jittor", JNERF_DEVICE="tpu")
    assert result.returncode == 1 and "'tpu' is not one of auto, cpu, cuda" in result.stderr


def test_environment_is_handed_to_children_but_not_taken_for_the_users(fake):
    child = "import jnerf, jittor, os; print(os.environ['use_mpi'], os.environ.get('conv_opt'))"
    code = (
        "import jnerf, jittor, os, subprocess, sys\n"
        "os.environ['use_mpi'] = '1'  # changed by the user: wins in the child\n"
        f"print(subprocess.run([sys.executable, '-c', {child!r}], capture_output=True, text=True).stdout)"
    )
    assert ok(fake(code)) == "1 None"


def test_flags_of_ours_and_of_the_user_reach_children_apart(fake):
    child = "import jnerf, jittor, os; print(os.environ['cc_flags'], '|', os.environ['cache_name'])"
    code = f"{child}\nimport subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    outer, inner = ok(fake(code, cc_flags="-g")).splitlines()
    assert outer == inner and "-g |" in outer


def test_python_config_script_answers_for_this_interpreter(fake):
    script = ok(fake("import jnerf, jittor, os; print(os.environ['python_config_path'])"))
    ask = [
        subprocess.run([script, option], capture_output=True, text=True)
        for option in ("--includes", "--x")
    ]
    assert (
        ask[0].stdout.strip() == f"-I{sysconfig.get_paths()['include']}" and ask[1].returncode == 1
    )
    suffix = subprocess.run([script, "--extension-suffix"], capture_output=True, text=True).stdout
    assert suffix.strip() == sysconfig.get_config_var("EXT_SUFFIX")


def make_onednn(prefix: Path, major: int) -> None:
    (prefix / "include").mkdir(parents=True)
    (prefix / "lib").mkdir()
    (prefix / "include" / "dnnl.h").touch()
    (prefix / "include" / "dnnl_version.h").write_text(f"#define DNNL_VERSION_MAJOR {major}\n")
    (prefix / "lib" / "libdnnl.so.2").write_text(str(prefix))


@pytest.fixture
def only_prefix(monkeypatch, tmp_path):
    """Makes ``tmp_path/prefix`` the one place where oneDNN may be installed."""
    prefix = tmp_path / "prefix"
    monkeypatch.setattr(onednn, "_roots", lambda: [prefix])
    return prefix


def test_onednn_is_linked_to_where_jittor_looks(only_prefix, tmp_path):
    home = tmp_path / "home"
    assert onednn.find() is None and not onednn.placed(home)
    make_onednn(only_prefix, 2)
    onednn.place(onednn.find(), home)
    folder = home / ".cache/jittor/mkl/dnnl_lnx_2.2.0_cpu_gomp"
    assert onednn.placed(home) and (folder / "lib" / "libmkldnn.so").read_text() == str(only_prefix)
    assert sorted(path.name for path in (folder / "lib").iterdir()) == [
        "libdnnl.so.2",
        "libmkldnn.so",
    ]


def test_onednn_link_into_a_deleted_environment_is_renewed(only_prefix, tmp_path):
    home = tmp_path / "home"
    make_onednn(only_prefix, 2)
    onednn.place(onednn.find(), home)
    moved = only_prefix.rename(tmp_path / "moved")
    assert not onednn.placed(home)
    onednn.place(onednn.OneDnn(moved / "include", moved / "lib" / "libdnnl.so.2"), home)
    assert onednn.placed(home)


def test_onednn_3_is_not_taken(only_prefix):
    make_onednn(only_prefix, 3)
    assert onednn.find() is None


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_progress_is_one_line(tmp_path, stream, monkeypatch):
    progress = build._Progress(tmp_path, 150, "cpu", stream)
    monkeypatch.setattr(progress, "start", progress.start - 10)
    (tmp_path / "cu" / "obj_files").mkdir(parents=True)
    for i in range(3):
        (tmp_path / "cu" / "obj_files" / f"{i}.o").touch()
        progress.update()
    progress.close("done in 10 s")
    text = stream.getvalue()
    assert text.count("\n") == 1 and text.endswith("\n") and "done in 10 s" in text
    assert ("3 of about 150 files" in text) == stream.isatty()


def test_progress_of_a_warm_cache_is_silent(tmp_path):
    (tmp_path / "jnerf_ready").touch()
    stream = io.StringIO()
    build.ensure(tmp_path, tmp_path, Plan("cpu"), stream)
    assert stream.getvalue() == ""


def test_the_real_jittor_imports_and_computes(tmp_path):
    code = DEFAULT_SIGINT + (
        "import jnerf, random, ssl, time\n"
        "random.seed(1)\n"
        "import jittor as jt\n"
        "from jnerf.runtime import device, set_num_threads\n"
        "set_num_threads(2)\n"
        "import subprocess; assert subprocess.run(['sh', '-c', 'kill -9 $$']).returncode == -9\n"
        "import os, signal\n"
        "try: os.kill(os.getpid(), signal.SIGINT); time.sleep(1); raise SystemExit('no Ctrl-C')\n"
        "except KeyboardInterrupt: pass\n"
        "assert ssl._create_default_https_context is ssl.create_default_context\n"
        "assert random.random() == random.Random(1).random()\n"
        "print(device(), int((jt.array([1, 2, 3]) * 2).sum().item()))"
    )
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=600
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() in (["cpu", "12"], ["cuda", "12"])
    assert result.stderr == ""  # not a word of Jittor's log


def test_seed_makes_every_generator_repeat():
    import random

    import jittor as jt
    import numpy as np

    draws = []
    for _ in range(2):
        set_seed(5)
        draws.append((random.random(), np.random.rand(), jt.rand(3).numpy().tolist()))
    assert draws[0] == draws[1]
    set_seed(6)
    assert jt.rand(3).numpy().tolist() != draws[0][2]


@pytest.mark.parametrize("seed", [-1, 2**31])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match=f"seed is {seed}"):
        set_seed(seed)


def test_threads(threads):
    for n in (2, 1):
        set_num_threads(n)
        assert num_threads() == n
    with pytest.raises(ValueError, match="at least 1"):
        set_num_threads(0)


def test_setup_error_is_both_ours_and_an_import_error():
    from jnerf.errors import JnerfError

    assert issubclass(SetupError, JnerfError) and issubclass(SetupError, ImportError)
