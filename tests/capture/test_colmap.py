"""COLMAP's stages: jobs as messages, its log as progress, command lines of a program, and how a stage may end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from jnerf.capture.colmap.jobs import Features, Mapping, Matches, Refinement, from_message
from jnerf.capture.colmap.program import command_line, find_program
from jnerf.capture.colmap.progress import progress
from jnerf.capture.colmap.run import Colmap
from jnerf.errors import ConfigError, DataError, JnerfError

WHERE = "database.db", "images", 7
HEAD = "I20261128 14:34:02.499047 140395969238720 x.cc:270] "

#: A stand-in for the program: it knows the commands and options of COLMAP 3.8, notes what it is asked, and logs.
PROGRAM = """#!{python}
import sys
OPTIONS = '''--database_path --image_path --image_list_path --output_path --ImageReader.single_camera
--ImageReader.camera_model --ImageReader.existing_camera_id --ImageReader.mask_path --SiftExtraction.max_image_size
--SiftExtraction.max_num_features --SiftExtraction.use_gpu --SiftMatching.use_gpu --SiftMatching.guided_matching
--ExhaustiveMatching.block_size --Mapper.min_model_size'''
if "-h" in sys.argv:
    print("unknown command" if sys.argv[1] == "global_mapper" else OPTIONS)
    sys.exit(0)
open({notes!r}, "a").write(repr(sys.argv[1:]) + "\\n")
for i in range(3):
    print(f"Processed file [{{i + 1}}/3]", flush=True)
sys.exit({status})
"""


def fake(tmp_path, status=0):
    path = tmp_path / "colmap"
    notes = str(tmp_path / "notes")
    path.write_text(PROGRAM.format(python=sys.executable, notes=notes, status=status))
    path.chmod(0o755)
    return str(path)


@pytest.mark.parametrize(
    "job",
    [
        Features(*WHERE, names=("a.jpg", "b/c.jpg"), camera=3),
        Matches(*WHERE, matching="sequential", overlap=4),
        Mapping(*WHERE, models="m", mapper="global", count=9),
        Refinement(*WHERE, model="m", refined="r"),
    ],
)
def test_jobs_travel_as_json(job):
    assert from_message(json.loads(json.dumps(job.message()))) == job


@pytest.mark.parametrize(
    ("job", "line", "found"),
    [
        (Features(*WHERE), "Processed file [3/8]", (3, 8)),
        (Matches(*WHERE), "Processing block [2/3, 1/3]", (3, 9)),
        (Matches(*WHERE), "Matching block [1/1, 1/1]", (0, 1)),  # of older versions
        (Matches(*WHERE, matching="sequential"), "Processing image [5/20]", (4, 20)),
        (Mapping(*WHERE, count=12), "Registering image #4 (num_reg_frames=7)", (7, 12)),
        (Mapping(*WHERE, count=12), "Registering image #4 (7)", (7, 12)),
        (Mapping(*WHERE, count=12), "Global bundle adjustment", None),
        (Features(*WHERE), "Registering image #4 (7)", None),
    ],
)
def test_the_log_as_progress(job, line, found):
    assert progress(job, HEAD + line) == found


def test_a_program_is_given_the_options_that_it_has(tmp_path):
    program = find_program(fake(tmp_path))
    line = command_line(program, Features(*WHERE, names=("a b.jpg",), image_size=900), tmp_path)
    assert line[1] == "feature_extractor"
    pairs = dict(zip(line[2::2], line[3::2], strict=True))
    assert (
        pairs["--SiftExtraction.max_image_size"] == "900"
        and pairs["--ImageReader.single_camera"] == "1"
    )
    assert not any("FeatureExtraction" in word or "existing_camera" in word for word in line)
    assert open(pairs["--image_list_path"]).read() == "a b.jpg\n"
    line = command_line(program, Matches(*WHERE, count=80), tmp_path)
    assert (
        line[1] == "exhaustive_matcher"
        and line[line.index("--ExhaustiveMatching.block_size") + 1] == "10"
    )
    with pytest.raises(DataError, match="has no command 'global_mapper'"):
        command_line(program, Mapping(*WHERE, models="m", mapper="global"), tmp_path)
    with pytest.raises(ConfigError, match="no program 'no_such_colmap'"):
        find_program("no_such_colmap")


def test_a_program_does_a_stage(tmp_path):
    colmap = Colmap.at(tmp_path, fake(tmp_path))
    colmap.run(Features(*WHERE, names=("a.jpg",)))
    assert "feature_extractor" in (tmp_path / "notes").read_text()
    assert "Processed file [3/3]" in colmap.log.read_text()


def test_a_stage_that_fails_says_where_its_log_is(tmp_path):
    colmap = Colmap.at(tmp_path, fake(tmp_path, status=3))
    with pytest.raises(
        JnerfError, match="ended with status 3 while matching.*colmap.log.*--resume"
    ):
        colmap.run(Matches(*WHERE))


def test_a_stage_that_crashes(tmp_path):
    program = tmp_path / "colmap"
    program.write_text('#!/bin/sh\n[ "$2" = -h ] && exit 0\nkill -SEGV $$\n')
    program.chmod(0o755)
    with pytest.raises(JnerfError, match=r"ended by signal 11 \(SIGSEGV\) while matching"):
        Colmap.at(tmp_path, str(program)).run(Matches(*WHERE))


def test_ctrl_c_ends_the_stage(tmp_path):
    program = tmp_path / "colmap"
    program.write_text(
        f'#!/bin/sh\n[ "$2" = -h ] && exit 0\necho $$ > {tmp_path}/pid\nexec sleep 60\n'
    )
    program.chmod(0o755)
    code = (
        "import pathlib, signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # of a background job
        "from jnerf.capture.colmap.run import Colmap; from jnerf.capture.colmap.jobs import Matches\n"
        f"Colmap.at(pathlib.Path({str(tmp_path)!r}), {str(program)!r}).run(Matches('d', 'i'))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text().strip():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=60)[1]
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
