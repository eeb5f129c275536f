"""Small damages that know nothing of a format: of bytes, of words in lines, and of trees of json values.

All choices come from a ``random.Random``: a seeded one, Hypothesis' (which shrinks), or one that a coverage-guided
fuzzer drives.
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Callable
from random import Random
from typing import Any

#: Values that readers of numbers, words and lists trip over.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 0.5, -0.0, 3, 255, 65536, 2**31 - 1, 2**31, 2**63, -(2**63) - 1, 10**25, 10**400,
    10**400 + 1,
    1e-320, 1e-30, 1e19, 1e30, 1e154, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), "", " ", "0", "1.5",
    "nan", "train", "../..", "/", ".", "a/b.png", "\0", "\ud800", "ä", "x" * 300, "x" * 2000, "%s", "{}", [], {}, [[]],
    [None], [0], [1, 2, 3], [[1, 2], [3]], {"a": 1}, {"": []},
)  # fmt: skip
WORDS = (
    "", "0", "-1", "1", "2", "255", "-0", "1e308", "1e400", "1e-320", "nan", "inf", "-inf", "9223372036854775808",
    "-9223372036854775809", "4294967296", "1" * 400, "1" * 2000, "1_000", "0x10", "1.5", "#", "-", "e", "\0", "\ud800",
    "ä", "PINHOLE", "OPENCV", "RADIAL", "../x", "x" * 300, '"', "'", "[", "(", "{", "None", "True", "dict()", "²", "١",
    " " * 100, "1" * 5000,
)  # fmt: skip
_NUMBERS = (
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)
_FLOATS = (0.0, -1.0, 1e-320, 1e38, 1e308, float("nan"), float("inf"), float("-inf"))
#: Stands for lists in lists, far deeper than recursion survives; ``formats.dumped`` writes them.
DEEP = "\0deep"


def of_bytes(data: bytes, rng: Random) -> bytes:
    """One damage: bits, numbers, a piece missing, doubled, foreign or moved, or the end cut off."""
    found = bytearray(data)
    at = rng.randrange(len(found) + 1)
    size = min(rng.choice((1, 1, 2, 4, 8, 16, 64, 1024)), len(found) - at)
    kind = rng.randrange(8)
    if kind == 0 and size:
        found[min(at, len(found) - 1)] ^= 1 << rng.randrange(8)
    elif kind == 1:
        found[at : at + size] = bytes(rng.randrange(256) for _ in range(min(size, 16)))
    elif kind == 2:
        del found[at : at + size]
    elif kind == 3:
        found[at:at] = found[at : at + size] or b"\0"
    elif kind == 4:
        del found[at:]
    elif kind == 5:
        width, order = rng.choice((1, 2, 4, 8)), rng.choice(("little", "big"))
        number = rng.choice(_NUMBERS) % 256**width
        found[at : at + width] = number.to_bytes(width, order)
    elif kind == 6:
        found[at : at + 8] = struct.pack(rng.choice("<>") + "d", rng.choice(_FLOATS))
    else:
        there = rng.randrange(len(found) + 1)
        found[there:there] = found[at : at + size]
    return bytes(found)


def of_words(text: str, rng: Random) -> str:
    """One damage to lines of words: a word or a line replaced, missing, doubled, moved or cut."""
    lines = text.split("\n")
    i = rng.randrange(len(lines))
    kind = rng.randrange(7)
    words = lines[i].split(" ")
    j = rng.randrange(len(words))
    if kind <= 1:
        words[j] = rng.choice(WORDS)
        lines[i] = " ".join(words)
    elif kind == 2:
        lines[i] = " ".join(words[:j] + words[j + 1 :])
    elif kind == 3:
        lines[i] = " ".join([*words[: j + 1], *words[j:]])
    elif kind == 4:
        del lines[i]
    elif kind == 5:
        lines.insert(i, lines[rng.randrange(len(lines))])
    else:
        lines[i] = lines[i][: rng.randrange(len(lines[i]) + 1)]
    return "\n".join(lines)


def of_tree(tree: Any, rng: Random) -> Any:
    """One damage to a tree of dicts and lists: a value replaced, changed in type or size, missing, doubled or moved."""
    tree = copy.deepcopy(tree)
    places = _places(tree)
    if not places or rng.randrange(40) == 0:
        return DEEP if rng.randrange(2) else rng.choice(VALUES)
    holder, key = rng.choice(places)
    kind = rng.randrange(8)
    if kind <= 2:
        holder[key] = rng.choice(VALUES)
    elif kind == 3:
        del holder[key]
    elif kind == 4:
        holder[key] = _other(holder[key], rng)
    elif kind == 5:
        other, place = rng.choice(places)
        holder[key] = copy.deepcopy(other[place])
    elif kind == 6 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif kind == 6:
        holder[rng.choice((key, key.upper(), key + "_", "frames", "format"))] = holder[key]
    else:
        holder[key] = [holder[key]] if rng.randrange(20) else DEEP
    return tree


def several(change: Callable[[Any, Random], Any], value: Any, rng: Random) -> Any:
    """A damage, often only one, else up to four."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        value = change(value, rng)
    return value


def _other(value: Any, rng: Random) -> Any:
    """A value of about the same kind."""
    if isinstance(value, bool) or value is None:
        return rng.choice((0, 1, "true", not value))
    if isinstance(value, (int, float)):
        if not abs(value) < 1e300:
            return rng.choice((0, "0"))
        return rng.choice((-value, value * 10, value / 1000, value + 1, str(value), int(value)))
    if isinstance(value, str):
        return rng.choice((value[:-1], value + value, value.upper(), value.replace("/", "\\"), 1))
    if isinstance(value, list):
        return rng.choice((value[:-1], value[1:], value[::-1], value + value, value * 50))
    return [[key, item] for key, item in value.items()]


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every entry of every dict and list, as holder and key."""
    found, left = [], [tree]
    while left:
        holder = left.pop()
        keys = (
            list(holder)
            if isinstance(holder, dict)
            else range(len(holder))
            if isinstance(holder, list)
            else ()
        )
        for key in keys:
            found.append((holder, key))
            left.append(holder[key])
    return found
