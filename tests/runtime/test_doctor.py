"""``python -m jnerf.doctor``: what it says of good and of broken machines, and its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from dataclasses import replace
from pathlib import Path

import fake_jittor
import pytest

from jnerf.checkup import machine, python
from jnerf.checkup.data import find_scenes
from jnerf.checkup.finding import Finding
from jnerf.runtime.cuda import Driver, Gpu, Toolkit
from jnerf.runtime.facts import Facts

H100 = Driver(version=(12, 4), gpus=(Gpu("H100", 90),))


@pytest.fixture
def doctor(tmp_path):
    """Runs the doctor in a process whose Jittor is a stand-in; returns lines by name, and the process."""
    packages, home = tmp_path / "packages", tmp_path / "home"
    fake_jittor.install(packages)
    home.mkdir()

    def run(*arguments: str, **variables: str):
        code = f"import sys; from jnerf.doctor import main; sys.exit(main({list(arguments)!r}))"
        result = fake_jittor.run(code, home, packages, **variables)
        lines = [
            line
            for line in result.stdout.splitlines()
            if line[:4].strip() in ("OK", "warn", "FAIL")
        ]
        return {line.split()[1]: line for line in lines}, result

    run.packages, run.home = packages, home
    return run


def test_good_machine_without_data(doctor):
    lines, result = doctor(JNERF_DEVICE="cpu")
    assert result.returncode == 0, result.stdout + result.stderr
    names = "python python-config numpy jittor packages compiler cpu threads gpu cuda device onednn mpi cache disk data"
    assert list(lines) == names.split()
    assert lines["numpy"].startswith("OK") and lines["jittor"].startswith("OK")
    assert "cold" in lines["cache"] and "cpu (JNERF_DEVICE=cpu)" in lines["device"]
    assert lines["data"].startswith("warn") and "set JNERF_DATA" in result.stdout
    assert result.stdout.splitlines()[-1].endswith("0 failures")
    assert fake_jittor.imports(doctor.home) == 0  # it looks, it does not build


def test_numpy_3_is_a_failure_with_its_mend_not_a_crash(doctor):
    (doctor.packages / "numpy").mkdir()
    (doctor.packages / "numpy" / "__init__.py").write_text("__version__ = '3.0.1'")
    lines, result = doctor()
    assert result.returncode == 1 and lines["numpy"].split()[::2] == ["FAIL", "3.0.1"]
    assert "mend: python -m pip install 'numpy>=1.26,<3'" in result.stdout


# Stands in for pip: it brings the Jittor that is there to the version that it is asked for, or fails.
PIP = """
import os, pathlib, sys
file = pathlib.Path(__file__).parent / "jittor" / "__init__.py"
if not os.environ.get("BROKEN_PIP"):
    file.write_text(file.read_text().replace("1.3.8.0", sys.argv[-1].partition("==")[2]))
