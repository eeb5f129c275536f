"""Numbers that have a least value."""

from __future__ import annotations

from typing import Any

from jnerf.errors import ConfigError


def at_least(owner: str, **numbers: tuple[Any, ...]) -> None:
    """Refuses the first number that is below its least value.

    Args:
        owner: the class whose arguments they are; empty where the message needs no name.
        numbers: by the argument's name: value, least value, and where it is not plain why, "(...)".

    Raises:
        ConfigError: one is too small.

    >>> at_least("Sampler", n_samples=(0, 1))
    Traceback (most recent call last):
    jnerf.errors.ConfigError: Sampler: n_samples is 0; it must be at least 1
    """
    for name, (value, least, *why) in numbers.items():
        if not value >= least:  # NaN too
            named = f"{owner}: {name}" if owner else name
            raise ConfigError(" ".join([f"{named} is {value}; it must be at least {least}", *why]))
