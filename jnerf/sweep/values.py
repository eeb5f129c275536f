"""``key=v1,v2``: settings with several values, one run for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jnerf.config.dump import say
from jnerf.config.overrides import parse_override
from jnerf.errors import ConfigError

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_OURS = {
    "exp_name": "a sweep names its runs itself",
    "save_dir": "the folder of a sweep's runs is --save-dir",
}


@dataclass(frozen=True)
class Setting:
    """A setting and the values that it has in turn.

    Attributes:
        key: path of the setting, "optim.lr".
        values: as source text, in one spelling.
    """

    key: str
    values: tuple[str, ...]

    @property
    def swept(self) -> bool:
        """Whether it has several values."""
        return len(self.values) > 1


def read_settings(words: Sequence[str]) -> list[Setting]:
    """Settings of the command line, in its order.

    Args:
        words: ``key=value`` or ``key=v1,v2,v3``.

    Raises:
        ConfigError: malformed, unknown, given twice, a value twice, or one that a sweep sets itself.

    >>> read_settings(["optim.lr=1e-2,1e-3", "evaluation.steps=[1,2]"])[0].values
    ('0.01', '0.001')
    """
    found: dict[str, Setting] = {}
    for word in words:
        key = ".".join(parse_override(word).keys)
        parts = split_values(word.partition("=")[2])
        if len(parts) > 1 and not all(parts):
            raise ConfigError(
                f"override '{word}': an empty value between commas. Several values are v1,v2; a list is one value: "
                "[v1,v2]"
            )
        if key in _OURS:
            raise ConfigError(f"override '{word}': {_OURS[key]}")
        if key in found:
            raise ConfigError(
                f"override '{word}': {key} is given twice; several values are {key}=v1,v2"
            )
        values = tuple(say(parse_override(f"{key}={part}").value) for part in parts)
        if len(set(values)) < len(values):
            raise ConfigError(f"override '{word}': a value is given twice")
        found[key] = Setting(key, values)
    return list(found.values())


def split_values(text: str) -> list[str]:
    """Cuts at commas that stand outside of brackets and quotes.

    >>> split_values("1,[2,3],dict(a=1, b=2),'x,y'")
    ['1', '[2,3]', 'dict(a=1, b=2)', "'x,y'"]
    """
    parts, open_, quote = [""], [], ""
    for letter in text:
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter in _CLOSING:
            open_.append(_CLOSING[letter])
        elif open_ and letter == open_[-1]:
            open_.pop()
        elif letter == "," and not open_:
            parts.append("")
            continue
        parts[-1] += letter
    return [part.strip() for part in parts]
