"""Names of runs: folders that say what is in them, and stay the same when a sweep grows."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_LONGEST = 120  # letters of a name
_LONGEST_VALUE = 24


def run_name(method: str, scene: str, settings: Iterable[tuple[str, str]]) -> str:
    """A folder's name that depends on the run alone.

    Args:
        method: the config's name.
        scene: the scene's name.
        settings: the settings of which the sweep has several values: path, and this run's value as source text.

    >>> run_name("ngp_lego", "chair", [("optim.lr", "0.01"), ("seed", "2")])
    'ngp_lego-chair-optim.lr_0.01-seed_2'
    """
    parts = [_plain(method, _LONGEST), _plain(scene, _LONGEST)]
    parts += [f"{key}_{_plain(value, _LONGEST_VALUE)}" for key, value in settings]
    return _short("-".join(parts), _LONGEST)


def _plain(text: str, longest: int) -> str:
    """A text in letters that every file system and shell takes; where that loses something, with a digest."""
    bare = text.strip("\"'")
    plain = re.sub(r"[^\w.+-]+", "_", bare).strip("_.")
    return _short(plain, longest, text if plain != bare else "")


def _short(text: str, longest: int, whole: str = "") -> str:
    """A text that is not too long; a digest tells apart what is cut off, or was lost of ``whole``."""
    if len(text.encode()) <= longest and not whole:
        return text
    digest = hashlib.sha1((whole or text).encode()).hexdigest()[:6]
    kept = text.encode()[: longest - 7].decode(errors="ignore")
    return f"{kept}_{digest}" if kept else digest
