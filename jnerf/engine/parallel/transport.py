"""Jittor's MPI as the engine uses it: numbers gathered, arrays added, bytes sent from the first to all.

Its operations of a graph (``Var.mpi_all_reduce``) run whenever Jittor computes, in an order that may differ between
processes, which then wait for one another for ever. So on the CPU only its immediate functions are used, on arrays that
are computed already; on CUDA its NCCL operation, each one awaited.
"""

from __future__ import annotations

from collections.abc import Sequence

import jittor as jt
import numpy as np
from numpy.typing import NDArray


class Transport:
    """What this process exchanges with the others. Every method must be called by all of them, in the same order.

    Attributes:
        rank: number of this process.
        size: how many there are.
    """

    def __init__(self) -> None:
        from jittor import compile_extern

        self._mpi = compile_extern.mpi
        self._on_device = compile_extern.nccl_ops is not None
        self.rank, self.size = int(self._mpi.world_rank()), int(self._mpi.world_size())

    def gather(self, numbers: Sequence[float]) -> NDArray[np.float64]:
        """The numbers of all processes, as many from each, exactly: float64 [N, K]."""
        table = np.zeros((self.size, len(numbers)))
        table[self.rank] = numbers
        for rank in range(self.size) if len(numbers) else ():
            self._mpi.broadcast(table[rank], rank)  # in place
        return table

    def gather_bytes(self, data: bytes) -> list[bytes]:
        """What each process has given."""
        sizes = self.gather([len(data)])[:, 0].astype(int)
        found = []
        for rank, size in enumerate(sizes):
            buffer = np.zeros(size, np.uint8)
            if rank == self.rank:
                buffer[:] = np.frombuffer(data, np.uint8)
            found.append(self._sent(buffer, rank).tobytes())
        return found

    def send(self, array: NDArray | None, shape: Sequence[int], dtype: np.dtype) -> NDArray:
        """An array of the first process, to all.

        Args:
            array: None where this is not the first.
            shape: known to all.
            dtype: known to all.
        """
        array = np.zeros(shape, dtype) if array is None else np.ascontiguousarray(array)
        flat = array.reshape(-1).view(np.uint8)
        return self._sent(flat, 0).view(array.dtype).reshape(shape)

    def union(self, words: NDArray[np.int32]) -> NDArray[np.int32]:
        """The bits that any process has set; as many words from each."""
        found = np.zeros_like(words)
        for rank in range(self.size):
            given = words.copy() if rank == self.rank else np.zeros_like(words)
            self._sent(given.view(np.uint8), rank)
            found |= given
        return found

    def _sent(self, buffer: NDArray[np.uint8], root: int) -> NDArray[np.uint8]:
        """Bytes of one process, in place; in pieces that MPI's int can count."""
        piece = 2**30
        for first in range(0, len(buffer), piece):
            self._mpi.broadcast(buffer[first : first + piece], root)
        return buffer

    def add(self, array: jt.Var) -> jt.Var:
        """The sum over all processes of a Var that is computed already; on the CPU in its own memory.

        Args:
            array: float32, of the same shape everywhere; not to be used afterwards.
        """
        if not jt.flags.use_cuda:
            self._mpi.var_all_reduce(array)
            return array
        if self._on_device:
            total = array.mpi_all_reduce("add")
            total.sync(True)
            return total
        host = array.numpy()
        with jt.flag_scope(use_cuda=0):
            staged = jt.array(host)
            staged.sync(True)
            self._mpi.var_all_reduce(staged)
            host = staged.numpy()
        return jt.array(host).stop_grad()
