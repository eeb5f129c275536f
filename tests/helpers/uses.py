"""What a run's weights are used for again, and tests in which a warning that nobody waits for is an error."""

import warnings

import pytest

USES = ("resume", "start", "test", "render", "mesh", "export", "cameras")
SHOWN = USES[3:]


@pytest.fixture(autouse=True)
def no_warning():
    """A warning that no test waits for is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield
