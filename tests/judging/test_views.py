"""The judge of views: which views, and names that stay in their folder."""

import pytest

from jnerf.errors import ConfigError
from jnerf.judging.views import file_stem, spaced_views


def test_views_are_spaced_evenly():
    assert spaced_views(5, None) == spaced_views(5, 9) == [0, 1, 2, 3, 4]
    assert spaced_views(200, 5) == [0, 50, 100, 149, 199]
    assert spaced_views(7, 1) == [0]
    with pytest.raises(ConfigError, match="no views"):
        spaced_views(0, None)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "..", "a b/ü.png", ""])
def test_names_cannot_leave_the_folder(name):
    stem = file_stem(name)
    assert stem and "/" not in stem and not stem.startswith(".")