sys.exit(bool(os.environ.get("BROKEN_PIP")))
"""


@pytest.mark.parametrize("broken", ["", "1"])
def test_fix_has_pip_install_what_is_missing(doctor, broken):
    file = doctor.packages / "jittor" / "__init__.py"
    file.write_text(file.read_text().replace("1.3.11.0", "1.3.8.0"))
    (doctor.packages / "pip.py").write_text(PIP)
    lines, result = doctor("--fix", BROKEN_PIP=broken)
    asked = f"running: {sys.executable} -m pip install --no-deps jittor==1.3.11.0\n"
    assert result.stdout.startswith(asked) and result.stdout.count("running") == 1
    if broken:
        assert result.returncode == 1 and lines == {}
        assert result.stderr.startswith("error: pip ended with status 1")
    else:
        assert lines["jittor"].startswith("OK    jittor        1.3.11.0")


def test_what_is_left_of_a_package_is_installed_anew(doctor):
    """pip leaves folders behind in which somebody has written; pip install alone takes them for the package."""
    (doctor.packages / "cv2").mkdir()
    (doctor.packages / "cv2" / "__init__.py").touch()
    (doctor.packages / "tqdm.py").write_text("import a_module_that_is_nowhere")
    (doctor.packages / "pip.py").touch()
    lines, result = doctor("--fix")
    assert lines["packages"].startswith("FAIL  packages      cv2: ")
    anew = "python -m pip install --force-reinstall --no-deps opencv-python-headless"
    assert f"mend: python -m pip install tqdm && {anew}\n" in result.stdout
    asked = [line.split(" install ")[1] for line in result.stdout.splitlines() if "running:" in line]
    assert asked == ["tqdm", "--force-reinstall --no-deps opencv-python-headless"]


def test_no_compiler_is_a_failure(doctor, tmp_path):
    lines, result = doctor(PATH=str(tmp_path))
    assert result.returncode == 1 and lines["compiler"].startswith("FAIL")
    assert "mend: apt-get install g++" in result.stdout


def test_a_home_that_cannot_be_written_is_a_failure(doctor):
    lines, result = doctor(HOME="/dev/null")  # not even root can
    assert result.returncode == 1 and lines["cache"].startswith("FAIL")
    assert "compiles in /dev/null/.cache/jittor" in lines["cache"]
    assert "set JITTOR_HOME or XDG_CACHE_HOME" in result.stdout and "data" in lines


def test_a_reader_that_has_seen_enough(tmp_path):
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT), "JNERF_DEVICE": "cpu"}
    command = f"'{sys.executable}' -m jnerf.doctor | head -1"
    result = subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True)
    assert result.stdout.startswith("OK    python") and result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_wish_for_cuda_without_gpu_is_a_failure(doctor):
    lines, result = doctor(JNERF_DEVICE="cuda", CUDA_VISIBLE_DEVICES="")
    assert result.returncode == 1
    assert lines["gpu"].startswith("FAIL") and lines["device"].startswith("FAIL")


def test_compile_reports_a_jittor_that_does_not_build(doctor):
    lines, result = doctor("--compile", FAKE_JITTOR="os._exit(3)")
    assert result.returncode == 1
    assert lines["op"].startswith("FAIL") and "could not be built (exit status 3)" in lines["op"]


def test_scenes_are_listed(doctor, tmp_path):
    for name in (
        "fox/transforms.json",
        "idr/cameras.npz",
        "nerf_synthetic/lego/transforms_train.json",
        "a/b/c/d/transforms.json",
    ):
        (tmp_path / "data" / name).parent.mkdir(parents=True)
        (tmp_path / "data" / name).touch()
    lines, _ = doctor(JNERF_DATA=str(tmp_path / "data"))
    assert lines["data"].startswith("OK") and lines["data"].endswith(
        "data: fox, idr, nerf_synthetic/lego"
    )


def test_empty_folder_has_no_scenes(tmp_path):
    assert find_scenes(tmp_path) == []


def test_real_machine_compiles_and_runs_an_op():
    env = {**os.environ, "PYTHONPATH": str(fake_jittor.ROOT)}
    command = [sys.executable, "-m", "jnerf.doctor", "--compile"]
    result = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "ray_points compiled and ran on" in result.stdout


@pytest.mark.parametrize(
    ("change", "check", "status", "words"),
    [
        ({"python": (3, 9, 18)}, python.check_python, "FAIL", "3.9.18"),
        ({"python": (3, 99, 0)}, python.check_python, "warn", "newer than any"),
        ({"numpy": "1.26.4"}, python.check_numpy, "OK", "the one that Jittor was written for"),
        ({"numpy": "2.0.0", "jittor": "1.4"}, python.check_numpy, "FAIL", "silently corrupt"),
        ({"numpy": "2.0.0"}, python.check_numpy, "FAIL", "is not that of Jittor"),
        ({"python_include": None}, python.check_headers, "FAIL", "python3.11-dev"),
        ({"numpy": None}, python.check_numpy, "FAIL", "cannot be imported"),
        ({"jittor": None}, python.check_jittor, "FAIL", "jittor==1.3.11.0"),
        ({"jittor": "1.3.8.5"}, python.check_jittor, "warn", "1.3.8.5"),
        ({"cxx": "/usr/bin/clang++"}, machine.check_compiler, "FAIL", "cannot compile Jittor"),
        ({"cxx": "/bin/false"}, machine.check_compiler, "FAIL", "does not run"),
        ({"driver": H100}, machine.check_toolkit, "warn", "GPU stays unused"),
        ({"driver": H100}, machine.check_driver, "OK", "H100 (sm_90); driver for CUDA 12.4"),
        (
            {"driver": H100, "toolkit": Toolkit("n", (12, 4))},
            machine.check_toolkit,
            "OK",
            "12.4 at n",
        ),
        (
            {"driver": H100, "toolkit": Toolkit("n", (13, 0))},
            machine.check_toolkit,
            "warn",
            "update the driver",
        ),
        (
            {"driver": H100, "toolkit": Toolkit("n", (12, 4), ("npp.h",))},
            machine.check_toolkit,
            "OK",
            "without npp.h",
        ),
        (
            {"driver": H100, "toolkit": Toolkit("n", (12, 4), ("libcublas.so",))},
            machine.check_toolkit,
            "warn",
            "development packages",
        ),
        (
            {"driver": H100, "toolkit": Toolkit("n", (11, 5))},
            machine.check_toolkit,
            "warn",
            "does not know H100 (sm_90): the GPU stays unused",
        ),
        ({"driver": H100}, machine.check_device, "warn", "H100 stays unused"),
        ({"environ": {"JNERF_DEVICE": "x"}}, machine.check_device, "FAIL", "'x'"),
        ({"home": Path("/nonexistent")}, machine.check_onednn, "warn", "onednn-cpu-gomp==2022.2.1"),
    ],
)
def test_each_fault_has_its_line(change, check, status, words):
    finding = check(replace(Facts(), **change))
    assert finding.status == status and words in finding.text()


def test_a_python_without_its_lock_is_noted(monkeypatch):
    monkeypatch.setattr(sysconfig, "get_config_var", lambda name: int(name == "Py_GIL_DISABLED"))
    finding = python.check_python(Facts())
    assert finding.status == "warn" and "free-threaded" in finding.detail


def test_finding_puts_the_mend_on_a_line_of_its_own():
    assert Finding("OK", "a", "b").text() == "OK    a             b"
    assert Finding("FAIL", "a", "b", "c").text().splitlines()[1].strip() == "mend: c"
