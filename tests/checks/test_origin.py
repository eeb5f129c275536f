"""Which key of a block a constructor's complaint is of."""

import pytest

from jnerf.checks.origin import key_blamed

BLOCK = {"type": "A", "near": 2, "levels": 0, "groups": {}, "scale": 1, "far": 1}


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("levels is 0; it must be at least 1", "levels"),
        ("levels must be 1 or more, got 0", "levels"),
        ("0 <= near < far must hold, got near=2, far=1", "near"),
        ("groups.network: unknown option 'a'", "groups"),
        ("ema: levels is 0", "levels"),
        ("the box is too large; set dataset.scale=1 or less", None),
        ("the scale of things is unknown to near everybody", None),
        ("type is A", None),
        ("wide is 3", None),
    ],
)
def test_the_key_that_is_said_to_have_a_value(text, key):
    assert key_blamed(BLOCK, text) == key
