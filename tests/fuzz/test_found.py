"""What fuzzing has found: each input broke a reader once, and is now read or refused by a clear error."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from fuzzing.formats import dumped
from fuzzing.judge import Bench, quiet
from fuzzing.targets import TARGETS

BIG = 10**400  # no float holds it
LONG = "x" * 300  # no file may be called so
DEEP = b"[" * 100_000


def put(*keys, value):
    """Another value in a file of json."""

    def change(data):
        tree = json.loads(data)
        place = tree
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value
        return dumped(tree).encode("utf-8", "surrogatepass")

    return change


def drop(*keys):
    """A file of json without a key."""

    def change(data):
        tree = json.loads(data)
        place = tree
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]
        return json.dumps(tree).encode()

    return change


def told(**values):
    """Other metadata of a checkpoint; None leaves a key out."""

    def change(data):
        size = struct.unpack_from("<Q", data)[0]
        header = json.loads(data[8 : 8 + size])
        found = json.loads(header["__metadata__"]["jnerf"]) | values
        header["__metadata__"]["jnerf"] = json.dumps(
            {k: v for k, v in found.items() if v is not None}
        )
        text = json.dumps(header).encode()
        return struct.pack("<Q", len(text)) + text + data[8 + size :]

    return change


def to(old, new):
    """Bytes in place of others."""

    def change(data):
        assert old in data
        return data.replace(old, new, 1)

    return change


def all_of(content):
    """A file of other bytes."""
    return lambda data: content


def first_line(row):
    """Another first row of a log."""
    return lambda data: b"\n".join([row, *data.splitlines()[1:]])


def poses(change):
    """Another table of poses."""

    def changed(data):
        table = np.load(io.BytesIO(data))
        change(table)
        found = io.BytesIO()
        np.save(found, table)
        return found.getvalue()

    return changed


def header(old, new):
    """Another header of a .npy file, whose length is right."""

    def change(data):
        size = int.from_bytes(data[8:10], "little")
        text = data[10 : 10 + size].replace(old, new, 1)
        assert text != data[10 : 10 + size]
        return data[:8] + len(text).to_bytes(2, "little") + text + data[10 + size :]

    return change


def archived(change):
    """An archive whose first array is changed."""

    def changed(data):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        first = next(iter(parts))
        parts[first] = change(parts[first])
        found = io.BytesIO()
        with zipfile.ZipFile(found, "w") as archive:
            for name, part in parts.items():
                archive.writestr(name, part)
        return found.getvalue()

    return changed


def png(width, height, size=None):
    """A PNG that says it is so large; ``size``: that of a chunk behind its header."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))
    rest = zlib.compress(bytes(100))
    data += struct.pack(">I", len(rest) if size is None else size) + b"IDAT" + rest
    return data + struct.pack(">I", zlib.crc32(b"IDAT" + rest)) + bytes(4) + b"IEND\xaeB`\x82"


def zip_of_tomorrow(data):
    """An archive that needs a later version of zip."""
    at = data.index(b"PK\x01\x02") + 6
    return data[:at] + b"\xd2" + data[at + 1 :]


def all_far(table):
    table[:, 3:15:5] = 1e308  # positions of all cameras


def one_far(table):
    table[0, 15:] = 1e-300, 1e300


FRAME = ("frames", 0)
FOUND = [
    ("blender", "transforms_train.json", put(*FRAME, "transform_matrix", 0, 0, value=BIG)),
    ("blender", "transforms_train.json", put("camera_angle_x", value=BIG)),
    ("blender", "transforms_train.json", put("camera_angle_x", value=[[0]] * 9999)),
    ("blender", "transforms_train.json", put("camera_angle_x", value=BIG + 1)),  # 5401 digits
    ("blender", "transforms_train.json", all_of(DEEP)),
    ("transforms", "transforms.json", put(*FRAME, "file_path", value=LONG)),
    ("transforms", "transforms.json", put(*FRAME, "file_path", value="/")),
    ("transforms", "transforms.json", put(*FRAME, "mask_path", value=LONG)),
    ("transforms", "transforms.json", put("offset", 0, value=BIG)),
    ("transforms", "transforms.json", put("aabb_scale", value=1e308)),
    ("colmap_text", "sparse/0/points3D.txt", to(b"2 ", b"9" * 400 + b" ")),
    ("colmap_text", "sparse/0/images.txt", to(b"view_0.png", b"1" * 400)),
    ("colmap_text", "sparse/0/cameras.txt", to(b"16 16", b"16 " + b"1" * 400)),
    ("colmap_text", "sparse/0/cameras.txt", to(b"16 16", b"16 16 " + b"0 " * 9999)),
    ("colmap_binary", "sparse/0/cameras.bin", to(struct.pack("<QQ", 16, 16), struct.pack("<QQ", 0, 16))),
    ("llff", "view_imgs.txt", to(b"v00.png", LONG.encode())),
    ("llff", "poses_bounds.npy", header(b"17)", b"17")),
    ("llff", "poses_bounds.npy", header(b"(4,", b"(999999999999,")),
    ("llff", "poses_bounds.npy", poses(all_far)),
    ("llff", "poses_bounds.npy", poses(one_far)),
    ("dtu", "cameras_sphere.npz", archived(header(b"(4,", b"(999999999999,"))),
    ("dtu", "cameras_sphere.npz", archived(header(b"4)", b"4"))),
    ("dtu", "cameras_sphere.npz", zip_of_tomorrow),
    ("nsvf", "pose/0_0000.txt", all_of(b"1 0 0 1e308\n0 1 0 1e308\n0 0 1 1e308\n0 0 0 1\n")),
    ("masks", "masks/0.png", all_of(png(30000, 30000))),
    ("masks", "masks/0.png", all_of(png(16, 16, 2**30))),
    ("pictures", "grey.png", all_of(png(2, 395264))),
    ("pictures", "color.pfm", all_of(b"Pf\n8 6\n-1.0\n" + bytes(192))),
    ("pictures", "turned.jpg", to(b"Exif\0\0", b"Exif\0\0MM")),
    ("pictures", "color.ppm", all_of(b"P6" + b" " * 5000 + b"x")),  # took for ever
    ("picture_dataset", "color.ppm", all_of(b"P6" + b" " * 4000 + b"x")),
    ("picture_dataset", "alpha.pam", to(b"HEIGHT 6", b"HEIGHT 0")),
    ("picture_dataset", "grey.tga", to(b"\x08\x00\x06\x00", b"\xff\xff\xff\xff")),
    ("picture_in_place", "picture.npy", header(b"3)", b"3")),
    ("picture_in_place", "picture.npy", header(b"(6,", b"(0,")),
    ("meshes", "cube.obj", to(b"f 1 2 4 3", b"f 1 2 4 " + b"9" * 400)),
    ("checkpoints", "step_00000020.safetensors", told(seconds=None)),
    ("checkpoints", "step_00000020.safetensors", told(sha256=None)),
    ("checkpoints", "step_00000020.safetensors", told(step=10)),
    ("checkpoints", "step_00000020.safetensors", told(step=10, told=None)),
    ("checkpoints", "step_00000020.safetensors", told(seed=2)),
    ("reports", "run/log.jsonl", first_line(b'{"step": 1, "samples_per_s": {}}')),
    ("reports", "run/log.jsonl", first_line(b'{"step": 1, "loss": 1' + b"0" * 400 + b"}")),
    ("reports", "run/log.jsonl", first_line(b'{"step": 1, "loss": 1' + b"0" * 5000 + b"}")),
    ("reports", "run/run.json", drop("sessions", 0, "machine")),
    ("reports", "run/run.json", put("sessions", value=3)),
    ("reports", "run/run.json", drop("protocol")),
    ("reports", "run/run.json", put("protocol", "exp_name", value="\ud800")),
    ("reports", "run/run.json", all_of(DEEP)),
    ("resume", "run/run.json", all_of(b"{\xff")),
    ("resume", "run/run.json", put("sessions", 0, value=[])),
    ("resume", "run/run.json", all_of(DEEP)),
    ("resume", "run/config.py", all_of(b'exp_name = "run"\n')),
    ("resume", "run/config.py", all_of(b"a = " + b"(" * 10_000)),
    ("resume", "run/render/orbit.film.json", put("about", value=[])),
    ("camera_paths", "ours.json", put("fps", value=BIG)),
    ("camera_paths", "ours.json", put("keyframes", 0, "c2w", 0, 0, value=BIG)),
    ("camera_paths", "ours.json", all_of(DEEP)),
    ("camera_paths", "transforms.json", put("applied_transform", value=[[0] * 4] * 3)),
    ("database", "database.db", to(b"CREATE TABLE images", b"CREATE TABLE \xd2mages")),
    ("capture", "scene/process.json", put("settings", value=1.5)),
    ("capture", "scene/process.json", put("done", "pictures", 0, value=["a", "b", "c"])),
    ("capture", "scene/process.json", put("done", "pictures", 0, 0, value=[])),
    ("capture", "scene/process.json", put("settings", "lens", value="x" * 30_000)),
]  # fmt: skip


@pytest.fixture(scope="module")
def benches(tmp_path_factory):
    quiet()
    made = {}

    def bench(name):
        if name not in made:
            made[name] = Bench(TARGETS[name], tmp_path_factory.mktemp(name))
        return made[name]

    return bench


@pytest.mark.parametrize("i", range(len(FOUND)), ids=[f"{n}-{Path(f).name}" for n, f, _ in FOUND])
def test_what_was_found_is_read_or_refused(benches, i):
    name, file, change = FOUND[i]
    bench = benches(name)
    data = bench.whole[Path(file)]
    assert (damaged := change(data)) != data
    fault = bench.fault({Path(file): damaged})
    assert fault is None, f"{fault.what}\n{fault.trace}"


def test_broken_jpeg_2000_does_not_reach_opencv(benches):
    """OpenCV 4.11 dies of them: cut off in the header, in the middle, with another tile."""
    bench = benches("pictures")
    data = bench.whole[Path("large.jp2")]
    start = data.find(b"\xff\x4f\xff\x51")
    other = data[: start + 24] + b"\xff\xff" + data[start + 26 :]
    for damaged in (data[: start + 60], data[: len(data) // 2], data[1:], other):
        assert bench.fault({Path("large.jp2"): damaged}) is None
