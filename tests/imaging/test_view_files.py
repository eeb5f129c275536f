import pytest

from jnerf.imaging.view_files import file_stem


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "..", "a b/ü.png", ""])
def test_names_cannot_leave_the_folder(name):
    stem = file_stem(name)
    assert stem and "/" not in stem and not stem.startswith(".")
