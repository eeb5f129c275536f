"""Text files with marks in front, and in encodings that are none of ours."""

import codecs

import pytest
from captures import make_nsvf
from colmap_scenes import write_scene
from photographs import make_photographs
from scenes import make_tiny_blender

from jnerf.datasets.blender.dataset import BlenderDataset
from jnerf.datasets.colmap.dataset import COLMAPDataset
from jnerf.datasets.files.text_files import read_text
from jnerf.datasets.nsvf.dataset import NSVFDataset
from jnerf.datasets.transforms.dataset import TransformsDataset
from jnerf.errors import DataError

SCENES = {
    "blender": (make_tiny_blender, BlenderDataset, "*.json"),
    "transforms": (make_photographs, TransformsDataset, "*.json"),
    "colmap": (write_scene, COLMAPDataset, "sparse/0/*.txt"),
    "nsvf": (make_nsvf, NSVFDataset, "**/*.txt"),
}


@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_utf8(tmp_path, mark, end):
    path = tmp_path / "a.txt"
    path.write_bytes(mark + f"Über{end}zwei{end}".encode())
    assert read_text(path) == "Über\nzwei\n"


def test_empty(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"")
    assert read_text(path) == ""


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("utf-16", "UTF-16"),
        ("utf-16-be", "UTF-16 or UTF-32 without a byte order mark"),
        ("utf-16-le", "UTF-16 or UTF-32 without a byte order mark"),
        ("utf-32", "UTF-32"),
        ("latin-1", "no UTF-8: byte 2 is 0xe9"),
    ],
)
def test_other_encodings_are_named(tmp_path, encoding, name):
    path = tmp_path / "a.txt"
    path.write_bytes("Cité".encode(encoding) if encoding != "latin-1" else b"Cit\xe9"[1:])
    with pytest.raises(DataError, match=f"a.txt is {name}.*Save it as UTF-8"):
        read_text(path)


@pytest.mark.parametrize("kind", SCENES)
def test_scenes_with_byte_order_marks(tmp_path, kind):
    make, dataset, pattern = SCENES[kind]
    make(tmp_path / "scene")
    plain = dataset(root=str(tmp_path / "scene"))
    files = list((tmp_path / "scene").glob(pattern))
    for path in files:
        path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    marked = dataset(root=str(tmp_path / "scene"))
    assert files and marked.cameras.c2w.tolist() == plain.cameras.c2w.tolist()
    assert marked.cameras.intrinsics.tolist() == plain.cameras.intrinsics.tolist()
    for path in files:
        path.write_bytes(path.read_bytes().decode("utf-8-sig").encode("utf-16"))
    with pytest.raises(DataError, match="(json|txt) is UTF-16, .* expected UTF-8"):
        dataset(root=str(tmp_path / "scene"))
