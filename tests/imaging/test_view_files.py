import pytest

from jnerf.imaging.view_files import file_stem, names_of_files


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "..", "a b/ü.png", ""])
def test_names_cannot_leave_the_folder(name):
    stem = file_stem(name)
    assert stem and "/" not in stem and not stem.startswith(".")


@pytest.mark.parametrize("names", [["a/b", "a_b"], ["r", "r_depth"], ["x", "x"]])
def test_no_two_views_share_a_file(names):
    called = names_of_files(names)
    assert [name[:6] for name in called] == ["00000_", "00001_"] and len(set(called)) == 2
    assert names_of_files(names[:1]) == names[:1]
