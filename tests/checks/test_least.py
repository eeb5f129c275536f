"""Numbers that have a least value."""

import pytest

from jnerf.checks.least import at_least
from jnerf.errors import ConfigError


def test_what_is_large_enough_passes():
    at_least("Sampler", n=(1, 1), padding=(0.5, 0))


@pytest.mark.parametrize(
    ("owner", "value", "why", "message"),
    [
        ("Sampler", 0, (), "^Sampler: n is 0; it must be at least 1$"),
        ("", float("nan"), (), "^n is nan; it must be at least 1$"),
        ("Sampler", -2, ("(one ray)",), r"^Sampler: n is -2; it must be at least 1 \(one ray\)$"),
    ],
)
def test_what_is_too_small_is_named_with_its_value(owner, value, why, message):
    with pytest.raises(ConfigError, match=message):
        at_least(owner, first=(3, 1), n=(value, 1, *why))
