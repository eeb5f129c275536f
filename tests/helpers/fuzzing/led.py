"""A ``random.Random`` whose choices are read from bytes, which a coverage-guided fuzzer writes."""

from __future__ import annotations

from random import Random


class LedRandom(Random):
    """Takes its bits from the bytes, and zeros when they are used up.

    Args:
        data: the choices.
    """

    def __new__(cls, data: bytes) -> LedRandom:
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._left = data

    def getrandbits(self, k: int) -> int:
        """See ``Random``."""
        size = (k + 7) // 8
        taken, self._left = self._left[:size], self._left[size:]
        return int.from_bytes(taken, "little") % (1 << k)

    def randrange(self, start: int, stop: int | None = None, step: int = 1) -> int:
        """See ``Random``; without its second tries, which zeros would make endless."""
        low, high = (0, start) if stop is None else (start, stop)
        n = -(-(high - low) // step)
        if n <= 0:
            raise ValueError("empty range for randrange()")
        return low + step * (self.getrandbits(max(8, n.bit_length())) % n)

    def _randbelow(self, n: int) -> int:
        return self.randrange(n)
