"""The judge of views: which views, and names that stay in their folder."""

from types import SimpleNamespace

import pytest

from jnerf.errors import ConfigError
from jnerf.judging.views import file_stem, spaced_views, views_to_judge


def test_views_are_spaced_evenly():
    assert spaced_views(5, None) == spaced_views(5, 9) == [0, 1, 2, 3, 4]
    assert spaced_views(200, 5) == [0, 50, 100, 149, 199]
    assert spaced_views(7, 1) == [0]
    with pytest.raises(ConfigError, match="evaluation.n_images is 0"):
        spaced_views(3, 0)


def test_a_split_without_views_says_what_to_do():
    nothing = SimpleNamespace(n_images=0)
    with pytest.raises(ConfigError, match="has no views of this split .* evaluation.at_end=False"):
        views_to_judge(nothing, None)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/abs", "..", "a b/ü.png", ""])
def test_names_cannot_leave_the_folder(name):
    stem = file_stem(name)
    assert stem and "/" not in stem and not stem.startswith(".")
